"""Who asks for which call: claims, each its owner's for as long as that process lives.

An owner is known by a file beside the store that it holds locked. The system frees the lock with
its owner, however it ends, and never before: no clock decides, and no process that stands still
or is kept from its loop loses what it claimed. Owners are taken and looked at within the store's
write transactions alone, so nobody meets a file that is created and not locked yet.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import TYPE_CHECKING

from pytest_safescale.calls.database import Lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_safescale.calls.database import Database

__all__ = ["Claims"]

_FILE = "-owner-"


class Claims:
    """The claims on calls, as one owner sees and makes them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._owner = uuid.uuid4().hex
        self._lock = self._lock_of(self._owner)

    def _lock_of(self, owner: str) -> Lock:
        return Lock(self._db.path.with_name(f"{self._db.path.name}{_FILE}{owner}"))

    def of_others(self, calls: Sequence[bytes]) -> dict[bytes, set[int]]:
        """Return the samples of each call that another living owner asks for."""
        select = "SELECT call, sample, owner FROM claims WHERE owner IS NOT ? AND"
        rows = list(self._db.rows_of(select, calls, self._owner))
        dead = self._bury({owner for _, _, owner in rows})
        found: defaultdict[bytes, set[int]] = defaultdict(set)
        for call, sample, owner in rows:
            if owner not in dead:
                found[call].add(sample)
        return found

    def take(self, wanted: Iterable[tuple[bytes, int]]) -> None:
        """Claim samples of calls, those of dead owners included."""
        rows = [(call, sample, self._owner) for call, sample in wanted]
        if rows and not self._lock.held:
            self._lock.take()
        self._db.write("INSERT OR REPLACE INTO claims VALUES (?, ?, ?)", rows)

    def drop(self, given_up: Iterable[tuple[bytes, int]]) -> None:
        """Give up claims of one's own."""
        self._db.write(
            "DELETE FROM claims WHERE call = ? AND sample = ? AND owner = ?",
            [(call, sample, self._owner) for call, sample in given_up],
        )

    def clear(self) -> None:
        """Forget the claims of owners that ended without giving them up."""
        folder, start = self._db.path.parent, f"{self._db.path.name}{_FILE}"
        named = {row[0] for row in self._db.rows("SELECT DISTINCT owner FROM claims")}
        files = {path.name for path in folder.iterdir() if path.name.startswith(start)}
        self._bury(named | {name.removeprefix(start) for name in files})

    def _bury(self, owners: set[str]) -> set[str]:
        """Return those of the owners that live no more; their claims are forgotten."""
        dead = {owner for owner in owners if self._lock_of(owner).is_free()}
        self._db.write("DELETE FROM claims WHERE owner = ?", [(owner,) for owner in dead])
        return dead

    def drop_all(self) -> None:
        """Give up every claim of one's own."""
        self._db.write("DELETE FROM claims WHERE owner = ?", [(self._owner,)])

    @property
    def made(self) -> bool:
        """Whether this owner has claimed anything."""
        return self._lock.held

    def end(self) -> None:
        """Unlock; whatever is still claimed is free for others."""
        self._lock.release()
