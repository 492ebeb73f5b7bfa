"""What goes to whoever runs a shard, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pytest_safescale.calls.batch_jobs import JobNews
from pytest_safescale.calls.stored_replies import Spent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.calls.batch_jobs import Job
    from pytest_safescale.calls.stored_replies import Row

__all__ = ["Ended", "Lost", "News", "Piece", "ShardTask", "Workplace"]


@dataclass(frozen=True, kw_only=True)
class ShardTask:
    """One shard as a task: how pytest is called, and what it starts from."""

    number: int
    """Of the shard, from 1."""
    run: str
    """The id of its run, the same each time it is tried."""
    arguments: tuple[str, ...]
    """Of pytest, but for the places of the store and the report, which are the task's own."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables to set for it; keys are among them, so nothing shows their values."""
    rows: Sequence[Row] = field(default=(), repr=False)
    """What earlier tries of it have stored beyond the store given."""
    spent: Spent = field(default_factory=Spent)
    """What they have spent, as far as it was told."""
    jobs: Sequence[Job] = field(default=(), repr=False)
    """Batches that they left under way."""
    junit: bool = False
    """Whether its tests are wanted as JUnit XML."""
    resources: Mapping[str, float] = field(default_factory=dict)
    """What it takes of a node, by Ray's names."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Replies that a shard has stored since its last piece."""

    number: int
    rows: Sequence[Row]
    spent: Spent
    """What it has spent so far."""
    jobs: JobNews = field(default_factory=JobNews)
    """What has become of its batches; all that came of them came before, or is in this piece."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A shard whose pytest has ended; every reply that it stored came before, as pieces."""

    number: int
    exit_code: int
    """Of pytest, or the negative number of the signal that ended it."""
    output: str
    """The end of what pytest wrote."""
    files: bytes = field(repr=False)
    """Its report folder, and ``junit.xml`` where it was wanted, as a ZIP archive."""


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A shard whose task has ended and brought no result."""

    number: int
    why: str
    again: bool
    """Whether another try may succeed: its node has died, and nothing was wrong with it."""


News = Piece | Ended | Lost


class Workplace(Protocol):
    """Where shards run: processes of this machine, or a cluster."""

    def begin(self, task: ShardTask) -> None:
        """Start a shard."""

    def news(self) -> Sequence[News]:
        """Return what has come since the last call; waits a moment where nothing has."""

    def stop(self) -> None:
        """Have every shard end in order; what comes of it is news."""

    def close(self) -> None:
        """End what still runs, at once, and free what was taken."""
