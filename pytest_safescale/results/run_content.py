"""The content of ``run.json`` as plain data: manifest, figures, gates, comparisons, analyses."""

from __future__ import annotations

from typing import Any

from typing_extensions import NotRequired, TypedDict

from pytest_safescale.results.manifest import Manifest  # noqa: TC001  # pydantic reads it
from pytest_safescale.results.search_record import CounterexampleRow  # noqa: TC001  # and this

__all__ = ["ComparisonRow", "FigureRow", "GateRow", "KnownFigure", "RunContent"]


class _OfFigure(TypedDict):
    model: str
    condition: str
    regime: str
    metric: str
    n: int
    ci_low: float | None
    ci_high: float | None
    ci_method: str | None
    ci_reason: NotRequired[str | None]
    bootstrap_low: NotRequired[float | None]
    bootstrap_high: NotRequired[float | None]
    consistency_low: NotRequired[float | None]
    consistency_high: NotRequired[float | None]
    std: float | None
    count: int | None
    clusters: NotRequired[int | None]
    icc: NotRequired[float | None]
    effective_n: NotRequired[float | None]
    comparable: NotRequired[bool]
    profile: NotRequired[str]
    """The prompt profile, in the file of a run with others than the plain one."""
    family: NotRequired[str]


class FigureRow(_OfFigure):
    """A figure: the fields of ``Metric``, which says what they mean."""

    value: float | None


class KnownFigure(_OfFigure):
    """A figure that is over some cases."""

    value: float


class SubgroupRow(TypedDict, total=False):
    """What a gate with ``by`` says of a subgroup: ``SubgroupResult`` says what the fields mean."""

    name: str
    n: int
    value: float | None
    bound: float | None
    clusters: int | None
    effective_n: float | None
    p_holm: float | None
    outcome: str
    too_few: bool


class GateRow(TypedDict, total=False):
    """What a gate says of a cell: ``GateResult``, which says what the figures mean."""

    id: str
    name: str
    form: str
    metric: str
    model: str
    condition: str
    profile: str
    """The prompt profile, in the file of a run with others than the plain one."""
    regime: str
    family: str
    rule: str
    """What the gate asks for, in words."""
    labels: str | None
    """The rule by which labels are made of raters' votes, where the gate states one."""
    threshold: float | None
    confidence: float | None
    looks: int | None
    """How many attempts under the lock share the chance to pass wrongly."""
    sequential: str | None
    """``anytime`` where the bound holds at any item at which one stops."""
    value: float | None
    bound: float | None
    worst_value: float | None
    worst_bound: float | None
    best_value: float | None
    n: int
    clusters: int | None
    effective_n: float | None
    answered: int | None
    wanted: int
    missing: int
    missing_by_reason: dict[str, int]
    missing_items: list[str]
    tipping_point: int | None
    p_value: float | None
    p_holm: float | None
    outcome: str
    """A value of ``Decision``."""
    blocks: bool
    flips: float | None
    """Its instability."""
    repeat_pass: NotRequired[float | None]
    posterior: NotRequired[float | None]
    items_needed: int | None
    items: list[str]
    not_asked: int
    by: str | None
    """What parts the items into subgroups, where the gate holds each."""
    subgroup: str
    """The worst of them, whose the value is."""
    subgroups: list[SubgroupRow]
    sentence: str


class ComparisonRow(TypedDict):
    """A paired comparison: the fields of ``Comparison``, which says what they mean."""

    kind: str
    model: str
    regime: str
    metric: str
    left: str
    right: str
    delta: float
    ci_low: float
    ci_high: float
    ci_method: NotRequired[str]
    bootstrap_low: NotRequired[float]
    bootstrap_high: NotRequired[float]
    b: int
    c: int
    p_value: float
    p_holm: float | None
    n: int
    clusters: NotRequired[int | None]
    icc: NotRequired[float | None]
    effective_n: NotRequired[float | None]
    condition: NotRequired[str | None]
    profile: NotRequired[str]
    """The prompt profile of both sides, or of the left where profiles are compared."""


class RunContent(TypedDict):
    """The content of ``run.json``."""

    verdict: NotRequired[str]
    """The run verdict, in one line."""
    schema_version: NotRequired[int]
    manifest: Manifest
    metrics: NotRequired[list[FigureRow]]
    gates: NotRequired[list[GateRow]]
    comparisons: NotRequired[list[ComparisonRow]]
    analyses: NotRequired[dict[str, Any]]
    """Plain data by name."""
    findings: NotRequired[list[CounterexampleRow]]
    """Counterexamples to robustness, the gravest first."""
