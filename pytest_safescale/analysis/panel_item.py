"""What the figures need to know of an item."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_safescale.dataset.item import PUBLIC
from pytest_safescale.dataset.votes import is_set

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.dataset.votes import LabelRule

__all__ = ["NO_SUBGROUP", "SUBGROUP_FIELDS", "PanelItem", "one_subgroup"]


SUBGROUP_FIELDS = ("subspecialty", "question_type")
"""The fields by which items are parted into subgroups."""
NO_SUBGROUP = "(none)"
"""Names the items that do not say which subgroup they are in."""
_LONGEST = 60


def one_subgroup(text: str) -> str:
    """Return the name of the subgroup that an item's text means, in one line of 60 characters."""
    return " ".join(text.split())[:_LONGEST].strip() or NO_SUBGROUP


@dataclass(frozen=True, kw_only=True)
class PanelItem:
    """What the figures need to know of an item."""

    id: str
    truth: str
    letters: str
    """Empty for an item that is not in the data set: its options and labels are unknown."""
    labels: Mapping[str, Sequence[str]]
    """The labels that are set, by letter."""
    votes: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    """How many raters said yes and no of a label, by letter, where one said yes."""
    labelled: bool = False
    """Whether the data set says of any option that it carries a label or that it does not."""
    severity: Mapping[str, float] = field(default_factory=dict)
    """How bad an answer is, from 0 to 1, by the letters of the options that state it."""
    content: str = ""
    """A hash of everything the item says; empty where none is recorded."""
    cluster: str = ""
    """What it shares with items it is not independent of; empty where it is named none."""
    pool: str = PUBLIC
    """``public`` or ``sealed``."""

    subspecialty: str = ""
    question_type: str = ""

    def subgroup(self, field: str) -> str:
        """Return the name of the item's subgroup by a field of SUBGROUP_FIELDS, in one line."""
        return one_subgroup(getattr(self, field))

    def labelled_by(self, rule: LabelRule) -> PanelItem:
        """Return the item with the labels that a rule makes of its votes, where it has some."""
        if not self.votes:
            return self
        labels = {
            letter: [label for label, counts in votes.items() if is_set(counts, rule)]
            for letter, votes in self.votes.items()
        }
        return replace(self, labels={letter: names for letter, names in labels.items() if names})
