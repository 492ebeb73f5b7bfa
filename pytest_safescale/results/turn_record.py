"""The turns before an answer, and the options as they were shown, as plain JSON data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["KeptTurn", "ShownOption", "TurnRecord", "first_turn"]


class KeptTurn(TypedDict):
    """The reply of a turn before the answer: what figures need of it."""

    letter: str | None
    """``None`` for a reply that names none."""
    state: str
    """A value of ``AnswerState``."""


class TurnRecord(KeptTurn):
    """The reply of a turn before the answer."""

    text: str
    form: str
    """A value of ``AnswerForm``."""


class ShownOption(TypedDict):
    """An option as a prompt profile showed it."""

    text: str
    letter: str | None
    """The item's; ``None`` for the added one, which abstains."""


def first_turn(turns: Sequence[TurnRecord]) -> KeptTurn | None:
    """Return the reply of the first turn; ``None`` where there was none before the answer."""
    return {"letter": turns[0]["letter"], "state": turns[0]["state"]} if turns else None
