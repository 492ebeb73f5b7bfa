"""What the readers of existing results share: how to read, and the record a case becomes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from pytest_safescale.items.item import LETTERS
from pytest_safescale.items.raw import escaped
from pytest_safescale.items.records import normal_id
from pytest_safescale.scoring.answer import read_answer
from pytest_safescale.scoring.verdict import Outcome, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.items.item import Dataset, Item
    from pytest_safescale.items.raw import RawRecord

__all__ = [
    "MALFORMED",
    "OF_A_PART",
    "Asked",
    "Read",
    "Reading",
    "Where",
    "asked_item",
    "judged_record",
    "known_letter",
    "letter_in",
]

RECORD_SCHEMA = 1
MALFORMED = "malformed answers, counted as abstentions"
OF_A_PART = "cases of results of which only a part could be scored"
_SHORT = 200
"""Characters of a reply worth remembering: short ones come by the thousand."""

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
    part: Mapping[str, Any]
    """What the item's records have in common."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """One regime of one case."""

    letters: Sequence[str | None] = ()
    """One of a single answer; none where there is no answer."""
    texts: Sequence[str] = ()
    error: str | None = None
    latency_s: float | None = None
    fallback: str | None = None
    """What the release takes for the majority where there are no checked samples."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How results are read, and what is learned of them over all files."""

    dataset: Dataset
    """Where options and labels come from."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Our names for the conditions that go by others."""
    raw: bool = False
    """Whether letters are read from the replies instead of taken as checked."""
    release: bool = False
    """Whether any text is a letter and items stay that are not in the data set (metrics.md, B)."""
    oddities: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What must be known of cases that are no problem, by file and kind."""
    asked: dict[str, Asked] = field(default_factory=dict)
    """The items met so far."""

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """The data set's items by the id under which they are matched."""
        return {normal_id(item.id): item for item in self.dataset.items}


def asked_item(line: RawRecord, id_: str, keys: tuple[str, str], reading: Reading) -> Asked | None:
    """Return the item of a line; ``None`` where it cannot be scored.

    ``keys`` name the id and the correct letter. The letter the first line of an item states is
    its truth, whatever the data set says; another one later is a problem.
    """
    match = normal_id(id_)
    item = reading.items.get(match)
    if item is None:
        line.wrong(keys[0], id_, f"an item of {escaped(reading.dataset.name)}")
        if not reading.release:
            return None
    truth = line.values.get(keys[1])
    letters = item.letters if item else LETTERS
    if not (isinstance(truth, str) and len(truth) == 1 and truth in letters):
        line.wrong(keys[1], truth, f"one of {', '.join(letters)}")
        truth = item.answer if item else None
    if match not in reading.asked:
        if truth is None:
            return None
        reading.asked[match] = _asked(item, match, truth)
    known = reading.asked[match]
    if truth is not None and truth != known.truth:
        line.wrong(keys[1], truth, f"{known.truth}, as other results of this item state")
    return known


def _asked(item: Item | None, match: str, truth: str) -> Asked:
    if item is None:
        texts = dict.fromkeys(("item_sha256", "subspecialty", "question_type", "question"), "")
        part = {"item_id": match, **texts, "options": {}, "labels": {}, "truth": truth}
        return Asked(id=match, truth=truth, item=None, part=part)
    part = {**item.part_of_record(), "truth": truth}
    stated = item if item.answer == truth else item.model_copy(update={"answer": truth})
    return Asked(id=item.id, truth=truth, item=stated, part=part)


def known_letter(value: object, line: RawRecord, where: Where, reading: Reading) -> str | None:
    """Return a recorded letter; null, nothing and what is no text at all are an abstention.

    A text that is no letter is a problem of the line, except for the release.
    """
    if isinstance(value, str) and value:
        if reading.release or (len(value) == 1 and value in LETTERS):
            return value
        line.wrong(".".join(map(str, where)), value, f"null or one of {', '.join(LETTERS)}")
    elif value is not None and value != "":
        reading.oddities[line.file, MALFORMED] += 1
    return None


def letter_in(text: str, item: Item | None) -> str | None:
    """Return the letter our own reader finds in a reply to an item."""
    options = tuple((option.letter, option.text) for option in item.options) if item else ()
    return _short_letter(text, options) if len(text) <= _SHORT else _letter(text, options)


def _letter(text: str, options: tuple[tuple[str, str], ...]) -> str | None:
    return read_answer(text, dict(options) or None).letter


_short_letter = lru_cache(maxsize=2**15)(_letter)


def judged_record(
    case: Mapping[str, Any], asked: Asked, single: Read, several: Read
) -> dict[str, Any]:
    """Return the line of ``cases.jsonl``: the case's names, its item, its answers, its verdict."""
    letter = single.letters[0] if single.letters else None
    verdict = _judged(asked, letter, several.letters, single.error)
    return {
        "schema": RECORD_SCHEMA,
        **case,
        **asked.part,
        "outcome": verdict.outcome.value,
        "findings": list(verdict.findings),
        "greedy": _single_part(letter, single),
        "error": single.error,
        "samples": _several_part(several, verdict),
        "samples_error": several.error,
        "fallback": several.fallback,
        "prompt_sha256": None,
        "calls": [],
    }


def _judged(
    asked: Asked, letter: str | None, samples: Sequence[str | None], error: str | None
) -> Verdict:
    if asked.item is not None:
        return judge(asked.item, letter, samples, error=error)
    correct = error is None and letter == asked.truth
    outcome = Outcome.CORRECT if correct else Outcome.WRONG if letter else Outcome.ABSTAINED
    return Verdict(
        outcome=outcome if error is None else Outcome.ERROR,
        letter=letter,
        correct=correct,
        findings=() if correct or error is not None else (outcome.value,),
    )


def _single_part(letter: str | None, single: Read) -> dict[str, Any] | None:
    # The release averages in how long a failed request took.
    if single.error is not None and single.latency_s is None:
        return None
    return {
        "letter": letter,
        "form": None,
        "text": single.texts[0] if single.texts else None,
        "finish_reason": None,
        "latency_s": single.latency_s,
    }


def _several_part(several: Read, verdict: Verdict) -> dict[str, Any] | None:
    if not several.letters:
        return None
    letters = list(several.letters)
    # Letters and texts go in pairs; the text that was not kept is empty.
    texts = [*several.texts, *([""] * len(letters))][: len(letters)]
    return {
        "letters": letters,
        "texts": texts,
        "stopped_early": False,
        **verdict.samples_part(),
    }
