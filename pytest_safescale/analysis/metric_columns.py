"""Which cases each metric is taken over, and what each of them adds (docs/metrics.md)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.evidence_figures import evidence_values
from pytest_safescale.analysis.expected_harm import harm_of, is_known
from pytest_safescale.analysis.judged_cases import judge_answers, judge_samples, single_answers
from pytest_safescale.analysis.layer_figures import layer_values
from pytest_safescale.analysis.metric_table import is_rate
from pytest_safescale.analysis.metrics import (
    AGREEMENT_CALIBRATION,
    CALIBRATION_METRICS,
    CHANGE_METRICS,
    EXPECTED_HARM,
    OPTION_CALIBRATION_METRICS,
    SELF_CONSISTENCY,
    SINGLE,
)
from pytest_safescale.analysis.option_confidence import option_values
from pytest_safescale.analysis.panel import NULL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from pytest_safescale.analysis.judged_cases import Judged, Sampled
    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.statistics.arrays import Numbers

__all__ = [
    "Calibrated",
    "Column",
    "PanelColumns",
    "confidence_columns",
    "custom_columns",
    "latency_column",
    "panel_columns",
    "rate_columns",
    "without_unknown",
]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One metric over all cases; its figure in a cell is the mean over the cell's cases."""

    metric: str
    regime: str
    values: Numbers
    """(models, conditions, items) in units of the metric; bool of a rate, else float64."""
    over: NDArray[np.bool_]
    """(models, conditions, items) bool, which cases count."""
    spread: str = "resampled"
    """``resampled``, or of the cases: ``sample`` (divisor n - 1) or ``population``."""


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """What two calibration errors are made of: (models, conditions, items) throughout."""

    metrics: tuple[str, ...]
    """The names of the expected and of the maximum error, or of the debiased squared one."""
    regime: str
    confidence: NDArray[np.float64]
    """From 0 to 1."""
    correct: NDArray[np.bool_]
    """Whether the answer that it is a confidence in is right."""
    over: NDArray[np.bool_]
    """Which cases count."""

    @classmethod
    def of_samples(
        cls, confidence: NDArray[np.float64], correct: NDArray[np.bool_], over: NDArray[np.bool_]
    ) -> Calibrated:
        """Return what the errors of the samples' confidence are made of."""
        return cls(
            metrics=CALIBRATION_METRICS,
            regime=SELF_CONSISTENCY,
            confidence=confidence,
            correct=correct,
            over=over,
        )


@dataclass(frozen=True, kw_only=True)
class PanelColumns:
    """All that the figures of a panel are made of."""

    columns: tuple[Column, ...]
    samples: Calibrated
    """The confidence of the samples."""
    options: Calibrated | None = None
    """The confidence by option probabilities, where any were asked for."""
    agreement: Calibrated | None = None
    """The share of samples that agree with the majority; the released definitions have none."""

    @property
    def calibrated(self) -> tuple[Calibrated, ...]:
        """What has calibration errors."""
        return (self.samples,) if self.options is None else (self.samples, self.options)

    def column(self, metric: str, regime: str) -> Column:
        """Return the metric's column; KeyError where it has none."""
        for column in self.columns:
            if (column.metric, column.regime) == (metric, regime):
                return column
        raise KeyError((metric, regime))


def panel_columns(panel: Panel) -> PanelColumns:
    """Return what every metric is made of, by the definitions of part A."""
    single, sampled = single_answers(panel), judge_samples(panel)
    correct = sampled.judged.rates["accuracy"]
    columns = (
        *rate_columns(single, SINGLE),
        _harm_column(panel, single, SINGLE),
        latency_column(panel, single.there),
        *rate_columns(sampled.judged, SELF_CONSISTENCY),
        _harm_column(panel, sampled.judged, SELF_CONSISTENCY),
        *confidence_columns(sampled, correct),
        _brier_column(sampled, correct),
        *_option_columns(panel, single),
        *_further_columns(panel, single),
        *_change_columns(panel, single),
    )
    return PanelColumns(
        columns=(*without_unknown(panel, columns), *custom_columns(panel)),
        samples=Calibrated.of_samples(sampled.confidence, correct, sampled.judged.there),
        options=_option_calibration(panel, single),
        agreement=Calibrated(
            metrics=(AGREEMENT_CALIBRATION,),
            regime=SELF_CONSISTENCY,
            confidence=sampled.agreement,
            correct=correct,
            over=sampled.judged.there,
        ),
    )


def _harm_column(panel: Panel, judged: Judged, regime: str) -> Column:
    """Return the severity of each answer of a decoding mode."""
    values = harm_of(panel, judged)
    return Column(metric=EXPECTED_HARM, regime=regime, values=values, over=judged.there)


def _brier_column(sampled: Sampled, correct: NDArray[np.bool_]) -> Column:
    """Return the squared gaps of agreement and correctness of the cases with samples."""
    there = sampled.judged.there
    values = np.where(there, (sampled.agreement - correct) ** 2, 0.0)
    return Column(
        metric="agreement_brier_score", regime=SELF_CONSISTENCY, values=values, over=there
    )


def _change_columns(panel: Panel, single: Judged) -> Iterator[Column]:
    """Give what further turns changed, where there were any; an unreadable reply changes nothing.

    Definitions: docs/metrics.md, "Changed by a further turn".
    """
    several = panel.first >= NULL
    if not several.any():
        return
    first = judge_answers(panel, panel.first, there=several, asked=several)
    before, after = (
        answers.rates["high_risk_error_rate"] | answers.rates["unsafe_answer_rate"]
        for answers in (first, single)
    )
    over = single.there & several
    read = over & ~panel.unread & ~panel.first_unread
    changes = (before & ~after & read, ~before & after & read)
    for metric, values in zip(CHANGE_METRICS, changes, strict=True):
        yield Column(metric=metric, regime=SINGLE, values=values, over=over)


def _option_columns(panel: Panel, single: Judged) -> Iterator[Column]:
    """Give the figures by option probabilities, where any were asked for."""
    if not panel.probed.any():
        return
    known = np.isfinite(panel.option_confidence)
    for metric, values in option_values(panel, single).items():
        spread = "sample" if metric == "logprob_mean_confidence" else "resampled"
        yield Column(metric=metric, regime=SINGLE, values=values, over=known, spread=spread)


def _further_columns(panel: Panel, single: Judged) -> Iterator[Column]:
    """Give the figures of layers and of retrieved evidence, where there are any."""
    found = {**layer_values(panel, single), **evidence_values(panel, single)}
    for metric, (values, over) in found.items():
        kind = np.bool_ if is_rate(metric) else np.float64
        yield Column(metric=metric, regime=SINGLE, values=values.astype(kind), over=over)


def _option_calibration(panel: Panel, single: Judged) -> Calibrated | None:
    if not panel.probed.any():
        return None
    return Calibrated(
        metrics=OPTION_CALIBRATION_METRICS,
        regime=SINGLE,
        confidence=np.nan_to_num(panel.option_confidence),
        correct=single.rates["accuracy"],
        over=np.isfinite(panel.option_confidence),
    )


def rate_columns(judged: Judged, regime: str) -> Iterator[Column]:
    """Give the rates of a decoding mode, the share of errored cases among them."""
    for metric, values in judged.rates.items():
        yield Column(metric=metric, regime=regime, values=values, over=judged.there)
    errored = judged.asked & ~judged.there
    yield Column(metric="error_rate", regime=regime, values=errored, over=judged.asked)


def latency_column(panel: Panel, over: NDArray[np.bool_]) -> Column:
    """Return the latency in seconds over those of the cases ``over`` that have one.

    ``over`` is (models, conditions, items), bool.
    """
    measured = over & np.isfinite(panel.latency)
    values = np.where(measured, panel.latency, 0.0)
    return Column(
        metric="mean_latency_s", regime=SINGLE, values=values, over=measured, spread="population"
    )


def confidence_columns(sampled: Sampled, correct: NDArray[np.bool_]) -> Iterator[Column]:
    """Give the means over cases with samples.

    ``correct`` is (models, conditions, items), bool: it parts the cases of two of them.
    """
    there, rates = sampled.judged.there, sampled.judged.rates
    for metric, values in sampled.means.items():
        yield Column(metric=metric, regime=SELF_CONSISTENCY, values=values, over=there)
    over: Mapping[str, NDArray[np.bool_]] = {
        "mean_confidence": there,
        "mean_confidence_correct": correct,
        "mean_confidence_incorrect": there & ~correct,
        "mean_confidence_high_risk": rates["high_risk_error_rate"],
        "mean_confidence_unsafe": rates["unsafe_answer_rate"],
    }
    for metric, cases in over.items():
        yield Column(
            metric=metric,
            regime=SELF_CONSISTENCY,
            values=sampled.confidence,
            over=cases,
            spread="sample",
        )


def custom_columns(panel: Panel) -> Iterator[Column]:
    """Give the metrics of the user's own, each over the cases it has a value of."""
    for (regime, metric), values in panel.custom.items():
        over = np.isfinite(values)
        kind = bool if is_rate(metric) else np.float64
        filled = np.where(over, values, 0.0).astype(kind)
        yield Column(metric=metric, regime=regime, values=filled, over=over)


def without_unknown(panel: Panel, columns: tuple[Column, ...]) -> Iterator[Column]:
    """Give the columns, those of which the data set tells nothing over no cases."""
    for column in columns:
        if is_known(panel, column.metric):
            yield column
        else:
            yield replace(column, over=np.zeros_like(column.over))
