"""What the readers of existing results share: how to read, and the record a case becomes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.answers.read_answer import read_answer
from pytest_safescale.dataset.item import PAPER_LETTERS, letters_to_read
from pytest_safescale.dataset.raw_record import escaped
from pytest_safescale.dataset.record_to_item import normal_id
from pytest_safescale.results.written_record import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_safescale.answers.answer import Answer, AnswerState
    from pytest_safescale.dataset.item import Dataset, Item, ItemPart
    from pytest_safescale.dataset.raw_record import RawRecord

__all__ = [
    "MALFORMED",
    "OF_A_PART",
    "Asked",
    "RecordedAnswers",
    "ResultsFormat",
    "Where",
    "answer_in",
    "asked_item",
    "checked_answers",
    "known_letter",
    "read_answers",
]

MALFORMED = "malformed answers, counted as unreadable"
OF_A_PART = "cases of results of which only a part could be scored"

Where = tuple["str | int", ...]
"""The keys that lead to a place of a line."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The item of a line of results."""

    id: str
    """The data set's, or the results' own where the data set lacks the item."""
    truth: str
    item: Item | None
    """With the results' correct letter; ``None`` where the data set lacks it."""
    part: Part
    """What the item's records have in common."""
    letters: str
    """Those of its options; the paper's where they are not known."""
    texts: Mapping[str, str]
    """The options by letter; none where they are not known."""
    verdicts: dict[tuple[object, ...], Part] = field(default_factory=dict)
    """What its single answers came to so far: many records have the same."""


class RecordedAnswers(NamedTuple):
    """One decoding mode of one case."""

    letters: Sequence[str | None] = ()
    """One of a single answer; none where there is no answer."""
    states: Sequence[AnswerState | None] = ()
    """What is known of them beside the letters, in their order; ``None`` and none for nothing."""
    form: str | None = None
    """How the single answer was read."""
    texts: Sequence[str] = ()
    error: str | None = None
    latency_s: float | None = None
    fallback: str | None = None
    """What the release takes for the majority where there are no checked samples."""


@dataclass(frozen=True, kw_only=True)
class ResultsFormat:
    """How results are read, and what is learned of them over all files."""

    dataset: Dataset
    """Where options and labels come from."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Our names for the conditions that go by others."""
    raw: bool = False
    """Whether letters are read from the replies instead of taken as checked."""
    release: bool = False
    """Whether any text is a letter and items that are not in the data set stay, as the paper's
    scripts have it (docs/metrics.md, "Part B")."""
    second: Callable[[str, Item, Answer], Answer] | None = None
    """Who reads a reply to an item after our own reader, and says what it comes to."""
    oddities: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What must be known of cases that are no problem, by file and kind."""
    asked: dict[str, Asked] = field(default_factory=dict)
    """The items met so far."""

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """The data set's items by the id under which they are matched."""
        return {normal_id(item.id): item for item in self.dataset.items}

    def read(self, text: str, item: Item | None, **beside: str) -> Answer:
        """Return what a reply comes to where letters are read from replies."""
        answer = answer_in(text, item, **beside)
        return answer if self.second is None or item is None else self.second(text, item, answer)


def asked_item(
    line: RawRecord, id_: str, keys: tuple[str, str], results_format: ResultsFormat
) -> Asked | None:
    """Return the item of a line; ``None`` where it cannot be scored.

    ``keys`` name the id and the correct letter. The letter the first line of an item states is
    its truth, whatever the data set says; another one later is a problem.
    """
    match = normal_id(id_)
    item = results_format.items.get(match)
    if item is None:
        line.wrong(keys[0], id_, f"an item of {escaped(results_format.dataset.name)}")
        if not results_format.release:
            return None
    truth = line.values.get(keys[1])
    letters = item.letters if item else PAPER_LETTERS
    if not (isinstance(truth, str) and len(truth) == 1 and truth in letters):
        line.wrong(keys[1], truth, f"one of {', '.join(letters)}")
        truth = item.answer if item else None
    if match not in results_format.asked:
        if truth is None:
            return None
        results_format.asked[match] = _asked(item, match, truth)
    known = results_format.asked[match]
    if truth is not None and truth != known.truth:
        line.wrong(keys[1], truth, f"{known.truth}, as other results of this item state")
    return known


def _asked(item: Item | None, match: str, truth: str) -> Asked:
    if item is None:
        part: ItemPart = {
            "item_id": match,
            "item_sha256": "",
            "subspecialty": "",
            "question_type": "",
            "question": "",
            "options": {},
            "labels": {},
            "truth": truth,
        }
        return Asked(
            id=match, truth=truth, item=None, part=Part.of(part), letters=PAPER_LETTERS, texts={}
        )
    part = item.part_of_record()
    part["truth"] = truth
    stated = item if item.answer == truth else item.model_copy(update={"answer": truth})
    return Asked(
        id=item.id,
        truth=truth,
        item=stated,
        part=Part.of(part),
        letters=item.letters,
        texts=part["options"],
    )


def known_letter(
    value: object, line: RawRecord, where: Where, results_format: ResultsFormat, item: Item | None
) -> str | None:
    """Return a recorded letter; null, nothing and what is no text at all are an abstention.

    A text that is no letter is a problem of the line, except for the release.
    """
    letters = letters_to_read(len(item.options) if item else 0)
    if isinstance(value, str) and value:
        if results_format.release or (len(value) == 1 and value in letters):
            return value
        line.wrong(".".join(map(str, where)), value, f"null or one of {', '.join(letters)}")
    elif value is not None and value != "":
        results_format.oddities[line.file, MALFORMED] += 1
    return None


def answer_in(text: str, item: Item | None, **beside: str) -> Answer:
    """Return what our own reader finds in a reply to an item.

    ``beside`` is what came beside the text, by the names ``read_answer`` knows it under.
    """
    options = {option.letter: option.text for option in item.options} if item else None
    return read_answer(text, options, **beside)


def read_answers(answers: Sequence[Answer | None]) -> dict[str, Any]:
    """Return fields of ``RecordedAnswers`` from answers read in replies; ``None``: no text."""
    return {
        "letters": [answer and answer.letter for answer in answers],
        "states": [answer and answer.state for answer in answers],
        "form": answers[0].form.value if len(answers) == 1 and answers[0] else None,
    }


def checked_answers(
    letters: Sequence[str | None], texts: Sequence[Any], asked: Asked
) -> dict[str, Any]:
    """Return the fields of ``RecordedAnswers`` that checked letters fill.

    Why there is none is read in the reply, where it is known which reply that is; that our own
    reader finds a letter which was not confirmed makes no answer.
    """
    states: list[AnswerState | None] = [None] * len(letters)
    form = None
    if None not in letters or len(texts) != len(letters):
        return {"letters": letters, "states": states, "form": form}
    for place, (letter, text) in enumerate(zip(letters, texts, strict=True)):
        if letter is None and isinstance(text, str):
            answer = read_answer(text, asked.texts)
            if answer.letter is None:
                states[place], form = answer.state, answer.form.value
    return {"letters": letters, "states": states, "form": form if len(letters) == 1 else None}
