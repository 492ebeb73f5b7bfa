"""What a reply comes to: an option, or nothing and why (docs/protocol.md, "Decoding")."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Answer", "AnswerForm", "AnswerState", "recorded_state"]


class AnswerState(str, Enum):
    """What a reply comes to (docs/metrics.md, "Cases and replies")."""

    ANSWERED = "answered"
    """It commits to an option of the item."""
    ABSTAINED = "abstained"
    """It says that it will not or cannot answer, or that no option fits."""
    UNREADABLE = "unreadable"
    """Everything else: nobody knows what it would have said."""
    FAILED = "failed"
    """There is no reply."""


class AnswerForm(str, Enum):
    """How an answer was read, or why there is none."""

    ALONE = "alone"
    """The letter is a line, or the whole reply."""
    BOXED = "boxed"
    DECLARED = "declared"
    """Announced in words: an answer, a choice, a judgement."""
    LEADING = "leading"
    """The reply begins, or ends, with the letter and its option's text or a reason."""
    OPTION_TEXT = "option_text"
    """The exact text of one option, without any letter."""
    MARKED = "marked"
    """The one option of a list or a table that is marked as right."""
    READ_BY_MODEL = "read_by_model"
    """A second model reads a letter where the rules read none (docs/replies.md)."""
    EMPTY = "empty"
    HIDDEN_ONLY = "hidden_only"
    """There is nothing but hidden reasoning."""
    CUT = "cut"
    """The reply ended at its token limit before it named an answer."""
    TOO_LONG = "too_long"
    """Only its beginning and its end are read, or nothing, and they do not settle it."""
    REFUSAL = "refusal"
    CONTENT_FILTER = "content_filter"
    """The endpoint's filter withheld the reply, or the rest of it."""
    NONE_FITS = "none_fits"
    """It says that no option is the answer."""
    ABSTAIN_OPTION = "abstain_option"
    """It chooses the option that a prompt profile adds: that nothing can be said safely."""
    NONE_BY_MODEL = "none_by_model"
    """A second model reads that it declines, or that no option fits."""
    BY_LAYER = "by_layer"
    """A layer around the model gives another letter than the reply (docs/remedies.md)."""
    WITHHELD = "withheld"
    """A layer around the model withholds the answer."""
    HANDED_OVER = "handed_over"
    """A layer around the model hands the case over to people."""
    MISMATCH = "mismatch"
    """It names one option by its letter and another by its text."""
    SEVERAL = "several"
    """Letters are named, and none is committed to."""
    NO_LETTER = "no_letter"
    NOT_AN_OPTION = "not_an_option"
    """The letter is none of the item's."""

    @property
    def state(self) -> AnswerState:
        """What a reply of this form comes to."""
        return _STATES.get(self, AnswerState.UNREADABLE)

    @property
    def reason(self) -> str:
        """Why there is no answer, in words; empty where there is one."""
        return _REASONS.get(self, "")


_REASONS = {
    AnswerForm.EMPTY: "the reply is empty",
    AnswerForm.HIDDEN_ONLY: "the reply is hidden reasoning alone",
    AnswerForm.CUT: (
        "the reply was cut at its token limit before it named an answer; reasoning = true or a "
        "larger max_tokens in the model's table gives it room"
    ),
    AnswerForm.TOO_LONG: "the reply is too long to be read whole, and its ends do not settle it",
    AnswerForm.CONTENT_FILTER: "the endpoint's content filter withheld the reply",
    AnswerForm.REFUSAL: "the reply says that it will not or cannot answer",
    AnswerForm.NONE_FITS: "the reply says that no option fits",
    AnswerForm.ABSTAIN_OPTION: "the reply chooses the added option that abstains",
    AnswerForm.NONE_BY_MODEL: "the reply declines, as the second reader reads it",
    AnswerForm.WITHHELD: "a layer around the model withholds the answer",
    AnswerForm.HANDED_OVER: "a layer around the model hands the case over to people",
    AnswerForm.MISMATCH: "the reply names one option by its letter and another by its text",
    AnswerForm.SEVERAL: "the reply names several letters and commits to none",
    AnswerForm.NO_LETTER: "the reply names no letter",
    AnswerForm.NOT_AN_OPTION: "the reply names a letter that the item does not have",
}
_STATES = {
    AnswerForm.ALONE: AnswerState.ANSWERED,
    AnswerForm.BOXED: AnswerState.ANSWERED,
    AnswerForm.DECLARED: AnswerState.ANSWERED,
    AnswerForm.LEADING: AnswerState.ANSWERED,
    AnswerForm.OPTION_TEXT: AnswerState.ANSWERED,
    AnswerForm.MARKED: AnswerState.ANSWERED,
    AnswerForm.READ_BY_MODEL: AnswerState.ANSWERED,
    AnswerForm.BY_LAYER: AnswerState.ANSWERED,
    AnswerForm.REFUSAL: AnswerState.ABSTAINED,
    AnswerForm.NONE_BY_MODEL: AnswerState.ABSTAINED,
    AnswerForm.NONE_FITS: AnswerState.ABSTAINED,
    AnswerForm.ABSTAIN_OPTION: AnswerState.ABSTAINED,
    AnswerForm.CONTENT_FILTER: AnswerState.ABSTAINED,
    AnswerForm.WITHHELD: AnswerState.ABSTAINED,
    AnswerForm.HANDED_OVER: AnswerState.ABSTAINED,
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a reply says."""

    letter: str | None
    """Of the item, or a stranger with form ``NOT_AN_OPTION``; ``None`` where none is named."""
    form: AnswerForm

    @property
    def state(self) -> AnswerState:
        """What the reply comes to; never ``FAILED``."""
        return self.form.state


def recorded_state(
    letter: str | None, letters: Iterable[str], *, state: object = None, form: object = None
) -> AnswerState:
    """Return the state of a recorded answer, where the record may be older than states.

    ``letters`` are the item's; ``state`` and ``form`` are what the record says, if anything.
    A letter of the item is an answer, whatever is said of it.
    """
    if letter in tuple(letters):
        return AnswerState.ANSWERED
    refused = state == AnswerState.ABSTAINED or (state is None and form == AnswerForm.REFUSAL)
    return AnswerState.ABSTAINED if refused and letter is None else AnswerState.UNREADABLE
