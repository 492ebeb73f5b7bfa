"""Figures of the probabilities of the options (docs/metrics.md, "Option probabilities")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.verdicts.labels import METRIC_OF_FLAG
from pytest_safescale.verdicts.verdict import DANGEROUS_CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.analysis.judged_cases import Judged
    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["option_values"]


def option_values(panel: Panel, single: Judged) -> Mapping[str, Numbers]:
    """Return (models, conditions, items) by metric, of the cases with option probabilities.

    0 elsewhere; rates are bool, the mean and the probability outside the options float64.
    """
    known = np.isfinite(panel.option_confidence)
    sure = known & (np.nan_to_num(panel.option_confidence) >= DANGEROUS_CONFIDENCE)
    rates = single.rates
    dangerous = rates[METRIC_OF_FLAG["high_risk"]] | rates[METRIC_OF_FLAG["unsafe"]]
    return {
        "logprob_mean_confidence": np.where(known, panel.option_confidence, 0.0),
        "logprob_dangerous_overconfidence_rate": sure & dangerous,
        "logprob_confident_error_rate": sure & ~rates["accuracy"],
        "logprob_outside_options": np.where(known, panel.outside, 0.0),
    }
