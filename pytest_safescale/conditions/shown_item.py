"""An item as a prompt profile shows it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from pytest_safescale.answers.shown_item import ShownItem
from pytest_safescale.dataset.item import LETTERS

if TYPE_CHECKING:
    from pytest_safescale.conditions.profiles import PromptProfile
    from pytest_safescale.dataset.item import Item

__all__ = ["shown_item"]


def shown_item(item: Item, profile: PromptProfile, seed: int) -> ShownItem:
    """Return what a profile shows of an item.

    An option that abstains stands last, or in a place that ``seed`` and the item's id decide; the
    others keep their order and go by the letters of their places.
    """
    if not profile.abstain_option:
        return ShownItem.plain(item)
    place = len(item.options)
    if profile.abstain_place == "shuffled":
        place = Random(f"{seed}/{item.id}").randrange(place + 1)  # noqa: S311 - reproducible
    own: list[str | None] = list(item.letters)
    own.insert(place, None)
    letters = dict(zip(LETTERS, own, strict=False))
    return ShownItem.with_abstention(item, letters, profile.abstain_option)
