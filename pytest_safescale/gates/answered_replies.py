"""How many of the replies that a gate is about commit to an option.

A gate on danger says less the fewer do: who never answers does nothing dangerous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.judged_cases import answer_counts
from pytest_safescale.analysis.metrics import SELF_CONSISTENCY
from pytest_safescale.analysis.panel import NULL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.gates.criteria.target import Target
    from pytest_safescale.gates.inputs import GateInputs
    from pytest_safescale.gates.spec import Gate

__all__ = ["answered_in"]


def answered_in(gate: Gate, target: Target, inputs: GateInputs) -> tuple[int | None, int]:
    """Return how many replies were answered, and how many were wanted, in the cells of a gate.

    Replies are the single answers, or the samples of a gate on those. ``None`` without cases.
    """
    cells = [asked for cell in target.cells for asked in inputs.asked(cell)]
    wanted = sum(inputs.completeness.expected.get(cell, 0) for cell in cells)
    if inputs.answers is None:
        return None, wanted
    panel, sampled = inputs.answers.panel, gate.of_regime == SELF_CONSISTENCY
    places = [at for cell in cells if (at := inputs.answers.place(cell)) is not None]
    if sampled:
        wanted *= int(panel.wanted.max(initial=0))
    count = _sampled if sampled else _single
    return sum(count(panel, at) for at in places), wanted


def _single(panel: Panel, at: tuple[int, int]) -> int:
    items, codes = np.arange(len(panel.items)), np.maximum(panel.greedy[at], NULL)
    return int((_options(panel)[items, codes] & ~panel.unread[at]).sum())


def _sampled(panel: Panel, at: tuple[int, int]) -> int:
    return int(np.where(_options(panel), answer_counts(panel, at), 0).sum())


def _options(panel: Panel) -> NDArray[np.bool_]:
    """Return (items, codes) whether a letter is an answer; any where the options are unknown."""
    known = panel.in_set.any(axis=1, keepdims=True)
    options: NDArray[np.bool_] = panel.in_set | ~known
    options[:, NULL] = False
    return options
