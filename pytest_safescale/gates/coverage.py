"""How much of a run was asked: a gate on a part of it cannot speak for the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Coverage"]


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How much of a run was asked, cell by cell."""

    expected: Mapping[tuple[str, str], int]
    """Cases by (model, condition), as settings and data set give them."""
    recorded: Mapping[tuple[str, str], int]
    """Cases that came to an end, errored ones included."""

    @property
    def models(self) -> list[str]:
        """The models of the run, in its order."""
        return list(dict.fromkeys(model for model, _ in self.expected))

    @property
    def conditions(self) -> list[str]:
        """The conditions of the run, in its order."""
        return list(dict.fromkeys(condition for _, condition in self.expected))
