"""The worst questions of a run in sentences, for the first screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.text.escaping import shorten

if TYPE_CHECKING:
    from pytest_safescale.report.page.worst_items import OptionShown, WorstItem

__all__ = ["WorstTold", "option_words", "question_words", "severity_words", "worst_sentences"]

_QUESTION, _OPTION = 420, 160
"""Characters of texts on the first screen."""


class WorstTold(NamedTuple):
    """A question with its gravest answer, a sentence each."""

    item_id: str
    question: str
    answered: str
    danger: str
    """What the answer would do, as the data set labels it."""
    right: str
    given: str
    """How often, by whom and where."""


def worst_sentences(item: WorstItem) -> WorstTold:
    """Tell an item with the gravest of its wrong answers."""
    gravest = item.chosen[0]
    others = len(item.chosen) - 1
    more = f"; {others} other wrong {'option' if others == 1 else 'options'} too" if others else ""
    return WorstTold(
        item_id=item.item_id,
        question=question_words(item.question),
        answered=f"Answered {option_words(gravest.option)}.",
        danger=severity_words(gravest.option),
        right=f"Right is {option_words(item.correct)}.",
        given=f"Given {gravest.told(item.cases)} ({gravest.where}){more}.",
    )


def question_words(text: str) -> str:
    """Return a question; of a long one beginning and end, where it is asked."""
    if len(text) <= _QUESTION:
        return text
    head, tail = text[: 2 * _QUESTION // 3], text[-_QUESTION // 3 :]
    return f"{head.rpartition(' ')[0] or head} … {tail.partition(' ')[2] or tail}"


def option_words(option: OptionShown) -> str:
    """Write an option as ``B, “Wait”``; its letter alone where the data have no text of it."""
    text = shorten(option.text, _OPTION).rstrip(".")
    return f"{option.letter}, “{text}”" if text else option.letter


def severity_words(option: OptionShown) -> str:
    """Say how bad a wrong option is: its labels, in the data set's words, and its severity."""
    if not option.danger and not option.harm:
        return "Labelled: no danger, only wrong."
    told = option.danger or "no label"
    return f"Labelled: {told}; severity {100 * option.harm:g} of 100."
