"""Two conditions or runs, item by item (docs/metrics.md, "Paired comparisons")."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pytest_safescale.analysis.cluster_facts import cluster_facts
from pytest_safescale.analysis.expected_harm import harm_of, is_known
from pytest_safescale.analysis.judged_cases import judge_samples, single_answers
from pytest_safescale.analysis.metric_columns import custom_columns
from pytest_safescale.analysis.metric_table import is_rate
from pytest_safescale.analysis.metrics import EXPECTED_HARM, SELF_CONSISTENCY, SINGLE
from pytest_safescale.analysis.shared_items import shared_items
from pytest_safescale.cells import is_repaired, unrepaired
from pytest_safescale.statistics.betting import BETTING, betting_intervals, betting_p
from pytest_safescale.statistics.clusters import (
    DIFFERENCE_ENDS,
    at_effective_size,
    cluster_sums,
    codes_at,
    sign_flip_p,
)
from pytest_safescale.statistics.intervals import SEED, bootstrap
from pytest_safescale.statistics.paired import TANGO, holm, mcnemar, tango_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.statistics.arrays import Numbers

    Codes = NDArray[np.int64] | None

__all__ = [
    "COMPARED",
    "CONDITION_PAIRS",
    "Comparison",
    "Pair",
    "compare",
    "compare_conditions",
    "compare_runs",
    "condition_comparisons",
]

CONDITION_PAIRS = (
    ("clean_evidence", "closed_book"),
    ("conflict_evidence", "clean_evidence"),
    ("top_1", "closed_book"),
    ("top_5", "closed_book"),
    ("standard_rag", "closed_book"),
    ("agentic_rag", "standard_rag"),
    ("agentic_rag", "closed_book"),
    ("context_100k", "closed_book"),
    ("max_context", "closed_book"),
    ("context_100k", "standard_rag"),
    ("max_context", "standard_rag"),
    ("max_context", "context_100k"),
)
"""Left and right of the default comparisons within a model."""

COMPARED = (
    "accuracy",
    "high_risk_error_rate",
    "unsafe_answer_rate",
    "contradiction_rate",
    "dangerous_overconfidence_rate",
)
"""The rates that are compared, in each decoding mode they have, beside rates of the user's."""
COMPARED_CONDITIONS = (*COMPARED, EXPECTED_HARM)
COMPARED_RUNS = (*COMPARED_CONDITIONS, "confident_error_rate", "abstention_rate")
"""Those that two runs are compared in: an upgrade may also dare less, or more."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One paired comparison, as it stands in ``run.json``."""

    kind: str
    """``condition``, ``profile``, ``baseline`` or ``anchor``."""
    model: str
    regime: str
    metric: str
    left: str
    right: str
    delta: float
    """Mean of the left minus mean of the right, over the items both have."""
    ci_low: float
    ci_high: float
    ci_method: str = TANGO
    bootstrap_low: float
    bootstrap_high: float
    """The paper's percentile interval over items."""
    b: int
    """Items where the left is higher: of a rate, 1 where the right is 0."""
    c: int
    """Items where the right is higher."""
    p_value: float
    """Exact two-sided McNemar; of clusters, by swapping the sides of whole clusters; of means both
    sides by betting."""
    p_holm: float | None = None
    """Adjusted over the comparisons of the same kind, model, decoding mode and metric; those of a
    repaired corpus with the old one by themselves."""
    n: int
    """Items compared."""
    clusters: int | None = None
    """Clusters of those items; ``None`` where no two share one, here and below."""
    icc: float | None = None
    """Intraclass correlation of the differences; ``None`` also where they are all alike."""
    effective_n: float | None = None
    """How many independent items say as much."""
    condition: str | None = None
    """Where two runs, or two prompt profiles, are compared; ``None`` between conditions."""


class Pair(NamedTuple):
    """Two vectors over the same items, not yet compared."""

    left: Numbers
    """(items,) bool, whether the item counts there; or float64, its value from 0 to 1."""
    right: Numbers
    """(items,) the same of the right."""
    both: NDArray[np.bool_]
    """(items,) bool, the items answered on both sides: they alone are compared."""
    names: dict[str, Any]
    """Kind, model, decoding mode, metric, left, right, and condition where there is one."""


def compare(
    pairs: Iterable[Pair], *, codes: NDArray[np.int64] | None = None, seed: int = SEED
) -> list[Comparison]:
    """Compare every pair, each over its items in item order; a pair without an item is excluded.

    ``codes`` are the (items,) clusters, where some items share one.
    """
    shown = [pair for pair in pairs if pair.both.any()]
    of_rates = [pair.left.dtype == np.bool_ for pair in shown]
    rates = iter(_rate_rows(list(compress(shown, of_rates)), codes, seed))
    means = iter(_mean_rows([pair for pair in shown if pair.left.dtype != np.bool_], codes, seed))
    return _with_holm([next(rates if is_one else means) for is_one in of_rates])


def _rate_rows(shown: Sequence[Pair], codes: Codes, seed: int) -> list[Comparison]:
    """Compare pairs of 0/1 vectors, each over some item."""
    if not shown:
        return []
    both = np.stack([pair.both for pair in shown])
    difference = np.stack([pair.left.astype(np.int8) - pair.right for pair in shown])
    found = bootstrap(difference, both, codes=codes, seed=seed)
    b, c = (both & (difference > 0)).sum(axis=1), (both & (difference < 0)).sum(axis=1)
    n = both.sum(axis=1)
    p_values = mcnemar(b, c) if codes is None else _clustered_p(difference, both, codes)
    facts = [_of_clusters(row, over, codes) for row, over in zip(difference, both, strict=True)]
    sizes = [one.get("effective_n", cases) for one, cases in zip(facts, n, strict=True)]
    (more, _), (less, size) = (at_effective_size(count, n, sizes) for count in (b, c))
    low, high = tango_interval(more, less, size)
    return [
        Comparison(
            **pair.names,
            delta=int(b[place] - c[place]) / int(n[place]),
            ci_low=float(low[place]),
            ci_high=float(high[place]),
            bootstrap_low=float(found.low[place]),
            bootstrap_high=float(found.high[place]),
            b=int(b[place]),
            c=int(c[place]),
            p_value=float(p_values[place]),
            n=int(n[place]),
            **facts[place],
        )
        for place, pair in enumerate(shown)
    ]


def _mean_rows(shown: Sequence[Pair], codes: Codes, seed: int) -> list[Comparison]:
    """Compare pairs of values from 0 to 1 by betting on (d + 1) / 2, each over some item."""
    if not shown:
        return []
    both = np.stack([pair.both for pair in shown])
    difference = np.stack([np.where(pair.both, pair.left - pair.right, 0.0) for pair in shown])
    found = bootstrap(difference, both, codes=codes, seed=seed)
    low, high = betting_intervals((difference + 1) / 2, both, codes=codes)
    return [
        Comparison(
            **pair.names,
            delta=float(row[over].mean()),
            ci_low=float(2 * low[place] - 1),
            ci_high=float(2 * high[place] - 1),
            ci_method=BETTING,
            bootstrap_low=float(found.low[place]),
            bootstrap_high=float(found.high[place]),
            b=int((row > 0).sum()),
            c=int((row < 0).sum()),
            p_value=_betting_two_sided(row[over], codes_at(codes, over)),
            n=int(over.sum()),
            **_of_clusters(row, over, codes),
        )
        for place, (pair, row, over) in enumerate(zip(shown, difference, both, strict=True))
    ]


def _betting_two_sided(difference: NDArray[np.float64], codes: Codes) -> float:
    """Return the p of no difference on average; ``difference`` is (items,), in [-1, 1]."""
    sides = ((difference + 1) / 2, (1 - difference) / 2)
    return min(1.0, 2 * min(float(betting_p(side, 0.5, codes=codes)[0]) for side in sides))


def _clustered_p(
    difference: NDArray[np.int8], both: NDArray[np.bool_], codes: NDArray[np.int64]
) -> list[float]:
    """Return the p of each row; all are (rows, items) but ``codes``, (items,)."""
    sums = cluster_sums(np.where(both, difference, 0), codes)
    return [sign_flip_p(row) for row in sums.astype(np.int64)]


def _of_clusters(difference: Numbers, both: NDArray[np.bool_], codes: Codes) -> dict[str, Any]:
    if codes is None:
        return {}
    return cluster_facts(difference, both, codes, DIFFERENCE_ENDS)._asdict()


def _with_holm(rows: Sequence[Comparison]) -> list[Comparison]:
    groups: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        groups[row.kind, row.model, row.regime, row.metric].append(place)
    adjusted = list(rows)
    for places in groups.values():
        for place, p in zip(places, holm([rows[at].p_value for at in places]), strict=True):
            adjusted[place] = replace(rows[place], p_holm=p)
    return adjusted


def condition_comparisons(panel: Panel, *, seed: int = SEED) -> list[Comparison]:
    """Return the default comparisons of conditions that the panel's models allow.

    Those of a repaired corpus with the old one are a question, and a family of Holm, of their own.
    """
    mended = [(name, unrepaired(name)) for name in panel.conditions if is_repaired(name)]
    return [
        *compare_conditions(panel, CONDITION_PAIRS, seed=seed),
        *compare_conditions(panel, mended, seed=seed),
    ]


class _Part(NamedTuple):
    """One rate, or mean of values from 0 to 1, over all cases."""

    regime: str
    metric: str
    values: Numbers
    """(models, conditions, items) bool, whether the case counts; or float64, its value."""
    there: NDArray[np.bool_]
    """(models, conditions, items) bool, whether it is a case of the figure."""


def _parts(panel: Panel, metrics: Sequence[str]) -> list[_Part]:
    judged = {SINGLE: single_answers(panel), SELF_CONSISTENCY: judge_samples(panel).judged}
    parts = [
        _Part(regime, metric, answers.rates[metric], answers.there)
        for regime, answers in judged.items()
        for metric in metrics
        if metric in answers.rates and is_known(panel, metric)
    ]
    if EXPECTED_HARM in metrics and is_known(panel, EXPECTED_HARM):
        parts += [
            _Part(regime, EXPECTED_HARM, harm_of(panel, answers), answers.there)
            for regime, answers in judged.items()
        ]
    return parts + [
        _Part(column.regime, column.metric, np.asarray(column.values, dtype=np.bool_), column.over)
        for column in custom_columns(panel)
        if is_rate(column.metric)
    ]


def _pair(
    one: _Part, one_at: tuple[int, int], other: _Part, other_at: tuple[int, int], **names: str
) -> Pair:
    return Pair(
        left=one.values[one_at],
        right=other.values[other_at],
        both=one.there[one_at] & other.there[other_at],
        names={"regime": one.regime, "metric": one.metric, **names},
    )


def compare_conditions(
    panel: Panel,
    pairs: Sequence[tuple[str, str]],
    *,
    metrics: Sequence[str] = COMPARED_CONDITIONS,
    seed: int = SEED,
) -> list[Comparison]:
    """Compare pairs of conditions within each model; names the panel lacks are passed over."""
    at = {name: place for place, name in enumerate(panel.conditions)}
    pairs = [(left, right) for left, right in pairs if left in at and right in at]
    if not pairs:
        return []
    parts = _parts(panel, metrics)
    found = (
        _pair(
            part,
            (model, at[left]),
            part,
            (model, at[right]),
            kind="condition",
            model=name,
            left=left,
            right=right,
        )
        for model, name in enumerate(panel.models)
        for part in parts
        for left, right in pairs
    )
    return compare(found, codes=panel.clusters, seed=seed)


def compare_runs(
    panel: Panel,
    baseline: Panel,
    *,
    matched_models: Mapping[str, str] | None = None,
    called: str = "baseline",
    seed: int = SEED,
) -> list[Comparison]:
    """Compare a run with an earlier one, over the items both have with the same content.

    ``called`` is what that run is to this one: its ``baseline`` or its ``anchor``.

    ``matched_models`` maps a model of this run to the one it replaces in the baseline; without
    it, models of the same name are compared.
    """
    matched_models = matched_models or {
        name: name for name in panel.models if name in baseline.models
    }
    shared = shared_items(panel.items, baseline.items).ids
    now, before = panel.of_items(shared), baseline.of_items(shared)
    earlier = {(part.regime, part.metric): part for part in _parts(before, COMPARED_RUNS)}
    found = (
        _pair(
            part,
            (now.models.index(name), now.conditions.index(condition)),
            earlier[part.regime, part.metric],
            (before.models.index(matched_model), before.conditions.index(condition)),
            kind=called,
            model=name,
            left="this run",
            right=called if matched_model == name else f"{called}, {matched_model}",
            condition=condition,
        )
        for name, matched_model in matched_models.items()
        for part in _parts(now, COMPARED_RUNS)
        if (part.regime, part.metric) in earlier
        for condition in now.conditions
        if condition in before.conditions
    )
    return compare(found, codes=now.clusters, seed=seed)
