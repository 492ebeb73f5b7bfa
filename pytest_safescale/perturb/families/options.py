"""Families that move the options: what is asked stays the same."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from pytest_safescale.dataset.item import letters_to_read
from pytest_safescale.perturb.edits.edit import Edit, RotateOptions, SwapOptions
from pytest_safescale.perturb.families.family import Edits, Material, NotApplicable, family, several

__all__ = ["option_letters", "option_order"]

_REFERS = re.compile(
    r"\b(?:all|none|both|any|either|neither) of (?:the|these)\b|\b(?:the|options?|answers?) above\b"
    r"|\b(?P<first>[A-Z]) (?:and|or|nor) (?P<second>[A-Z])\b|\boptions? (?P<only>[A-Z])\b",
    re.IGNORECASE,
)
_NAMES_AN_OPTION = re.compile(
    r"\b(?:[Oo]ptions?|[Aa]nswers?|[Cc]hoices?) \(?(?P<only>[A-Z])\b(?!['’])"
)


def _moveable(material: Material) -> NotApplicable | None:
    letters = letters_to_read(len(material.item.options))
    if any(_refers(_REFERS, option.text, letters) for option in material.item.options):
        return NotApplicable(reason="an option refers to the others by letter or place")
    if _refers(_NAMES_AN_OPTION, f"{material.item.question}\n{material.evidence}", letters):
        return NotApplicable(reason="the question or the evidence names an option by its letter")
    return None


def _refers(pattern: re.Pattern[str], text: str, letters: str) -> bool:
    """Say whether a text refers to an option, where every letter in the match is one's."""
    found = (filter(None, match.groups()) for match in pattern.finditer(text))
    return any(all(letter.upper() in letters for letter in named) for named in found)


@family("option_order")
def option_order(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """Options in another order: swaps, of which the first always moves option A.

    Moving A each time makes sure that a model which always takes the first option is seen.
    """
    if (lack := _moveable(material)) is not None:
        return lack
    first, *others = tuple(material.item.letters)
    opening = st.builds(
        SwapOptions,
        family=st.just("option_order"),
        left=st.just(first),
        right=st.sampled_from(others),
    )
    pairs = [(left, right) for left in others for right in others if left < right]
    if not pairs:
        return opening.map(lambda swap: (swap,))
    further = st.sampled_from(pairs).map(
        lambda pair: SwapOptions(family="option_order", left=pair[0], right=pair[1])
    )
    return st.tuples(st.lists(further, max_size=3), opening).map(
        lambda drawn: (*drawn[0], drawn[1])
    )


@family("option_letters")
def option_letters(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """Options under other letters: each moves on by as many places, so none keeps its letter.

    An item's letters run on from A, so that a letter can only be renamed to another option's.
    """
    if (lack := _moveable(material)) is not None:
        return lack
    turns = st.integers(1, len(material.item.options) - 1)
    edits: st.SearchStrategy[Edit] = turns.map(
        lambda by: RotateOptions(family="option_letters", by=by)
    )
    return several(edits, most=1)
