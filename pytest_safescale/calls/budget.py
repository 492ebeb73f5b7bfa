"""What a run has spent over all its processes, and what it may spend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.calls.stored_replies import SPENT, Spent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.calls.database import Database

__all__ = ["Spending"]


class Spending:
    """The spending of one run, kept in the store."""

    def __init__(self, db: Database, run: str) -> None:
        self._db = db
        self._run = run

    def spend(
        self, spent: Spent, *, max_calls: int | None = None, max_cost: float | None = None
    ) -> bool:
        """Add to what this run has spent over all its processes, unless a limit is reached."""
        with self._db.writing():
            before = self.spent()
            if max_calls is not None and before.calls + spent.calls > max_calls:
                return False
            if max_cost is not None and before.money >= max_cost:
                return False
            self.add([spent])
        return True

    def add(self, spent: Sequence[Spent]) -> None:
        """Add to what this run has spent, within a transaction of the caller's."""
        sums = [sum(getattr(one, name) for one in spent) for name in SPENT]
        self._db.write(
            "INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run) DO UPDATE SET "
            "calls = calls + excluded.calls, retries = retries + excluded.retries, "
            "prompt_tokens = prompt_tokens + excluded.prompt_tokens, "
            "completion_tokens = completion_tokens + excluded.completion_tokens, "
            "estimated_tokens = estimated_tokens + excluded.estimated_tokens, "
            "money = money + excluded.money",
            [(self._run, *sums)],
        )

    def spent(self) -> Spent:
        """Return what this run has spent so far, all its processes together."""
        rows = self._db.rows(
            "SELECT calls, retries, prompt_tokens, completion_tokens, estimated_tokens, money "
            "FROM spent WHERE run = ?",
            (self._run,),
        )
        return Spent(**dict(zip(SPENT, rows[0], strict=True))) if rows else Spent()
