"""What a run comes to: its records gathered, its figures, gates and manifest."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_safescale.report.changes import Against
from pytest_safescale.report.robustness import SearchBook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.scoring.metrics import Metric
    from pytest_safescale.scoring.paired import Comparison

__all__ = ["SCHEMA_VERSION", "Conclusion", "RecordBook"]

SCHEMA_VERSION = 1

_KEPT = (
    "model",
    "condition",
    "item_id",
    "nature",
    "truth",
    "options",
    "labels",
    "subspecialty",
    "outcome",
    "findings",
    "error",
    "samples_error",
)


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """The content of ``run.json``."""

    manifest: Mapping[str, Any]
    metrics: Sequence[Metric]
    gates: Sequence[GateResult] = ()
    comparisons: Sequence[Comparison] = ()
    analyses: Mapping[str, Any] = field(default_factory=dict)
    """Plain data by name: ensembles, concentration, mechanisms, scaling, robustness."""
    findings: Sequence[Mapping[str, Any]] = ()
    """Counterexamples to robustness, the gravest first."""

    @property
    def notices(self) -> list[str]:
        """Sentences that stand wherever the figures appear."""
        return list(self.manifest.get("notices", ()))

    def against(self) -> Against:
        """Return what the run is against its baseline; empty where it has none."""
        return Against.of(self.manifest, map(vars, self.comparisons), self.analyses)

    def blocked(self) -> bool:
        """Say whether a gate fails the run."""
        return any(gate.blocks for gate in self.gates)


@dataclass(kw_only=True)
class RecordBook:
    """The records of a run as they come in; long texts stay in the file they are written to."""

    records: list[dict[str, Any]] = field(default_factory=list)
    """One per case, without replies, evidence and question."""
    recorded: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Cases by (model, condition)."""
    served: defaultdict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    """The names and fingerprints each model answered under."""
    searches: SearchBook = field(default_factory=SearchBook)
    """Cases that were put to relations."""
    checks: list[dict[str, str]] = field(default_factory=list)
    """What the controls showed of the gates, where they were tried."""
    _seen: set[tuple[str, str, str]] = field(default_factory=set)
    _calls: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, record: Mapping[str, Any]) -> bool:
        """Take a case in; ``False`` where it is there already, from another test."""
        key = (record["model"], record["condition"], record["item_id"])
        if key in self._seen:
            return False
        self._seen.add(key)
        self.recorded[key[:2]] += 1
        self.records.append(_light(record))
        for call in record["calls"]:
            self._calls.setdefault(call["key"], call)
            self.served[record["model"]].update((name, mark) for name, mark in call["served"])
        return True

    @property
    def errors(self) -> int:
        """Cases without a single answer."""
        return sum(record["error"] is not None for record in self.records)

    def served_as(self, model: str) -> list[dict[str, str]]:
        """Return the names and fingerprints a model answered under."""
        return [{"model": name, "fingerprint": mark} for name, mark in sorted(self.served[model])]

    def behind_figures(self) -> dict[str, float]:
        """Return what the replies behind the figures cost, whichever run they were made in."""
        calls = self._calls.values()
        return {
            name: sum(call[name] for call in calls) + self.searches.spent(name)
            for name in ("replies", "prompt_tokens", "completion_tokens", "money")
        }


def _light(record: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: record[name] for name in _KEPT}
    greedy, samples = record["greedy"], record["samples"]
    kept["greedy"] = greedy and {name: greedy[name] for name in ("letter", "latency_s")}
    kept["samples"] = samples and {"letters": samples["letters"]}
    kept["custom"] = record.get("custom")
    kept["item_sha256"] = record.get("item_sha256")
    kept["trace"] = [{"letter": step["letter"]} for step in record["trace"]]
    return kept
