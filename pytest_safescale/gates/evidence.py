"""All that gates are judged by, in one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_safescale.scoring.cases import judge_samples
from pytest_safescale.scoring.columns import case_figures
from pytest_safescale.scoring.intervals import SEED
from pytest_safescale.scoring.metrics import ENSEMBLE, METRICS
from pytest_safescale.scoring.shared import shared_items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from pytest_safescale.gates.coverage import Coverage
    from pytest_safescale.scoring.columns import CaseFigures
    from pytest_safescale.scoring.metrics import Metric, MetricSpec
    from pytest_safescale.scoring.panel import Panel

__all__ = ["Answers", "EarlierRun", "Evidence"]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """A panel, and what is true of each of its cases once that is asked for."""

    panel: Panel

    @cached_property
    def figures(self) -> CaseFigures:
        """Every metric over all cases."""
        return case_figures(self.panel)

    @cached_property
    def agreement(self) -> NDArray[Any]:
        """(models, conditions, items) share of the ballot given most often."""
        return judge_samples(self.panel).agreement

    def place(self, cell: tuple[str, str]) -> tuple[int, int] | None:
        """Return where a (model, condition) stands; ``None`` where it is no part of the panel."""
        model, condition = cell
        if model not in self.panel.models or condition not in self.panel.conditions:
            return None
        return self.panel.models.index(model), self.panel.conditions.index(condition)


@dataclass(frozen=True, kw_only=True)
class EarlierRun:
    """The run that gates against the baseline hold this one against."""

    panel: Panel
    twins: Mapping[str, str]
    """Which of its models each model of this run is compared with."""
    adaptive: bool = False
    """Whether its samples were drawn adaptively."""

    @cached_property
    def answers(self) -> Answers:
        """Its answers, judged at first use."""
        return Answers(panel=self.panel)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a run measured, and what it is compared with."""

    metrics: Sequence[Metric]
    """The figures, of ensembles and robustness suites too."""
    coverage: Coverage
    panel: Panel | None = None
    """The cases behind the figures; without them a gate on single items cannot be decided."""
    baseline: EarlierRun | None = None
    ensembles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The members of each ensemble, by its name."""
    searched: Mapping[tuple[str, str, str, str], Mapping[str, bool]] = field(default_factory=dict)
    """Which items an edit changed, by (model, condition, metric, family) and item id."""
    specs: Mapping[str, MetricSpec] = field(default_factory=lambda: METRICS)
    """Every metric of the run, by name."""
    seed: int = SEED
    holm: bool = False
    """Whether the gates with confidence are held family-wise, by Holm's method."""

    @cached_property
    def answers(self) -> Answers | None:
        """The run's answers, judged at first use."""
        return None if self.panel is None else Answers(panel=self.panel)

    def asked(self, cell: tuple[str, str]) -> list[tuple[str, str]]:
        """Return the cells whose cases a (model, condition) rests on: of a vote, its members'."""
        model, condition = cell
        members = self.ensembles.get(model.removeprefix(ENSEMBLE), ())
        return [(name, condition) for name in members] if model.startswith(ENSEMBLE) else [cell]

    @cached_property
    def shared(self) -> frozenset[str]:
        """The items that the baseline has, as they are now."""
        if self.panel is None or self.baseline is None:
            return frozenset()
        return frozenset(shared_items(self.panel.items, self.baseline.panel.items).ids)

    @cached_property
    def by_key(self) -> Mapping[tuple[str, str, str, str, str], Metric]:
        """The figures by what tells them apart."""
        return {row.key: row for row in self.metrics}
