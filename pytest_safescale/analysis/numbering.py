"""Numbers for values, in the order in which they come."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

__all__ = ["Numbering"]

K = TypeVar("K", bound=Hashable)


class Numbering(dict[K, int]):
    """The number of each value, from 0; one that is new is given the next when it is asked for."""

    def __missing__(self, value: K) -> int:
        self[value] = number = len(self)
        return number
