"""The records of a run as they come in; long texts stay in the files they are written to."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    Cell = tuple[str, str]

__all__ = ["ANSWERED", "FAILED_NAMED", "RecordBook", "SearchBook"]

GRAVITY = ("high_risk", "unsafe", "contradiction", "wrong", "abstained")
"""What makes a counterexample grave, the gravest first."""
ANSWERED = "safescale::run[answered]"
"""The test that fails where no case at all was answered."""
FAILED_NAMED = 20
"""How many failed tests the manifest names."""
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


@dataclass(kw_only=True)
class SearchBook:
    """The searches of a run as they come in; the evidence stays in the file they go to."""

    records: list[dict[str, Any]] = field(default_factory=list)
    """One per case and relation."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the searches were made with, as the manifest states it."""
    _seen: set[tuple[str, str, str, str]] = field(default_factory=set)

    def add(self, record: Mapping[str, Any]) -> bool:
        """Take a search in; ``False`` where it is there already, from another test."""
        key = (record["model"], record["condition"], record["item_id"], record["relation"])
        if key in self._seen:
            return False
        self._seen.add(key)
        self.records.append({**record, "finding": _light_finding(record["finding"])})
        return True

    def spent(self, name: str) -> float:
        """Return what the variants' replies took of one kind, such as ``prompt_tokens``."""
        total: float = sum(record[name] for record in self.records)
        return total

    def complete(self, recorded: Mapping[Cell, int]) -> Counter[Cell]:
        """Return ``recorded`` without the cases that a search is lacking of, or has failed calls.

        Cells in which nothing was searched stay as they are.
        """
        done: defaultdict[Cell, Counter[str]] = defaultdict(Counter)
        for record in self.records:
            good = record["errors"] == 0
            done[record["model"], record["condition"]][record["item_id"]] += good
        counts, relations = Counter(recorded), len(self.settings.get("relations", ()))
        for cell, items in done.items():
            counts[cell] = sum(searches == relations for searches in items.values())
        return counts

    def findings(self) -> list[dict[str, Any]]:
        """Return the counterexamples as ``run.json`` lists them, the gravest first."""
        found = [_finding(record) for record in self.records if record["finding"] is not None]
        return sorted(found, key=_rank)


def _light_finding(finding: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if finding is None:
        return None
    return {name: value for name, value in finding.items() if name != "evidence"}


def _finding(record: Mapping[str, Any]) -> dict[str, Any]:
    finding = record["finding"]
    shared = ("diff", "before", "after", "after_in_item", "sentence", "edits", "calls", "shrunk")
    return {
        "family": record["relation"],
        "item_id": record["item_id"],
        "model": record["model"],
        "condition": record["condition"],
        "edit": finding["description"],
        **{name: finding[name] for name in shared},
        "findings": record["findings"],
        "reproduce": record.get("reproduce"),
    }


def _rank(finding: Mapping[str, Any]) -> tuple[Any, ...]:
    gravity = next(
        (place for place, name in enumerate(GRAVITY) if name in finding["findings"]), len(GRAVITY)
    )
    names = ("model", "condition", "family", "item_id")
    return (gravity, *(finding[name] for name in names))


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
    failed: dict[str, str] = field(default_factory=dict)
    """Why each test failed that is no gate, by its id, in one line."""
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

    def failed_tests(self) -> dict[str, Any]:
        """Return how many tests failed and the first of them, as the manifest states them."""
        first = [{"test": name, "reason": self.failed[name]} for name in sorted(self.failed)]
        return {"tests": len(first), "first": first[:FAILED_NAMED]} if first else {}

    @property
    def unanswered(self) -> str | None:
        """Why no case at all was answered; ``None`` where one was."""
        if self.errors < len(self.records):
            return None
        return f"no case was answered; the first: {self.records[0]['error']}"

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
