"""How few of the missing replies would change what a gate says."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_safescale.gates.criteria.criterion import Criterion

__all__ = ["tipping_point"]


def tipping_point(criterion: Criterion, changes: Callable[[Criterion], bool]) -> int | None:
    """Return how many missing cases, had they been otherwise, change the decision as counted.

    The other ones stay as they are counted: failed calls excluded, unreadable replies without an
    answer. ``changes`` says whether a criterion decides otherwise. ``None`` where none could
    change it. Exact for rates and their differences, for all else the fewest of a sensible order.
    """
    found = [
        many
        for worst in (True, False)
        if (many := _fewest(criterion, changes, worst=worst)) is not None
    ]
    return min(found, default=None)


def _fewest(
    criterion: Criterion, changes: Callable[[Criterion], bool], *, worst: bool
) -> int | None:
    most = len(criterion.missing)
    if not changes(criterion.moved(most, worst=worst)):
        return None
    numbers = range(1, most)
    return 1 + bisect_left(
        numbers, True, key=lambda many: changes(criterion.moved(many, worst=worst))
    )
