"""How the replies behind the single answers ended: counts of the four states, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from pytest_safescale.answers.answer import AnswerState, recorded_state

if TYPE_CHECKING:
    from pytest_safescale.results.case_record import CaseRecord, KeptCase

__all__ = ["StateCounts", "StatesOfModel", "case_state"]

UNKNOWN_FORM = "unknown"
"""Why a reply is unreadable where a record does not tell."""


class StatesOfModel(TypedDict):
    """How many cases of a model ended in each state."""

    answered: int
    abstained: int
    unreadable: int
    failed: int
    forms: dict[str, int]
    """The unreadable ones by form, the most frequent first."""


def case_state(record: CaseRecord | KeptCase) -> AnswerState:
    """Return the state of the single answer of a case record, which may be older than states."""
    single = record["greedy"]
    if record["error"] is not None or single is None:
        return AnswerState.FAILED
    letter = single["letter"]
    letters = record["options"] or (() if letter is None else (letter,))
    return recorded_state(letter, letters, state=single.get("state"), form=single.get("form"))


class StateCounts:
    """Counts cases by model and state."""

    def __init__(self) -> None:
        self._states: defaultdict[str, Counter[AnswerState]] = defaultdict(Counter)
        self._forms: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, record: CaseRecord | KeptCase) -> None:
        """Count a case record."""
        state, single = case_state(record), record["greedy"]
        self._states[record["model"]][state] += 1
        if state is AnswerState.UNREADABLE and single is not None:
            self._forms[record["model"]][single.get("form") or UNKNOWN_FORM] += 1

    def by_model(self) -> dict[str, StatesOfModel]:
        """Return the number of cases in each state, and of the unreadable ones in each form."""
        return {
            model: {
                "answered": counts[AnswerState.ANSWERED],
                "abstained": counts[AnswerState.ABSTAINED],
                "unreadable": counts[AnswerState.UNREADABLE],
                "failed": counts[AnswerState.FAILED],
                "forms": dict(self._forms[model].most_common()),
            }
            for model, counts in self._states.items()
        }
