"""Words of one kind that exclude each other, such as ``benign`` and ``malignant``.

The table is small and general: it holds what texts on images and their consequences say of size,
place, course and danger.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Poles", "opposites", "poles"]

Poles: TypeAlias = "Mapping[tuple[int, int], str]"
"""The words of a text that stand in the table, by line and pole (1 or -1)."""

_PAIRS = """
increase increases increased increasing rise rises rising | \
decrease decreases decreased decreasing fall falls falling
high higher raised elevated | low lower reduced
benign | malignant suspicious
safe | unsafe dangerous hazardous
present | absent missing
before precedes | after follows
early | late
proximal | distal
anterior | posterior
medial | lateral
superior cranial | inferior caudal
upper | lower
bright hyperintense | dark hypointense
hyperattenuating dense | hypoattenuating lucent
thick thickened | thin
wide widened broad | narrow narrowed
acute | chronic
stable | unstable
complete | incomplete partial
common frequent often frequently commonly usually | rare rarely uncommon seldom
normal | abnormal
internal | external
fast quick rapid rapidly quickly | slow slowly
improve improves improved | worsen worsens worsened
positive | negative
central | peripheral
solid | cystic
regular smooth | irregular
reversible | irreversible
more | less
large larger | small smaller
sensitive | insensitive
sharp well-defined | ill-defined blurred
operative surgical | conservative
"""
"""Words of one pole, and behind the bar those of the other."""
_WORD = Pattern(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def opposites(mine: Poles, theirs: Poles) -> tuple[str, str] | None:
    """Return the words of two texts that exclude each other; ``None`` where none or several do.

    A text that names both poles says that they are apart, and excludes nothing.
    """
    found = [
        (mine[number, sign], theirs[number, -sign])
        for number, sign in mine
        if (number, -sign) in theirs
        and (number, -sign) not in mine
        and (number, sign) not in theirs
    ]
    return found[0] if len(set(found)) == 1 else None


def poles(text: str) -> Poles:
    """Return the words of a text that stand in the table, in lower case."""
    places = _places()
    return {place: word for word in _WORD.findall(text.lower()) for place in places.get(word, ())}


@cache
def _places() -> Mapping[str, Sequence[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for number, line in enumerate(_PAIRS.strip().splitlines()):
        for sign, words in zip((1, -1), line.split(" | "), strict=True):
            for word in words.split():
                found.setdefault(word, []).append((number, sign))
    return found
