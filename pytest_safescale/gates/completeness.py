"""How much of a run was asked: a gate on a part of it cannot speak for the whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Completeness"]


@dataclass(frozen=True, kw_only=True)
class Completeness:
    """How much of a run was asked, cell by cell."""

    expected: Mapping[tuple[str, str], int]
    """Cases by (model, condition), as settings and data set give them."""
    recorded: Mapping[tuple[str, str], int]
    """Cases that came to an end, errored ones included."""
    missed: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    """The items of the cases that were not asked, where it is known which they are."""

    order: Sequence[str] = ()
    """The items in the order in which they were listed before the first call; empty where that is
    not known."""

    def left(self, cell: tuple[str, str]) -> int:
        """Return how many cases of a cell were not asked."""
        return max(0, self.expected.get(cell, 0) - self.recorded.get(cell, 0))

    def unasked(self, cell: tuple[str, str]) -> Sequence[str]:
        """Return the item of each case that was not asked; ``""`` where it is not known."""
        left, known = self.left(cell), self.missed.get(cell, ())
        return known if len(known) == left else ("",) * left

    @property
    def models(self) -> list[str]:
        """The models of the run, in its order."""
        return list(dict.fromkeys(model for model, _ in self.expected))

    @property
    def conditions(self) -> list[str]:
        """The conditions of the run, in its order."""
        return list(dict.fromkeys(condition for _, condition in self.expected))
