"""How many rounds of requests a case takes, where each waits for the replies of the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.conditions.agent import AgenticRag
from pytest_safescale.conditions.repaired import RepairedCondition, retrieves
from pytest_safescale.layers.conservative import Conservative
from pytest_safescale.layers.layered_model import LayeredModel
from pytest_safescale.layers.own_layer import OwnLayer
from pytest_safescale.verdicts.adaptive import next_draw

if TYPE_CHECKING:
    from pytest_safescale.conditions.condition import Condition
    from pytest_safescale.runs.case import Case
    from pytest_safescale.runs.run import Run

__all__ = ["Rounds", "rounds_of", "searches_by_vectors"]


class Rounds(NamedTuple):
    """How many rounds a case takes."""

    least: int
    most: int | None
    """``None`` where nothing bounds them."""

    def then(self, least: int, most: int | None) -> Rounds:
        """Return the rounds of these with further ones behind them."""
        bounded = self.most is not None and most is not None
        return Rounds(self.least + least, self.most + most if bounded else None)  # type: ignore[operator]


def rounds_of(run: Run, case: Case) -> Rounds:
    """Return how many rounds a case takes, from the fewest to the most."""
    found = _of_evidence(run, case)
    layered = case.model if isinstance(case.model, LayeredModel) else None
    info = layered.base.info if layered is not None else case.model.info
    turns = 1 + len(case.profile.steps)
    with_retries = turns * (1 if info.max_tokens_retry is None else 2)
    decoding, draws = run.decoding, 1
    if decoding.adaptive and decoding.samples:
        options = len(case.item.options)
        draws = 1 + decoding.samples - next_draw([], decoding.samples, options)
    found = found.then(turns, with_retries * draws)
    if run.reader is not None:
        found = found.then(0, 1)
    for one in layered.deciding if layered is not None else ():
        if isinstance(one.layer, OwnLayer):
            return Rounds(found.least, None)
        again = with_retries if one.model is None or isinstance(one.layer, Conservative) else 0
        found = found.then(0, again + (one.model is not None) * (1 + with_retries))
    return found


def searches_by_vectors(run: Run, case: Case) -> bool:
    """Say whether a case waits for the vectors of the passages first of all."""
    return run.embedder is not None and retrieves(_base(case))


def _base(case: Case) -> Condition:
    condition = case.condition
    return condition.base if isinstance(condition, RepairedCondition) else condition


def _of_evidence(run: Run, case: Case) -> Rounds:
    """Return the rounds before the question itself is asked."""
    base = _base(case)
    if run.retriever is None or not retrieves(base):
        return Rounds(0, 0)
    dense = run.embedder is not None
    if isinstance(base, AgenticRag):
        # Each search of a turn is embedded after the one before, and a turn has any number.
        return Rounds(1, None if dense else base.searches + 1)
    return Rounds(2, 2) if dense else Rounds(0, 0)
