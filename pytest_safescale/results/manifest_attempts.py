"""Which lock a run is under, and which attempts were made under it: parts of the manifest."""

from __future__ import annotations

from typing_extensions import NotRequired, TypedDict

__all__ = ["AttemptRow", "LedgerOfRun", "LockOfRun"]


class LockOfRun(TypedDict):
    """The lock that a run is held by."""

    path: str
    sha256: str
    made: str
    changed: NotRequired[list[str]]
    """What was no longer as it is fixed when the run ended, in sentences."""


class AttemptRow(TypedDict):
    """An earlier attempt under the same lock, as the ledger has it."""

    attempt: int
    run_id: str
    start: str
    models: dict[str, str]
    """The fingerprint of each, by its name."""
    cases: int
    """How many it was to ask."""
    asked: int | None
    """How many it asked; ``None`` where it did not come to its end."""
    outcomes: dict[str, int] | None
    """How many gates passed, failed and were inconclusive."""


class LedgerOfRun(TypedDict):
    """The place of a run among the attempts under its lock."""

    path: str
    attempt: int
    """Its number, from 1."""
    earlier: list[AttemptRow]
    beside: int
    """Attempts on the same items under other locks."""
    opened_beside: int
    """How many of those opened the sealed ones among them."""
    unreadable: list[str]
    """The lines that cannot be read, and why."""
