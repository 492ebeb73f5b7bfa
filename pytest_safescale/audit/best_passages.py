"""Which passages are the likeliest to tell what an item's answer rests on, in whatever words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_safescale.audit.statement import subject_words

if TYPE_CHECKING:
    from pytest_safescale.audit.item_passages import ItemPassages

__all__ = ["SHOWN", "best_passages"]

SHOWN = 5
"""How many passages are looked at for an item that nothing serves by rule."""


def best_passages(one: ItemPassages) -> tuple[str, ...]:
    """Return the ids of the passages with most words of the key fact and the correct option.

    Words weigh as rare as they are in the corpus; passages with as much of them stand as they are
    found for the question, and those with none of them are left out.
    """
    item, corpus = one.item, one.corpus
    wanted = subject_words(f"{item.key_fact or ''} {item.option(item.answer).text}")
    weights = {
        number: math.fsum(map(corpus.weight, wanted & subject_words(corpus.passages[number].text)))
        for number in (*one.ranked, *one.others)
    }
    best = sorted(weights, key=lambda number: -weights[number])[:SHOWN]
    return tuple(corpus.passages[number].id for number in best if weights[number] > 0)
