"""Applicability: passages that tell an item's fact for other patients or under a condition.

A sentence that carries the key fact or supports the correct option, and is limited (``limits``) to
people, a state or a modality that the item does not name, is one from which a model may drop the
limit. Measured on planted corpora (docs/audit.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.audit.finding import Finding
from pytest_safescale.audit.limits import unmet_limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_safescale.audit.item_passages import ItemPassages

__all__ = ["find_not_applicable"]


def find_not_applicable(one: ItemPassages) -> Iterator[Finding]:
    """Yield a finding for each passage of an item and limit that the item does not meet."""
    support, item = one.support, one.item
    asked = f"{item.question} {item.key_fact or ''} {item.option(item.answer).text}"
    seen: set[tuple[int, str]] = set()
    for told in one.sentences:
        on_item = support.fact.is_about(told.claim) or item.answer in support.supported(told.claim)
        for limit in unmet_limits(told.limited, asked) if on_item else ():
            if (told.passage, limit.name) not in seen:
                seen.add((told.passage, limit.name))
                yield Finding(
                    finding="applicability",
                    kind=limit.kind,
                    sentence=f"it holds {limit.words!r}, and the item does not name this",
                    place=one.corpus.place(told.passage, told.text),
                    item=item.id,
                    limit=limit.words,
                )
