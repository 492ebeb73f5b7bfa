"""Families that change how the evidence is written and nothing of what it says."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pytest_safescale.perturb.edits.edit import Edit, Patch
from pytest_safescale.perturb.families.arrangement import NO_EVIDENCE
from pytest_safescale.perturb.families.family import (
    Edits,
    Material,
    NotApplicable,
    family,
    few,
    several,
)
from pytest_safescale.perturb.families.texts import GUARDED, SYNONYMS
from pytest_safescale.text.sentences import content_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_safescale.text.sentences import Sentence

__all__ = ["layout", "letter_case", "patches", "synonyms", "typos", "units"]

_SPACE = re.compile(r"(?<=\S)[ \n]+(?=\S)|(?<=\S)[ \n]+$")
_SPACES = ("  ", "\n", "   ", "\t")
_WORD = re.compile(r"(?<![\w-])[^\W\d_]{4,}(?![\w-])")


def patches(found: Sequence[Patch], lack: str) -> st.SearchStrategy[Edits] | NotApplicable:
    """Return a strategy that draws some of these patches, or that there are none."""
    if not found:
        return NotApplicable(reason=lack)
    edits: st.SearchStrategy[Edit] = st.sampled_from(few(found))
    return several(edits, unique_by=_place)


def _place(edit: Edit) -> object:
    return (edit.sentence, edit.start) if isinstance(edit, Patch) else edit


@family("layout")
def layout(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """White space of another kind between words and sentences; every word stays."""
    if not material.sentences:
        return NO_EVIDENCE
    last = material.end - 1
    spots = [
        (part.number, match.start(), match[0])
        for part in material.sentences
        for match in _SPACE.finditer(part.text)
        if not (part.number == last and match.end() == len(part.text))
    ]
    if not spots:
        return NotApplicable(reason="the evidence is a single word")
    edits: st.SearchStrategy[Edit] = st.builds(
        lambda spot, new: Patch(
            family="layout", sentence=spot[0], start=spot[1], old=spot[2], new=new
        ),
        st.sampled_from(few(spots)),
        st.sampled_from(_SPACES),
    )
    return several(edits, most=6, unique_by=_place)


def _words(material: Material, name: str, changed: Callable[[str], Iterator[str]]) -> list[Patch]:
    """Return patches for the words of free sentences that ``changed`` has other forms for."""
    return [
        Patch(family=name, sentence=part.number, start=match.start(), old=match[0], new=new)
        for part in material.free
        for match in _WORD.finditer(part.body)
        for new in changed(match[0])
    ]


@family("letter_case")
def letter_case(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """Single words in capitals, outside the sentence that decides."""
    if not material.sentences:
        return NO_EVIDENCE

    def changed(word: str) -> Iterator[str]:
        if word.islower() and word not in GUARDED:
            yield word.upper()
            yield word.capitalize()

    return patches(_words(material, "letter_case", changed), "no word is free")


@family("typos")
def typos(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """Errors as text recognition makes them, in words that neither decide nor name anything asked.

    Words of the question, the options and the key fact are left alone, and so are words that turn
    a meaning (``without``, ``left``) and errors that make another word of the text.
    """
    if not material.sentences:
        return NO_EVIDENCE
    item = material.item
    options = " ".join(option.text for option in item.options)
    key_terms = content_words(f"{item.question} {options} {item.key_fact or ''}")
    taken = {word.lower() for word in _WORD.findall(f"{material.evidence} {item.question}")}

    def changed(word: str) -> Iterator[str]:
        if not word.islower() or word in GUARDED or content_words(word) & key_terms:
            return
        yield from (wrong for wrong in _misread(word) if wrong not in taken)

    return patches(_words(material, "typos", changed), "no word outside the key terms")


def _misread(word: str) -> Iterator[str]:
    """Yield a word as it is misread: look-alikes, and two inner letters in the wrong order."""
    for right, wrong in (("l", "1"), ("o", "0"), ("rn", "m"), ("m", "rn"), ("cl", "d")):
        at = word.find(right, 1)
        if at > 0:
            yield word[:at] + wrong + word[at + len(right) :]
    middle = len(word) // 2
    if len(word) > 5 and word[middle] != word[middle - 1]:
        yield word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]


_OF_A_RANGE = re.compile(
    # Behind another number, a word or two between: 5 by 3 cm, 5, 6, or 7 mm, 5 up to 10 mm.
    r"(?:\d\s*[^\w\s]{0,3}\s*(?:[^\W\d_]+\.?\s+){0,2}|[-–/.,\d×±]\s*)$"
)
_QUANTITY = re.compile(
    r"(?<![\w.,/–-])(?P<number>\d+(?:\.\d+)?) ?"
    r"(?P<unit>mm|cm|mg|g|mL|ml|hours|minutes|days|weeks|months|years|percent|%)"
    r"(?![\w/²³%-]|\.\d| ?(?:x|×|±|by|per|to|up to|or|and|versus|vs\.?|–|-) ?\d| per\b)"
)
_FACTORS = {
    ("mm", "cm"): Decimal("0.1"),
    ("cm", "mm"): Decimal(10),
    ("mg", "g"): Decimal("0.001"),
    ("g", "mg"): Decimal(1000),
    ("hours", "minutes"): Decimal(60),
    ("hours", "days"): 1 / Decimal(24),
    ("weeks", "days"): Decimal(7),
    ("months", "years"): 1 / Decimal(12),
    ("years", "months"): Decimal(12),
    ("days", "hours"): Decimal(24),
}
_DECIMALS_FIT = {"cm", "g"}
_MOST_SENSIBLE = {"minutes": 240, "days": 28, "months": 60, "hours": 96}
_NUMBER_WORDS = {
    2: "two",
    3: "three",
    4: "four",
    5: "five",
    6: "six",
    7: "seven",
    8: "eight",
    9: "nine",
}


@family("units")
def units(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """Quantities in another unit or format of the same value: 1.5 cm for 15 mm, ``48 hours``.

    Ranges, ratios and the sentence that decides are left alone.
    """
    if not material.sentences:
        return NO_EVIDENCE
    found = [
        Patch(family="units", sentence=part.number, start=match.start(), old=match[0], new=new)
        for part in material.free
        for match in _QUANTITY.finditer(part.body)
        if not _OF_A_RANGE.search(part.body[: match.start()])
        for new in _same_value(match["number"], match["unit"])
        if new != match[0]
    ]
    return patches(found, "no quantity outside the sentence that decides")


def _same_value(number: str, unit: str) -> Iterator[str]:
    if unit in {"percent", "%"}:
        yield f"{number}%" if unit == "percent" else f"{number} percent"
        return
    if len(unit) == 2:
        yield f"{number} {unit}"
        yield f"{number}{unit}"
    if unit == "ml":
        yield f"{number} mL"
    if "." not in number and int(number) in _NUMBER_WORDS:
        yield f"{_NUMBER_WORDS[int(number)]} {unit}"
    for (own, other), factor in _FACTORS.items():
        if own == unit:
            value = Decimal(number) * factor
            if _fits(value, other):
                yield f"{value.normalize():f} {other}"


def _fits(value: Decimal, unit: str) -> bool:
    """Say whether a value reads well in a unit: no singular, no odd fraction, no huge number."""
    if value > _MOST_SENSIBLE.get(unit, 10_000):
        return False
    if unit in _DECIMALS_FIT:
        return value >= Decimal("0.1") and value == round(value, 2)
    return value >= 2 and value == value.to_integral_value()


@family("synonyms")
def synonyms(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """Words and spellings that mean the same, from a small table for radiology."""
    if not material.sentences:
        return NO_EVIDENCE
    found = [patch for part in material.free for patch in _renamed(part)]
    return patches(found, "no word of the table outside the sentence that decides")


def _renamed(part: Sentence) -> Iterator[Patch]:
    for old, new in SYNONYMS:
        for match in re.finditer(rf"(?<![\w-]){old}(?![\w-])", part.body, re.IGNORECASE):
            # Another word may want another article, so what has one is left alone.
            if re.search(r"\b(?:an?|A|An) $", part.body[: match.start()]):
                continue
            if old.isupper() and not match[0].isupper():
                continue
            begins = match[0][0].isupper() and (match.start() == 0 or not match[0].isupper())
            right = new[0].upper() + new[1:] if begins else new
            yield Patch(
                family="synonyms",
                sentence=part.number,
                start=match.start(),
                old=match[0],
                new=right,
            )
