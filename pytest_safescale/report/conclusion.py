"""What a run comes to: figures, gates, comparisons and the manifest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_safescale.report.changes import Against
from pytest_safescale.report.text import failed_tests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.scoring.metrics import Metric
    from pytest_safescale.scoring.paired import Comparison

__all__ = ["SCHEMA_VERSION", "Conclusion"]

SCHEMA_VERSION = 1


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
        """Say whether a gate, or another test, fails the run."""
        return any(gate.blocks for gate in self.gates) or failed_tests(self.manifest) > 0
