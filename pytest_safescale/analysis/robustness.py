"""Rates over searches for counterexamples: per family of edits, and over all of them.

One search puts the variants of one item, under one condition and for one relation, to one model.
Variants of an item are alike, so they are never cases of their own: a search is one case, an event
where any of its variants is one. Over all families the case is the item, an event where any of its
searches is one. So the cases of a row are different items, and exact bounds hold.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.cluster_facts import cluster_facts
from pytest_safescale.analysis.metric_table import METRICS
from pytest_safescale.analysis.metrics import EXCESS_FLIPS, SINGLE, Metric
from pytest_safescale.analysis.panel_arrays import cluster_codes
from pytest_safescale.analysis.search_counts import REPEAT, with_controls
from pytest_safescale.analysis.search_events import (
    FLIPS,
    POOLED_OVER,
    REPEAT_FLIPS,
    SEARCH_RATES,
    searched_item,
)
from pytest_safescale.statistics.clusters import DIFFERENCE_ENDS, RATE_ENDS, at_effective_size
from pytest_safescale.statistics.intervals import SEED, bootstrap, exact_interval
from pytest_safescale.statistics.paired import TANGO, tango_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.search_counts import SearchCounts
    from pytest_safescale.statistics.arrays import Numbers
    from pytest_safescale.statistics.intervals import Resampled

    Cell = tuple[str, str]
    Codes = NDArray[np.int64] | None

__all__ = ["robustness_metrics", "robustness_table"]


@dataclass(frozen=True, kw_only=True)
class _Rate:
    """A rate before its intervals: every item's event, and which items are cases."""

    cell: Cell
    metric: str
    family: str
    events: NDArray[np.bool_]
    over: NDArray[np.bool_]


def robustness_metrics(
    searches: Sequence[SearchCounts],
    *,
    labelled: bool = True,
    clusters: Mapping[str, str] = MappingProxyType({}),
    seed: int = SEED,
) -> list[Metric]:
    """Return the rates by model, condition and family, first over all families (``""``).

    ``searches`` are records of searches (``robustness.jsonl``), each pair of case and relation
    once. Without labels the rates that need them are over no case. ``clusters`` names that of each
    item, where items share one.
    """
    controlled = with_controls(searches)
    items = sorted({record["item_id"] for record in controlled})
    codes = cluster_codes([clusters.get(name, "") for name in items])
    rates = _all_rates(controlled, items, labelled)
    of_calls = [
        row
        for cell, families in _by_cell(searches).items()
        for row in (*_all_errors(cell, families), *_instability(cell, families.get(REPEAT, ())))
    ]
    return [*_excess(rates, codes), *_rate_metrics(rates, codes, seed), *of_calls]


def _all_rates(
    searches: Sequence[SearchCounts], items: Sequence[str], labelled: bool
) -> list[_Rate]:
    places = {name: place for place, name in enumerate(items)}
    return [
        rate if labelled else _without_labels(rate)
        for cell, families in _by_cell(searches).items()
        for family, records in _with_all(families).items()
        for rate in _rates(cell, family, records, places)
    ]


def _with_all(families: Mapping[str, list[SearchCounts]]) -> dict[str, list[SearchCounts]]:
    """Return the searches by family, and first all of them under ``""``."""
    return {"": [record for records in families.values() for record in records], **families}


def robustness_table(searches: Iterable[SearchCounts]) -> list[dict[str, Any]]:
    """Return what was tried, by model, condition and family: counts of searches and variants."""
    rows = []
    for (model, condition), families in _by_cell(searches).items():
        for family, records in families.items():
            rows.append(
                {
                    "model": model,
                    "condition": condition,
                    "family": family,
                    "searches": sum(record["lack"] is None for record in records),
                    "not_applicable": dict(
                        Counter(record["lack"] for record in records if record["lack"])
                    ),
                    "counterexamples": sum(bool(record["findings"]) for record in records),
                    "variants": {
                        "tried": sum(record["tried"] for record in records),
                        "errors": sum(record["errors"] for record in records),
                        "broken": sum(record["broken"] for record in records),
                        "flips": sum(record["flips"] or 0 for record in records),
                        "high_risk_flips": sum(
                            record["high_risk_flips"] or 0 for record in records
                        ),
                        "followed": sum(record["followed"] or 0 for record in records),
                    },
                }
            )
    return rows


def _place(record: SearchCounts) -> tuple[str, str, str, str]:
    return record["model"], record["condition"], record["relation"], record["item_id"]


def _by_cell(searches: Iterable[SearchCounts]) -> dict[Cell, dict[str, list[SearchCounts]]]:
    cells: defaultdict[Cell, dict[str, list[SearchCounts]]] = defaultdict(dict)
    # In an order that does not depend on which worker was done first.
    for record in sorted(searches, key=_place):
        families = cells[record["model"], record["condition"]]
        families.setdefault(record["relation"], []).append(record)
    return cells


def _rates(
    cell: Cell, family: str, records: Sequence[SearchCounts], places: Mapping[str, int]
) -> list[_Rate]:
    made = []
    for metric in SEARCH_RATES:
        needed = POOLED_OVER.get(metric) if not family else None
        events, over = np.zeros(len(places), dtype=bool), np.zeros(len(places), dtype=bool)
        for record in records:
            found = searched_item(record["item_id"], record, metric)
            if found is not None and found.counted and (not needed or record[needed]):
                place = places[found.id]
                over[place] = True
                events[place] |= found.event
        if over.any():
            made.append(_Rate(cell=cell, metric=metric, family=family, events=events, over=over))
    return made


def _without_labels(rate: _Rate) -> _Rate:
    if not METRICS[rate.metric].needs_labels:
        return rate
    none = np.zeros_like(rate.over)
    return _Rate(cell=rate.cell, metric=rate.metric, family=rate.family, events=none, over=none)


def _rate_metrics(rates: Sequence[_Rate], codes: Codes, seed: int) -> list[Metric]:
    if not rates:
        return []
    over = np.array([rate.over for rate in rates])
    events = np.array([rate.events for rate in rates], dtype=np.float64)
    found = bootstrap(events, over, codes=codes, seed=seed)
    return [_row(rate, codes, found, place) for place, rate in enumerate(rates)]


def _row(rate: _Rate, codes: Codes, found: Resampled, place: int) -> Metric:
    n, count = int(rate.over.sum()), int((rate.over & rate.events).sum())
    more: dict[str, Any] = {}
    if n:
        low, high = found.ends(place)
        facts = _facts(rate.events, rate.over, codes)
        exact = exact_interval(*at_effective_size(count, n, facts.get("effective_n", n)))
        more = {
            **facts,
            "ci_low": exact.low,
            "ci_high": exact.high,
            "ci_method": exact.method,
            "bootstrap_low": low,
            "bootstrap_high": high,
            "std": float(found.std[place]),
            "count": count,
        }
    return _metric(rate.cell, rate.metric, rate.family, count / n if n else None, n, **more)


def _facts(
    values: Numbers, over: NDArray[np.bool_], codes: Codes, ends: Sequence[float] = RATE_ENDS
) -> dict[str, Any]:
    """Return what is known of clusters, as fields of a row; nothing without them."""
    return {} if codes is None else cluster_facts(values, over, codes, ends)._asdict()


def _excess(rates: Sequence[_Rate], codes: Codes) -> Iterable[Metric]:
    """Give by how much more items flip under edits than under as many repeats."""
    by_place = {(rate.cell, rate.family, rate.metric): rate for rate in rates}
    for rate in rates:
        control = by_place.get((rate.cell, rate.family, REPEAT_FLIPS))
        if rate.metric != FLIPS or control is None:
            continue
        both = rate.over & control.over
        more = int((both & rate.events & ~control.events).sum())
        less = int((both & ~rate.events & control.events).sum())
        if n := int(both.sum()):
            moved = rate.events.astype(np.int8) - control.events
            facts = _facts(moved, both, codes, DIFFERENCE_ENDS)
            scale = facts.get("effective_n", n) / n
            low, high = tango_interval(more * scale, less * scale, n * scale)
            yield _metric(
                rate.cell,
                EXCESS_FLIPS,
                rate.family,
                (more - less) / n,
                n,
                ci_low=float(low),
                ci_high=float(high),
                ci_method=TANGO,
                **facts,
            )


def _instability(cell: Cell, controls: Iterable[SearchCounts]) -> Iterable[Metric]:
    """Give the share of repeats that differ, over all families and beside each."""
    flips, tried = Counter[str](), Counter[str]()
    for record in controls:
        for family, counts in record.get("repeats", {}).items():
            for name in ("", family):
                flips[name] += counts["flips"]
                tried[name] += counts["tried"]
    for family, n in tried.items():
        if n:
            yield _metric(cell, "call_instability", family, flips[family] / n, n)


def _all_errors(cell: Cell, families: Mapping[str, list[SearchCounts]]) -> Iterable[Metric]:
    edited = {family: records for family, records in families.items() if family != REPEAT}
    for family, records in {**_with_all(edited), REPEAT: families.get(REPEAT, ())}.items():
        yield from _errors(cell, family, records)


def _errors(cell: Cell, family: str, records: Sequence[SearchCounts]) -> list[Metric]:
    errors = sum(record["errors"] for record in records)
    asked = errors + sum(record["tried"] for record in records)
    return [_metric(cell, "variant_error_rate", family, errors / asked, asked)] if asked else []


def _metric(
    cell: Cell, metric: str, family: str, value: float | None, n: int, **more: Any
) -> Metric:
    model, condition = cell
    return Metric(
        model=model,
        condition=condition,
        regime=SINGLE,
        metric=metric,
        value=value,
        n=n,
        family=family,
        **more,
    )
