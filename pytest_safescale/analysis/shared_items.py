"""Which items two runs have in common: by id, and by everything that the item says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["ItemMark", "Known", "SharedItems", "shared_items"]


class Known(Protocol):
    """What an item is recognised by."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def truth(self) -> str:
        """The correct letter."""

    @property
    def content(self) -> str:
        """A hash of everything it says; empty where none is recorded."""


class ItemMark(NamedTuple):
    """An item by what it is recognised by."""

    id: str
    truth: str
    content: str


@dataclass(frozen=True, kw_only=True)
class SharedItems:
    """The items of two runs, by id."""

    ids: Sequence[str]
    """In both, with the same content."""
    changed: frozenset[str] = frozenset()
    """In both, with another content: they are no longer the same question."""
    unproven: frozenset[str] = frozenset()
    """Of ``ids``, those without a hash of their content in one of the runs: id and correct letter
    are the same, and no more is known."""
    only_now: int = 0
    only_before: int = 0


def shared_items(now: Iterable[Known], before: Iterable[Known]) -> SharedItems:
    """Return what the items of two runs have in common, in the order of ``now``."""
    earlier = {item.id: item for item in before}
    ids: list[str] = []
    changed, unproven, count = set(), set(), 0
    for item in now:
        count += 1
        other = earlier.get(item.id)
        if other is None:
            continue
        proven = bool(item.content and other.content)
        alike = item.content == other.content if proven else item.truth == other.truth
        if not alike:
            changed.add(item.id)
            continue
        ids.append(item.id)
        if not proven:
            unproven.add(item.id)
    both = len(ids) + len(changed)
    return SharedItems(
        ids=ids,
        changed=frozenset(changed),
        unproven=frozenset(unproven),
        only_now=count - both,
        only_before=len(earlier) - both,
    )
