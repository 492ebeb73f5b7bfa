"""Metrics of the user's own: a function of a case, taken into the figures like any other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

from pytest_safescale.analysis.metric_table import METRICS, is_rate
from pytest_safescale.analysis.metrics import SELF_CONSISTENCY, SINGLE, MetricSpec
from pytest_safescale.dataset.raw_record import shown
from pytest_safescale.errors import MetricError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Value = bool | float | None

__all__ = [
    "CaseMetric",
    "CustomMetricRow",
    "PresumedSpecs",
    "checked_metrics",
    "custom_values",
    "specs_in",
    "specs_with",
]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_REGIMES = (SINGLE, SELF_CONSISTENCY)


class CustomMetricRow(TypedDict):
    """What a manifest says of a metric of the user's own."""

    name: str
    definition: str
    regime: str
    """The decoding mode."""
    higher_is_better: bool | None


@dataclass(frozen=True, kw_only=True)
class CaseMetric:
    """A metric of the user's own, as ``pytest_safescale_metrics`` returns it."""

    name: str
    """Lower-case words joined by ``_``. One that ends in ``_rate`` is a rate of cases."""
    definition: str
    """One sentence; stands in the report."""
    value: Callable[[Mapping[str, Any]], Value]
    """Of a case's record, a line of ``cases.jsonl``. A rate's says True or False, any other's gives
    a number; ``None`` leaves the case out. Cases whose call failed are not shown to it."""
    regime: str = SINGLE
    """``single``, or ``self_consistency`` for a value of the samples."""
    higher_is_better: bool | None = False
    """``None`` where neither is."""

    @property
    def is_rate(self) -> bool:
        """Whether it is a share of cases, so that exact bounds exist."""
        return is_rate(self.name)

    def manifest(self) -> CustomMetricRow:
        """Return what the manifest says of it."""
        return {
            "name": self.name,
            "definition": self.definition,
            "regime": self.regime,
            "higher_is_better": self.higher_is_better,
        }


def checked_metrics(given: Iterable[object]) -> tuple[CaseMetric, ...]:
    """Return the metrics that hooks gave; raises MetricError for one that cannot be used."""
    metrics: dict[str, CaseMetric] = {}
    for metric in given:
        if not isinstance(metric, CaseMetric):
            raise MetricError(
                f"pytest_safescale_metrics: found {metric!r}; allowed: a list of CaseMetric"
            )
        _check(metric)
        if metric.name in METRICS or metric.name in metrics:
            whose = "built in" if metric.name in METRICS else "given twice"
            raise MetricError(f"metric {metric.name!r} is {whose}; allowed: a name of its own")
        metrics[metric.name] = metric
    return tuple(metrics.values())


def _check(metric: CaseMetric) -> None:
    if not isinstance(metric.name, str) or not _NAME.fullmatch(metric.name):
        raise MetricError(
            f"metric {metric.name!r}: allowed is a name of lower-case words joined by _"
        )
    if metric.regime not in _REGIMES:
        raise MetricError(
            f"metric {metric.name!r}, regime: found {metric.regime!r}; "
            f"allowed: {', '.join(_REGIMES)}"
        )
    if not callable(metric.value):
        raise MetricError(
            f"metric {metric.name!r}, value: found {metric.value!r}; allowed: a function of a case"
        )


def specs_with(metrics: Sequence[CaseMetric]) -> dict[str, MetricSpec]:
    """Return every metric that a gate can name, by name."""
    return specs_in({"custom_metrics": [metric.manifest() for metric in metrics]})


def specs_in(manifest: Mapping[str, Any]) -> dict[str, MetricSpec]:
    """Return the metrics that a gate on a run with this manifest can name."""
    return {
        **METRICS,
        **{
            metric["name"]: MetricSpec(
                definition=metric["definition"],
                regimes=(metric["regime"],),
                is_rate=is_rate(metric["name"]),
                is_share=is_rate(metric["name"]),
                higher_is_better=metric["higher_is_better"],
            )
            for metric in manifest.get("custom_metrics") or ()
        },
    }


class PresumedSpecs(Mapping[str, MetricSpec]):
    """The built-in metrics, and whatever else is named: where no conftest tells of the user's own.

    Whether such a metric is a rate its name tells; either decoding mode may be meant.
    """

    def __getitem__(self, name: str) -> MetricSpec:
        if name in METRICS:
            return METRICS[name]
        if not _NAME.fullmatch(name):
            raise KeyError(name)
        share = is_rate(name)
        return MetricSpec(definition="", regimes=_REGIMES, is_rate=share, is_share=share)

    def __iter__(self) -> Iterator[str]:
        return iter(METRICS)

    def __len__(self) -> int:
        return len(METRICS)


def custom_values(
    metrics: Sequence[CaseMetric], record: Mapping[str, Any]
) -> dict[str, dict[str, Value]]:
    """Return each metric's value of a case, by decoding mode and name; empty where its call failed.

    Raises MetricError, naming metric and case, where a function raises or gives what it may not.
    """
    # A function that changes what it is shown must not change what is recorded.
    copy = deepcopy(dict(record)) if metrics else {}
    values: dict[str, dict[str, Value]] = {}
    for metric in metrics:
        answers = "greedy" if metric.regime == SINGLE else "samples"
        if record[answers] is not None:
            values.setdefault(metric.regime, {})[metric.name] = _value(metric, copy)
    return values


def _value(metric: CaseMetric, record: Mapping[str, Any]) -> Value:
    where = (
        f"metric {metric.name!r}, case {record['model']}-{record['condition']}-{record['item_id']}"
    )
    try:
        value: object = metric.value(record)
    except Exception as error:
        raise MetricError(f"{where}: {type(error).__name__}: {error}") from error
    if value is None:
        return None
    if metric.is_rate:
        if isinstance(value, bool):
            return value
        allowed = "True, False or None, as its name ends in _rate"
    else:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value):
            return float(value)
        allowed = "a finite number or None, as its name does not end in _rate"
    raise MetricError(f"{where}: found {shown(value)}; allowed: {allowed}")
