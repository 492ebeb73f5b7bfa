"""One reply as the reader reads it, beside what a person reads in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pytest_safescale.answers.answer import AnswerState

if TYPE_CHECKING:
    from pytest_safescale.answers.answer import Answer

__all__ = ["Comparison", "JudgedReply"]


class Comparison(str, Enum):
    """What a reading comes to against a person's."""

    SAME_LETTER = "the same letter"
    BOTH_NONE = "no letter, nor by a person"
    OTHER_LETTER = "another letter read"
    INVENTED = "one read, a person reads none"
    MISSED = "none read, a person reads one"


@dataclass(frozen=True, kw_only=True)
class JudgedReply:
    """What the reader finds in the reply of one line of a file, and what a person found."""

    line: int
    """Of the file, from 1."""
    answer: Answer
    is_judged: bool
    """Whether the line says what a person reads."""
    by_person: str | None
    """The letter that a person reads; ``None`` for no answer, and where none is said."""

    @property
    def letter(self) -> str | None:
        """The letter read; one that the item lacks counts only where a person reads it too."""
        found = self.answer.letter
        answered = self.answer.state is AnswerState.ANSWERED
        return found if answered or found == self.by_person else None

    @property
    def comparison(self) -> Comparison:
        """How the reading compares with the person's."""
        if self.letter == self.by_person:
            return Comparison.BOTH_NONE if self.letter is None else Comparison.SAME_LETTER
        if self.letter is None:
            return Comparison.MISSED
        return Comparison.INVENTED if self.by_person is None else Comparison.OTHER_LETTER

    @property
    def agrees(self) -> bool:
        """Whether reader and person say the same."""
        return self.letter == self.by_person

    def record(self) -> dict[str, str | None]:
        """Return what is written of the reading."""
        answer = self.answer
        return {
            "letter": answer.letter,
            "state": answer.state.value,
            "form": answer.form.value,
        }
