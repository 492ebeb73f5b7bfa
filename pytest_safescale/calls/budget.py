"""What a run has spent over all its processes, and what it may spend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.calls.stored_replies import SPENT, Spent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.calls.database import Database

__all__ = ["Spending"]

_SPENT = (
    "SELECT run, calls, retries, prompt_tokens, completion_tokens, estimated_tokens, money "
    "FROM spent"
)
_ADD = "INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run) DO UPDATE SET"


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
        added = ", ".join(f"{name} = {name} + excluded.{name}" for name in SPENT)
        self._db.write(f"{_ADD} {added}", [(self._run, *sums)])

    def of_all_runs(self) -> list[tuple[str, Spent]]:
        """Return what each run of this store has spent; what cannot be read is passed over."""
        return [
            (run, Spent(**dict(zip(SPENT, sums, strict=True))))
            for run, *sums in self._db.rows(_SPENT)
            if isinstance(run, str) and all(isinstance(number, (int, float)) for number in sums)
        ]

    def take_in(self, spent: Sequence[tuple[str, Spent]]) -> None:
        """Keep what another store says of runs: of two counts of one run the larger.

        Within a transaction of the caller's. Each store's is a copy of the same count.
        """
        rows = [(run, *(getattr(one, name) for name in SPENT)) for run, one in spent]
        larger = ", ".join(f"{name} = max({name}, excluded.{name})" for name in SPENT)
        self._db.write(f"{_ADD} {larger}", rows)

    def spent(self) -> Spent:
        """Return what this run has spent so far, all its processes together."""
        return self.of(self._run)

    def of(self, run: str) -> Spent:
        """Return what a run has spent so far, as far as this store knows."""
        rows = self._db.rows(f"{_SPENT} WHERE run = ?", (run,))
        return Spent(**dict(zip(SPENT, rows[0][1:], strict=True))) if rows else Spent()
