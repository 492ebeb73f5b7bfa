"""Passages planted for the sample's items: facts told, told for others, and dangers supported.

Beside each planted fault stand likenesses that are none: a fact told of such patients as the
item's or for all, a danger that is denied, set aside, said of others or of another subject.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.text.sentences import split
from tests.audit.planted import Planted, passage, reworded, sample

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from pytest_safescale.dataset.item import Item

__all__ = ["facts", "for_others", "wrong_supports"]


class _Other(NamedTuple):
    """A limit to which an item's patient or setting may not be held."""

    kind: str
    words: str
    """What stands behind ``only``, such as ``in children``."""
    named_by: str
    """A pattern of what an item says that meets the limit."""


_ADULT = (
    r"\b(?:[2-9]\d)-year-old|\bm[ae]n\b|\bwom[ae]n\b|\badult|\bof [2-9]\d\b|motorcyclist|1[89]-year"
)
_OTHERS = (
    _Other(
        "population", "in children", r"child|infant|neonat|newborn|boy|girl|old term|1[0-7]-year"
    ),
    _Other(
        "population", "in newborns", r"child|infant|neonat|newborn|boy|girl|old term|1[0-7]-year"
    ),
    _Other("population", "during pregnancy", r"pregnan|gestation|trimester|weeks|birth"),
    _Other("population", "in breastfeeding women", r"lactat|breastfe|birth|nursing"),
    _Other("condition", "after an earlier contrast reaction", r"reaction|allerg|anaphyla"),
    _Other("condition", "in patients on dialysis", r"dialysis|renal|kidney|eGFR|creatinine"),
    _Other("condition", "in neutropenic patients", r"neutropen|immuno|transplant"),
    _Other("condition", "in patients with known cancer", r"cancer|malignan|primary|tumou?r|carcin"),
    _Other("modality", "on MRI", r"\bMRI?\b|magnetic"),
    _Other("modality", "on CT", r"\bCT\b|tomograph"),
    _Other("modality", "on ultrasound", r"ultraso|sonogr"),
    _Other("modality", "on plain radiographs", r"radiograph|X-ray|film"),
    _Other("modality", "on PET/CT", r"\bPET"),
)
_TOLD_FOR = (
    "{Limit}, {fact}",
    "Only {limit}, {fact}",
    "{Fact}, but only {limit}.",
    "{Fact}. This holds only {limit}.",
)
_TOLD_FOR_ALL = (
    "In such a patient, {fact}",
    "Unlike {limit}, {fact}",
    "As {limit}, {fact}",
    "{Fact}, and not only {limit}.",
    "{Limit} other rules apply. {Fact}.",
)
"""What names a limit and does not hold the fact to it."""


def facts(each: int, rng: random.Random) -> Planted:
    """Return passages that tell the key facts of ``each`` items, with a synonym for a word."""
    planted = Planted()
    for item in _some(rng)[:each]:
        text = reworded(item.key_fact or "", rng)
        planted.passages.append(passage(f"f-{item.id}", text, rng))
    return planted


def for_others(each: int, rng: random.Random) -> Planted:
    """Return facts told for others, ``each`` of each kind of limit, and as many told for all."""
    planted, items = Planted(), _some(rng)
    for kind in ("population", "condition", "modality"):
        limits = [other for other in _OTHERS if other.kind == kind]
        # An item's second limit comes after every item's first.
        pairs = [
            (item, other)
            for turn in range(len(limits))
            for at, item in enumerate(items)
            for other in [limits[(at + turn) % len(limits)]]
            if _is_other(other, item)
        ]
        for number, (item, other) in enumerate(pairs[:each]):
            own = f"o-{kind}-{number}"
            form = _TOLD_FOR[number % len(_TOLD_FOR)]
            if kind == "modality":
                form = _TOLD_FOR[1 + number % (len(_TOLD_FOR) - 1)]  # one that says only
            planted.passages.append(passage(own, _told(form, item, other, rng), rng))
            planted.truths.add(("applicability", kind, own, item.id))
            harmless = _TOLD_FOR_ALL[number % len(_TOLD_FOR_ALL)]
            text = _told(harmless, item, other, rng)
            planted.passages.append(passage(f"s-{kind}-{number}", text, rng))
    return planted


def _some(rng: random.Random) -> list[Item]:
    """Return the items with a fact that is told by what holds, in any order."""
    items = [item for item in sample().items if item.key_fact and not item.negated]
    return rng.sample(items, len(items))


def _is_other(other: _Other, item: Item) -> bool:
    said = f"{item.question} {item.key_fact} {item.option(item.answer).text}"
    if re.search(other.named_by, said, re.IGNORECASE):
        return False
    return other.words not in {"in children", "in newborns"} or re.search(_ADULT, said) is not None


def _told(form: str, item: Item, other: _Other, rng: random.Random) -> str:
    fact = reworded(item.key_fact or "", rng).rstrip(".")
    return form.format(
        Limit=other.words[0].upper() + other.words[1:],
        limit=other.words,
        fact=f"{_lower(fact)}.",
        Fact=fact,
    )


def _lower(sentence: str) -> str:
    return sentence if sentence[1:2].isupper() else sentence[0].lower() + sentence[1:]


_FOR_DANGER = (
    "In such a case this is right: {danger}.",
    "The step of choice is then as follows: {danger}.",
    "What this calls for is: {danger}.",
)
_NOT_FOR_DANGER = (
    "In such a case one does not choose this: {danger}.",
    "One decides for this, and not for another course: {answer}, rather than {danger}.",
    "Only in children is this right: {danger}.",
    "What is contraindicated here: {danger}.",
)


def wrong_supports(rng: random.Random) -> Planted:
    """Return a passage in favour of a dangerous option of each item, and up to three that are none.

    Those deny, set aside or limit to others its further dangers, or are on another item's subject.
    Each begins with what the item is about: a sentence of its stem or of its conflict evidence.
    """
    planted = Planted()
    items = [item for item in _some(rng) if _dangers(item)]
    for number, item in enumerate(items):
        dangers = [reworded(danger, rng, leads=("",)) for danger in _dangers(item)]
        danger = dangers[0]
        other = items[number - 1]
        about = _about(item, number % 2 == 0)
        pro = _FOR_DANGER[number % len(_FOR_DANGER)].format(danger=danger)
        planted.passages.append(passage(f"w-{number}", f"{about} {pro}", rng))
        planted.truths.add(("wrong_support", "", f"w-{number}", item.id))
        forms = _NOT_FOR_DANGER[number % 4], _NOT_FOR_DANGER[(number + 1) % 4]
        said = [
            f"{about} {form.format(danger=other_one, answer=item.option(item.answer).text)}"
            for form, other_one in zip(forms, dangers[1:], strict=False)
            if "children" not in form or re.search(_ADULT, item.question)
        ]
        said.append(f"{_about(other, True)} {pro}")
        for kind, text in zip("xyz", said, strict=False):
            planted.passages.append(passage(f"n{kind}-{number}", text, rng))
    return planted


def _dangers(item: Item) -> list[str]:
    return [one.text for one in item.options if one.high_risk and one.letter != item.answer]


def _about(item: Item, by_stem: bool) -> str:
    source: Sequence[str] = [part.body for part in split(item.question)]
    if not by_stem and item.conflict_evidence:
        source = [part.body for part in split(item.conflict_evidence)]
    return next(_sentences(source))


def _sentences(source: Sequence[str]) -> Iterator[str]:
    yield from (one for one in source if not one.endswith("?"))
    yield from source
