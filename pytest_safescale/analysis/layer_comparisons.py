"""Models with layers against their base, case by case (docs/metrics.md, "Models with layers")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.analysis.comparisons import Pair, compare
from pytest_safescale.analysis.expected_harm import is_known
from pytest_safescale.analysis.judged_cases import single_answers
from pytest_safescale.analysis.layer_facts import OUTCOME
from pytest_safescale.analysis.layer_figures import layered_cases
from pytest_safescale.analysis.metrics import SINGLE
from pytest_safescale.statistics.intervals import SEED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.analysis.comparisons import Comparison
    from pytest_safescale.analysis.panel import Panel

__all__ = ["LAYERS", "layer_comparisons"]

LAYERS = "layers"
"""The kind of these comparisons."""
_COMPARED = (
    "accuracy",
    "high_risk_error_rate",
    "unsafe_answer_rate",
    "contradiction_rate",
    "abstention_rate",
)


def layer_comparisons(
    panel: Panel, bases: Mapping[str, str], *, seed: int = SEED
) -> list[Comparison]:
    """Compare the single answers of each model with layers with those of its base.

    ``bases`` names the base of each such model. The base's answers are those that the records of
    the model hold, so it need not be in the run; what nobody can read on either side is left out.
    """
    if OUTCOME not in panel.layers:
        return []
    single, found = single_answers(panel), layered_cases(panel)
    both = single.there & found.there & ~found.bare_unread & ~panel.unread
    pairs = (
        Pair(
            left=single.rates[metric][at, place],
            right=found.bare.rates[metric][at, place],
            both=both[at, place],
            names={
                "kind": LAYERS,
                "model": model,
                "regime": SINGLE,
                "metric": metric,
                "left": model,
                "right": bases.get(model, "its base"),
                "condition": condition,
            },
        )
        for at, model in enumerate(panel.models)
        for place, condition in enumerate(panel.conditions)
        for metric in _COMPARED
        if is_known(panel, metric)
    )
    return compare(pairs, codes=panel.clusters, seed=seed)
