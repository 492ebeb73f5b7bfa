"""What a run comes to: figures, gates, comparisons and the manifest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.gates.gate_fields import ANCHOR, BASELINE
from pytest_safescale.results.manifest_facts import failed_tests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.analysis.comparisons import Comparison
    from pytest_safescale.analysis.metrics import Metric
    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.search_record import CounterexampleRow

__all__ = ["CHANGES_SINCE", "SCHEMA_VERSION", "Against", "Conclusion"]

SCHEMA_VERSION = 1
CHANGES_SINCE = {BASELINE: "changes", ANCHOR: "changes_since_anchor"}
"""Where ``analyses`` has what became of each item since an earlier run."""


class Against(NamedTuple):
    """A run and the comparison with an earlier one, as they stand in ``run.json``."""

    manifest: Manifest
    comparisons: Sequence[dict[str, Any]]
    """Those with that run."""
    changes: Sequence[dict[str, Any]]

    @classmethod
    def of(
        cls,
        manifest: Manifest,
        comparisons: Iterable[dict[str, Any]],
        analyses: Mapping[str, Any],
        called: str = BASELINE,
    ) -> Against:
        """Take what concerns the baseline, or the anchor, from the parts of a ``run.json``."""
        rows = [row for row in comparisons if row["kind"] == called]
        return cls(manifest, rows, analyses.get(CHANGES_SINCE[called]) or ())


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """The content of ``run.json``."""

    manifest: Manifest
    metrics: Sequence[Metric]
    gates: Sequence[GateResult] = ()
    comparisons: Sequence[Comparison] = ()
    analyses: Mapping[str, Any] = field(default_factory=dict)
    """Plain data by name: ensembles, concentration, mechanisms, scaling, robustness."""
    counterexamples: Sequence[CounterexampleRow] = ()
    """Counterexamples to robustness, the gravest first."""

    @property
    def notices(self) -> list[str]:
        """Sentences that stand wherever the figures appear."""
        return list(self.manifest.get("notices", ()))

    @property
    def reservations(self) -> list[str]:
        """Why what the gates say is no run verdict; empty where it is one, or there are none."""
        return list(self.manifest.get("reservations", ())) if self.gates else []

    def against(self, called: str = BASELINE) -> Against:
        """Return what the run is against its baseline, or anchor; empty where it has none."""
        return Against.of(self.manifest, map(vars, self.comparisons), self.analyses, called)

    def blocked(self) -> bool:
        """Say whether a gate, or another test, fails the run, or what it says is no run verdict."""
        failed = any(gate.blocks for gate in self.gates) or failed_tests(self.manifest) > 0
        return failed or bool(self.reservations)
