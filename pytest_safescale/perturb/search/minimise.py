"""Minimises what breaks a relation by delta debugging that asks in rounds.

The candidates of a round do not depend on each other's answers, so they are asked together and a
round takes as long as one call. Where a fixed set of parts is to blame, two rounds find it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

__all__ = ["Parts", "minimise"]

Parts = tuple[int, ...]
"""Numbers of parts, ascending."""
FEWEST_CHUNKS = 4
"""Into how many chunks parts are divided that are left out together: more calls, fewer rounds."""


async def minimise(
    parts: int, breaks: Callable[[list[Parts]], Awaitable[list[bool]]], *, left: Callable[[], int]
) -> Parts:
    """Return a selection of the parts that breaks the relation still, with no part to spare.

    ``breaks`` asks a round: it says of each selection whether that breaks the relation too, and
    ``False`` of one that may not be asked any more. ``left`` says how many calls may be made.
    """
    kept: Parts = tuple(range(parts))
    # Half of the calls at most go to the first round: to groups of parts where they are too many.
    size = max(1, -(-2 * parts // max(left(), 1)))
    while True:
        groups = [kept[at : at + size] for at in range(0, len(kept), size)]
        still = await breaks([_without(kept, group) for group in groups])
        spare = _joined(group for group, breaking in zip(groups, still, strict=True) if breaking)
        if spare:
            kept = await _spare_least(_without(kept, spare), spare, breaks)
        elif size == 1:
            return kept
        size = max(1, size // 2)


async def _spare_least(
    needed: Parts, spare: Parts, breaks: Callable[[list[Parts]], Awaitable[list[bool]]]
) -> Parts:
    """Return the needed parts with as few as it takes of those that can be spared one by one."""
    # Mostly the needed ones are enough; then it has to be known what each of them is good for.
    enough, *_ = await breaks([needed, *(_without(needed, (part,)) for part in needed)])
    if enough:
        return needed
    count = FEWEST_CHUNKS
    while len(spare) > 1:
        chunks = _chunks(spare, min(count, len(spare)))
        smaller = [*chunks, *(_without(spare, chunk) for chunk in chunks)]
        still = await breaks([_joined((needed, some)) for some in smaller])
        if True in still:
            spare, count = smaller[still.index(True)], FEWEST_CHUNKS
        elif len(chunks) == len(spare):
            break
        else:
            count = 2 * count
    return _joined((needed, spare))


def _chunks(parts: Parts, count: int) -> list[Parts]:
    ends = [at * len(parts) // count for at in range(count + 1)]
    return [parts[start:end] for start, end in pairwise(ends)]


def _joined(groups: Iterable[Parts]) -> Parts:
    return tuple(sorted(part for group in groups for part in group))


def _without(parts: Parts, left_out: Parts) -> Parts:
    return tuple(part for part in parts if part not in left_out)
