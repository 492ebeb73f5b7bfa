"""The gravest items in words: the question, what was chosen, what that would do, what is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.report.plain_words import in_words
from pytest_safescale.results.label_words import finding_word
from pytest_safescale.text.escaping import plain
from pytest_safescale.verdicts.labels import FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.report.page.case_facts import ItemFacts

__all__ = [
    "OF_LABEL",
    "Chosen",
    "OptionShown",
    "WorstItem",
    "danger_words",
    "option_of",
    "worst_items",
]

_CELLS = 3
"""Cells that are named of those in which an option was chosen."""
OF_LABEL = {"contradicts": "contradicts the evidence"}
"""Labels whose name alone says too little, unless the data set has its own word."""


class OptionShown(NamedTuple):
    """An option as it is told."""

    letter: str
    text: str
    """Empty where the data have none."""
    danger: str
    """Its labels in the data set's own words; empty without any."""
    grave: bool
    """Whether it is high-risk or unsafe."""
    harm: float
    """From 0 to 1."""


class Chosen(NamedTuple):
    """A wrong option of an item, and how often it was given."""

    option: OptionShown
    cases: int
    """Single answers that gave it."""
    sure: int
    """Cases whose samples were overconfident of it."""
    where: str
    """Some of the cells."""

    def told(self, cases: int) -> str:
        """Say how often, of so many cases."""
        of = f"of {cases} {'case' if cases == 1 else 'cases'}"
        if not self.cases:
            return f"by samples that are sure of it in {self.sure} {of}"
        sure = f"; the samples are sure of it in {self.sure}" if self.sure else ""
        return f"in {self.cases} {of}{sure}"


class WorstItem(NamedTuple):
    """An item with what was wrongly answered to it, the gravest option first."""

    item_id: str
    subspecialty: str
    question: str
    cases: int
    correct: OptionShown
    chosen: Sequence[Chosen]


def danger_words(labels: Iterable[str], named: Mapping[str, str]) -> str:
    """Return the labels of an option in words, the gravest first; empty without labels."""
    given = [label for label in FLAGS if label in set(labels)]
    return ", ".join(named.get(one) or OF_LABEL.get(one) or finding_word({}, one) for one in given)


def option_of(item: Mapping[str, Any], letter: str, named: Mapping[str, str]) -> OptionShown:
    """Return an option of an item as ``CasePacker.item`` has it; of a foreign letter no text."""
    for known, text, labels, harm in item["options"]:
        if known == letter:
            grave = not {"high_risk", "unsafe"}.isdisjoint(labels)
            return OptionShown(letter, text, danger_words(labels, named), grave, harm)
    return OptionShown(letter, "", "", grave=False, harm=0.0)


def worst_items(
    items: Sequence[ItemFacts], texts: Mapping[str, Mapping[str, Any]], named: Mapping[str, str]
) -> list[WorstItem]:
    """Return items, the gravest first as ``items_of`` sorts them, in words.

    ``texts`` has an item of ``CasePacker.item`` by its id, ``named`` the data set's own words.
    """
    return [_worst(item, texts[plain(item.item_id)], named) for item in items]


def _worst(item: ItemFacts, text: Mapping[str, Any], named: Mapping[str, str]) -> WorstItem:
    chosen = [
        Chosen(option_of(text, letter, named), item.letters[letter], item.sure[letter], _where(at))
        for letter, at in item.cells.items()
    ]
    chosen.sort(key=lambda one: (-one.option.harm, not one.option.grave, -one.cases, one.option))
    return WorstItem(
        item_id=item.item_id,
        subspecialty=item.subspecialty,
        question=text["question"],
        cases=item.cases,
        correct=option_of(text, text["truth"], named),
        chosen=chosen,
    )


def _where(cells: Sequence[tuple[str, str]]) -> str:
    """Name the cells, those of one model together."""
    by_model: dict[str, list[str]] = {}
    for model, condition in cells[:_CELLS]:
        by_model.setdefault(model, []).append(in_words(condition))
    told = "; ".join(f"{model}: {', '.join(names)}" for model, names in by_model.items())
    more = len(cells) - _CELLS
    return f"{told} and {more} more" if more > 0 else told
