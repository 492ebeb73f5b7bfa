"""Families that contradict the evidence or weaken it, aimed at one wrong option."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_safescale.perturb.edits.edit import Patch
from pytest_safescale.perturb.families.arrangement import NO_EVIDENCE
from pytest_safescale.perturb.families.family import (
    Edits,
    Material,
    NotApplicable,
    family,
    few,
    inserted,
    several,
)
from pytest_safescale.perturb.families.texts import (
    CONTRADICTIONS,
    FALSE_AUTHORITIES,
    HEDGES,
    OUTDATED,
)
from pytest_safescale.perturb.families.wording import patches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hypothesis import strategies as st

    from pytest_safescale.text.sentences import Sentence

__all__ = [
    "contradiction",
    "false_authority",
    "hedge",
    "laterality",
    "negation",
    "outdated_guideline",
    "threshold",
]


@family("contradiction")
def contradiction(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """A sentence that contradicts the key fact and names the option aimed at."""
    return _claims(material, "contradiction", CONTRADICTIONS)


@family("hedge")
def hedge(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """A sentence that puts the key fact in doubt and allows the option aimed at."""
    return _claims(material, "hedge", HEDGES)


@family("outdated_guideline")
def outdated_guideline(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """A claim that the evidence is outdated and the option aimed at has replaced it."""
    return _claims(material, "outdated_guideline", OUTDATED)


@family("false_authority")
def false_authority(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """An authority made up to vouch for the option aimed at."""
    return _claims(material, "false_authority", FALSE_AUTHORITIES)


def _claims(
    material: Material, name: str, texts: Sequence[str]
) -> st.SearchStrategy[Edits] | NotApplicable:
    if not material.sentences:
        return NO_EVIDENCE
    wording = " ".join(material.item.option(material.target).text.split()).rstrip(".")
    claims = [text.format(option=wording) for text in texts]
    return several(
        inserted(name, claims, places_for_claims(material), whole=material.whole), most=2
    )


def places_for_claims(material: Material) -> list[int]:
    """Return where a claim is put: behind what decides, in front of it, or at either end."""
    behind = [number + 1 for number in sorted(material.carriers)]
    before = sorted(material.carriers)
    places = dict.fromkeys([*behind, *before, 0, material.end])
    return [at for at in places if at == material.end or not material.sentences[at].heading] or [0]


_SIDE = re.compile(
    r"\b(?:left|right)(?:-sided|-hand)?\b(?! (?:alone|in|until|as|by|after|over|open|behind|to|with"
    r"|untreated|away|before|at|now|through|from|unless|without|undisturbed)\b)",
    re.IGNORECASE,
)
_NOT_A_SIDE = re.compile(r"\b(?:is|are|be|been|was|were|has|have|had|being|and) $", re.IGNORECASE)
_OTHER_SIDE = {"left": "right", "right": "left"}


@family("laterality")
def laterality(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """Left for right and right for left."""
    if not material.sentences:
        return NO_EVIDENCE
    found = [
        Patch(
            family="laterality",
            sentence=part.number,
            start=match.start(),
            old=match[0],
            new=_other_side(match[0]),
        )
        for part in material.sentences
        for match in _SIDE.finditer(part.body)
        if not _NOT_A_SIDE.search(part.body[: match.start()])
    ]
    return patches(found, "the evidence names no side")


def _other_side(word: str) -> str:
    return re.sub("left|right", _turned, word, flags=re.IGNORECASE)


def _turned(side: re.Match[str]) -> str:
    other = _OTHER_SIDE[side[0].lower()]
    if side[0].isupper():
        return other.upper()
    return other.capitalize() if side[0][0].isupper() else other


_NEGATIONS = (
    (re.compile(r"\b(is|are|was|were|must|should|may|can|does|do|will|need) not\b"), r"\1"),
    (re.compile(r"\bcannot\b"), "can"),
    (re.compile(r"\bwithout\b"), "with"),
    (re.compile(r"\bnever\b"), "always"),
    (
        re.compile(r"\b(is|are|was|were|must|should|may|can|will)\b(?! (?:not|no|never)\b)"),
        r"\1 not",
    ),
)


@family("negation")
def negation(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """A ``not`` put into the sentence that decides, or taken out of it."""
    if not material.sentences:
        return NO_EVIDENCE
    found = [patch for part in _deciding(material) for patch in _negated(part)]
    return patches(found, "the sentence that decides has no verb to negate")


def _negated(part: Sentence) -> Iterator[Patch]:
    for pattern, new in _NEGATIONS:
        for match in pattern.finditer(part.body):
            yield Patch(
                family="negation",
                sentence=part.number,
                start=match.start(),
                old=match[0],
                new=match.expand(new),
            )


_AMOUNT = re.compile(
    r"(?<![\w.,])(?P<number>\d+(?:\.\d+)?)(?P<space>[ -]?)"
    r"(?P<unit>mm|cm|mg|g|mL|ml|HU|%|percent|hours?|minutes?|days?|weeks?|months?|years?|mmHg|mSv"
    r"|Gy|T|bpm|kg)(?!\w)"
)


@family("threshold")
def threshold(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """A number of the sentence that decides, moved over the value in question.

    Where the question holds a value of the same kind, in whatever unit, the threshold passes to
    its other side; elsewhere it is halved or doubled, or moves by a factor of ten.
    """
    if not material.sentences:
        return NO_EVIDENCE
    asked = _amounts(material.item.question)
    found = [
        Patch(
            family="threshold",
            sentence=part.number,
            start=match.start("number"),
            old=match["number"],
            new=new,
        )
        for part in _deciding(material)
        for match in _amounts(part.body)
        for new in _moved(match, asked)
    ]
    return patches(found, "the sentence that decides holds no quantity")


def _amounts(text: str) -> list[re.Match[str]]:
    return list(_AMOUNT.finditer(text))


_SIZES = {
    "length": {"mm": 1.0, "cm": 10.0},
    "mass": {"mg": 1.0, "g": 1e3, "kg": 1e6},
    "volume": {"ml": 1.0},
    "share": {"%": 1.0, "percent": 1.0},
    # A month is a twelfth of a year of 365.25 days.
    "time": {
        "minute": 1.0,
        "hour": 60.0,
        "day": 1440.0,
        "week": 10080.0,
        "month": 43830.0,
        "year": 525960.0,
    },
}
"""How much each unit is of the smallest of its kind."""


def _size(unit: str) -> tuple[str, float]:
    """Return a unit's kind and size; one without others of its kind is its own."""
    name = unit.lower() if unit in {"mL", "ml"} else unit.removesuffix("s")
    return next(((kind, sizes[name]) for kind, sizes in _SIZES.items() if name in sizes), (name, 1))


def _moved(limit: re.Match[str], asked: Sequence[re.Match[str]]) -> Iterator[str]:
    """Yield the numbers to which a threshold moves, in its own unit."""
    number, (kind, size) = float(limit["number"]), _size(limit["unit"])
    values = [
        float(match["number"]) * other / size
        for match in asked
        for its_kind, other in [_size(match["unit"])]
        if its_kind == kind
    ]
    if not values:
        yield from (_number(number * factor) for factor in (2, 0.5, 10, 0.1) if number)
    for value in values:
        if (over := _beyond(number, value)) is not None:
            yield over


def _beyond(limit: float, value: float) -> str | None:
    """Return a limit on the other side of a value; ``None`` where there is none, such as of 0."""
    below = limit <= value
    moved = _number(value * 1.5 if below else value / 2)
    passed = float(moved) > value if below else 0 < float(moved) < value
    return moved if passed else None


def _number(value: float) -> str:
    """Write a number as such numbers are written: whole from 10 on, else with two figures."""
    return (
        f"{round(value)}" if value >= 10 else f"{float(f'{value:.2g}'):f}".rstrip("0").rstrip(".")
    )


def _deciding(material: Material) -> list[Sentence]:
    return few([part for part in material.sentences if part.number in material.carriers])
