"""Applicability: passages that tell an item's fact for other patients or under a condition.

A sentence that carries the key fact or supports the correct option, and is limited (``limits``) to
people, a state or a modality that the item does not name, is one from which a model may drop the
limit. Measured on planted corpora (docs/audit.md).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_safescale.audit.finding import Finding
from pytest_safescale.audit.limits import unmet_limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_safescale.audit.item_passages import ItemPassages, Told
    from pytest_safescale.audit.limits import Limit
    from pytest_safescale.dataset.item import Item

__all__ = ["find_not_applicable", "limits_for_others", "told_for_others"]


def find_not_applicable(one: ItemPassages) -> Iterator[Finding]:
    """Yield a finding for each passage of an item and limit that the item does not meet."""
    support, item = one.support, one.item
    seen: set[tuple[int, str]] = set()
    for told in one.sentences:
        on_item = support.fact.is_about(told.claim) or item.answer in support.supported(told.claim)
        for limit in limits_for_others(item, told) if on_item else ():
            if (told.passage, limit.name) not in seen:
                seen.add((told.passage, limit.name))
                yield replace(told_for_others(one, told, limit), limit=limit.words)


def limits_for_others(item: Item, told: Told) -> tuple[Limit, ...]:
    """Return the limits of a sentence that neither question, key fact nor right option names."""
    asked = f"{item.question} {item.key_fact or ''} {item.option(item.answer).text}"
    return unmet_limits(told.limited, asked)


def told_for_others(one: ItemPassages, told: Told, limit: Limit) -> Finding:
    """Return the finding that a sentence is told for others than the item's patients."""
    return Finding(
        finding="applicability",
        kind=limit.kind,
        sentence=f"it holds {limit.words!r}, and the item does not name this",
        place=one.corpus.place(told.passage, told.text),
        item=one.item.id,
    )
