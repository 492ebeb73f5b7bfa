"""All that gates are judged by, in one value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.completion_ranges import CellSpans
from pytest_safescale.analysis.judged_cases import judge_samples
from pytest_safescale.analysis.metric_columns import panel_columns
from pytest_safescale.analysis.metric_table import METRICS
from pytest_safescale.analysis.metrics import ENSEMBLE
from pytest_safescale.analysis.searched_items import Searches
from pytest_safescale.analysis.shared_items import shared_items
from pytest_safescale.dataset.votes import MAJORITY
from pytest_safescale.statistics.intervals import SEED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_safescale.analysis.judged_cases import Sampled
    from pytest_safescale.analysis.metric_columns import PanelColumns
    from pytest_safescale.analysis.metrics import Metric, MetricSpec
    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.dataset.votes import LabelRule
    from pytest_safescale.gates.completeness import Completeness
    from pytest_safescale.gates.confirmation import Repeat

__all__ = ["Answers", "EarlierRun", "GateInputs"]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """A panel, and what is true of each of its cases once that is asked for."""

    panel: Panel

    @cached_property
    def columns(self) -> PanelColumns:
        """Every metric over all cases."""
        return panel_columns(self.panel)

    @cached_property
    def sampled(self) -> Sampled:
        """What the samples of every case say."""
        return judge_samples(self.panel)

    @cached_property
    def _spans(self) -> dict[tuple[int, int], CellSpans]:
        return {}

    def spans(self, at: tuple[int, int]) -> CellSpans:
        """Return what the cases of a cell can add to each metric; ``at`` is its place."""
        return self._spans.setdefault(at, CellSpans(self.panel, at))

    def wanted(self, cell: tuple[str, str]) -> dict[str, int]:
        """Return how many samples each case of a cell was to have, by item, where it is known."""
        at = self.place(cell)
        if at is None:
            return {}
        panel = self.panel
        known = panel.exists[at] & (panel.wanted[at] > 0)
        return {
            panel.items[place].id: int(panel.wanted[at][place]) for place in np.flatnonzero(known)
        }

    def place(self, cell: tuple[str, str]) -> tuple[int, int] | None:
        """Return where a (model, condition) stands; ``None`` where it is no part of the panel."""
        model, condition = cell
        if model not in self.panel.models or condition not in self.panel.conditions:
            return None
        return self.panel.models.index(model), self.panel.conditions.index(condition)


@dataclass(frozen=True, kw_only=True)
class EarlierRun:
    """A run that gates hold this one against."""

    panel: Panel
    matched_models: Mapping[str, str]
    """Which of its models each model of this run is compared with."""
    adaptive: bool = False
    """Whether its samples were drawn adaptively."""

    @cached_property
    def answers(self) -> Answers:
        """Its answers, judged at first use."""
        return Answers(panel=self.panel)


@dataclass(frozen=True, kw_only=True)
class GateInputs:
    """What a run measured, and what it is compared with."""

    metrics: Sequence[Metric]
    """The figures, of ensembles and robustness suites too."""
    completeness: Completeness
    panel: Panel | None = None
    """The cases behind the figures; without them a gate on single items cannot be decided."""
    earlier: Mapping[str, EarlierRun] = field(default_factory=dict)
    """The runs that this one is held against, by ``baseline`` and ``anchor``."""
    ensembles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The members of each ensemble, by its name."""
    searches: Searches = field(default_factory=Searches)
    """Which items an edit changed, by (model, condition, metric, family) and item id."""
    specs: Mapping[str, MetricSpec] = field(default_factory=lambda: METRICS)
    """Every metric of the run, by name."""
    seed: int = SEED
    label_rule: LabelRule = MAJORITY
    """The rule that made the labels of votes, where there are votes."""
    measure: Callable[[Panel], Sequence[Metric]] | None = None
    """Takes the figures of the same answers under other labels."""
    repeats: Mapping[tuple[str, str], Mapping[str, Sequence[Repeat]]] = field(default_factory=dict)
    """What cases with new findings were answered with when asked again, by cell and item id."""
    holm: bool = False
    """Whether the gates with confidence are held family-wise, by Holm's method."""

    @cached_property
    def answers(self) -> Answers | None:
        """The run's answers, judged at first use."""
        return None if self.panel is None else Answers(panel=self.panel)

    @cached_property
    def _by_rule(self) -> dict[LabelRule, GateInputs]:
        return {}

    def under(self, rule: LabelRule | None) -> GateInputs:
        """Return the same answers, those of earlier runs too, with labels made by this rule."""
        if rule in (None, self.label_rule) or self.panel is None or not self.panel.voted:
            return self
        if rule not in self._by_rule:
            panel = self.panel.labelled_by(rule)
            earlier = {
                name: replace(run, panel=run.panel.labelled_by(rule))
                for name, run in self.earlier.items()
            }
            self._by_rule[rule] = replace(
                self,
                panel=panel,
                metrics=self.metrics if self.measure is None else self.measure(panel),
                earlier=earlier,
                label_rule=rule,
            )
        return self._by_rule[rule]

    def asked(self, cell: tuple[str, str]) -> list[tuple[str, str]]:
        """Return the cells whose cases a (model, condition) rests on: of a vote, its members'."""
        model, condition = cell
        members = self.ensembles.get(model.removeprefix(ENSEMBLE), ())
        return [(name, condition) for name in members] if model.startswith(ENSEMBLE) else [cell]

    @cached_property
    def shared(self) -> Mapping[str, frozenset[str]]:
        """The items that each earlier run has, as they are now."""
        items = () if self.panel is None else self.panel.items
        return {
            name: frozenset(shared_items(items, run.panel.items).ids)
            for name, run in self.earlier.items()
        }

    @cached_property
    def cluster_of(self) -> Mapping[str, str]:
        """The cluster of each item by its id; empty where no two items share one."""
        if self.panel is None or self.panel.clusters is None:
            return {}
        return {item.id: item.cluster for item in self.panel.items}

    def subgroup_of(self, field: str) -> Mapping[str, str]:
        """Return the subgroup of each item by its id; empty without cases."""
        items = () if self.panel is None else self.panel.items
        return {item.id: item.subgroup(field) for item in items}

    @cached_property
    def by_key(self) -> Mapping[tuple[str, str, str, str, str], Metric]:
        """The figures by what tells them apart."""
        return {row.key: row for row in self.metrics}
