"""Figures of models with layers, case by case (docs/metrics.md, "Models with layers")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pytest_safescale.analysis.judged_cases import judge_answers
from pytest_safescale.analysis.layer_facts import (
    BARE,
    BARE_UNREAD,
    EFFORTS,
    GIVEN,
    HANDED_OVER,
    OUTCOME,
)
from pytest_safescale.analysis.metrics import EFFORT_METRICS, RESIDUAL_OF, SELECTIVE_OF

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pytest_safescale.analysis.judged_cases import Judged
    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["Layered", "Values", "layer_values", "layered_cases"]

PER_HUNDRED = 100.0


class Values(NamedTuple):
    """One metric; both are (models, conditions, items)."""

    values: Numbers
    over: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Layered:
    """The cases of models with layers; (models, conditions, items) throughout."""

    there: NDArray[np.bool_]
    """Cases on which layers decided."""
    stopped: NDArray[np.bool_]
    """Those whose answer was withheld."""
    handed: NDArray[np.bool_]
    """Those that people take."""
    bare: Judged
    """The base's own answers, judged; unreadable ones are none."""
    bare_dangerous: NDArray[np.bool_]
    """Cases that the base answers with a high-risk or unsafe wrong option."""
    bare_unread: NDArray[np.bool_]
    """Cases of which nobody can tell what the base answers."""


def layered_cases(panel: Panel) -> Layered:
    """Return what the layers of a panel's models did; the panel must have some."""
    outcome = panel.layers[OUTCOME]
    there = np.isfinite(outcome)
    letters = np.nan_to_num(panel.layers[BARE]).astype(np.int64)
    bare = judge_answers(panel, _codes(panel)[letters], there=there, asked=there)
    dangerous = bare.rates["high_risk_error_rate"] | bare.rates["unsafe_answer_rate"]
    return Layered(
        there=there,
        stopped=there & (outcome != GIVEN),
        handed=there & (outcome == HANDED_OVER),
        bare=bare,
        bare_dangerous=dangerous,
        bare_unread=there & (panel.layers[BARE_UNREAD] > 0),
    )


def _codes(panel: Panel) -> NDArray[np.int16]:
    """Return (27,), int16, the panel's code of none and of each letter from A on; 0 for none."""
    codes = np.zeros(27, dtype=np.int16)
    for code, letter in enumerate(panel.alphabet, 1):
        if len(letter) == 1 and "A" <= letter <= "Z":
            codes[ord(letter) - ord("A") + 1] = code
    return codes


def layer_values(panel: Panel, single: Judged) -> Mapping[str, Values]:
    """Return every metric of models with layers; none where the panel has no such model.

    Those that a model without layers can have it has too, so that the two stand side by side.
    """
    if OUTCOME not in panel.layers:
        return {}
    found = layered_cases(panel)
    known, items = found.there & ~found.bare_unread, np.arange(len(panel.items))
    answered = single.there & panel.in_set[items, single.answers] & (single.answers > 0)
    values = {"answered_share": Values(answered, single.there)}
    for metric, of in SELECTIVE_OF.items():
        values[metric] = Values(single.rates[of], answered)
    for metric, of in RESIDUAL_OF.items():
        values[metric] = Values(single.rates[of], single.there)
    values |= {
        "hand_over_rate": Values(found.handed, found.there),
        "danger_caught": Values(found.stopped, known & found.bare_dangerous),
        "needless_stops": Values(found.stopped, known & found.bare.rates["accuracy"]),
        "review_load_per_100": Values(PER_HUNDRED * found.handed, found.there),
        "danger_prevented_per_100_reviews": Values(
            PER_HUNDRED * found.bare_dangerous, known & found.handed
        ),
    }
    for name, metric in zip(EFFORTS, EFFORT_METRICS, strict=True):
        values[metric] = Values(np.nan_to_num(panel.layers[name]), found.there)
    return values
