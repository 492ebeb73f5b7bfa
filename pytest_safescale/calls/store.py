"""The store: one SQLite file that keeps every reply, and who is asking for what.

Every process of a run opens the same file. A call is first claimed, then made, then stored; a
process that finds a call claimed waits for its reply instead of asking again. A claim whose owner
no longer lives is taken over. All methods are quick, but they block: the engine's loop calls them
directly, because handing 50 microseconds of work to a thread costs more than doing it.
"""

from __future__ import annotations

import contextlib
import json
import math
import uuid
from typing import TYPE_CHECKING, Any

from pytest_safescale.calls.batch_jobs import BatchJobs
from pytest_safescale.calls.budget import Spending
from pytest_safescale.calls.claims import Claims
from pytest_safescale.calls.database import LOCK_S, Database
from pytest_safescale.calls.exported_requests import ExportedRequests
from pytest_safescale.calls.rate_limits import Turns
from pytest_safescale.calls.reply_table import ReplyTable
from pytest_safescale.calls.store_tables import create_tables, require_schema
from pytest_safescale.calls.stored_replies import Claim, Row, share_out
from pytest_safescale.errors import StoreError, StoreLocked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.calls.stored_replies import Kept, StoredReply, Wanted
    from pytest_safescale.models.model import Model

__all__ = ["Store"]


class Store:
    """An open store. One instance per process and thread."""

    def __init__(
        self,
        path: Path,
        *,
        run: str = "",
        read_only: bool = False,
        lock_s: float = LOCK_S,
        not_before: float | None = None,
    ) -> None:
        """Open the file, which is created unless it is only read.

        Replies of other runs that were stored before ``not_before``, in seconds since 1970, count
        as absent.
        ``lock_s`` bounds in seconds how long a method waits for another process; then it raises
        StoreLocked. Every method raises StoreError where the file cannot be used.
        """
        self.path = path
        self.run = run or uuid.uuid4().hex
        self.not_before = -math.inf if not_before is None else not_before
        self._db = Database(path, read_only=read_only, lock_s=lock_s)
        self._claims = Claims(self._db)
        self.replies = ReplyTable(self._db)
        self._given_up: list[tuple[bytes, int]] = []
        self.spending = Spending(self._db, self.run)
        self.turns = Turns(self._db)
        self.exported = ExportedRequests(self._db)
        self.batches = BatchJobs(self._db, self.run, self.not_before)
        try:
            if not read_only:
                create_tables(self._db)
            require_schema(self._db)
        except StoreError:
            self._db.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, wanted: Sequence[Wanted]) -> list[dict[int, StoredReply]]:
        """Return the replies that are stored and count, by sample index, for each call wanted.

        A row that cannot be read counts as absent: its call is made again.
        """
        calls = [call for call, _ in wanted]
        found = self.replies.find(calls, run=self.run, not_before=self.not_before)
        return [
            {sample: found[call][sample] for sample in samples if sample in found[call]}
            for call, samples in wanted
        ]

    def claim(self, wanted: Sequence[Wanted]) -> list[Claim]:
        """Claim the samples that nobody has and nobody asks for, for each call wanted."""
        stored = self.get(wanted)
        short = [
            place for place, (_, samples) in enumerate(wanted) if len(stored[place]) < len(samples)
        ]
        claims = [Claim(stored=replies) for replies in stored]
        if short:
            made = self._claim([wanted[place] for place in short])
            for place, claim in zip(short, made, strict=True):
                claims[place] = claim
        return claims

    def _claim(self, wanted: Sequence[Wanted]) -> list[Claim]:
        calls = [call for call, _ in wanted]
        with self.writing():
            # Again, now that nobody else can write: it may have been stored in between.
            stored = self.get(wanted)
            failed = self._failures(calls)
            others = self._claims.of_others(calls)
            claims = [
                share_out(samples, replies, others.get(call, ()), failed.get(call))
                for (call, samples), replies in zip(wanted, stored, strict=True)
            ]
            self._claims.take(
                (call, sample)
                for call, claim in zip(calls, claims, strict=True)
                for sample in claim.mine
            )
        return claims

    def _failures(self, calls: Sequence[bytes]) -> dict[bytes, str]:
        select = "SELECT call, reason FROM failures WHERE run = ? AND"
        return dict(self._db.rows_of(select, calls, self.run))

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Return a context whose writes take effect together or not at all."""
        with self._db.writing():
            self._claims.drop(self._given_up)
            yield
        self._given_up.clear()

    def release(self, call: bytes, samples: Sequence[int]) -> None:
        """Give up claims without a reply, so that whoever needs it may ask again.

        Where another process holds the store locked they are given up with what is written next.
        """
        self._given_up += [(call, sample) for sample in samples]
        with contextlib.suppress(StoreLocked), self.writing():
            pass

    def put(self, kept: Sequence[Kept]) -> None:
        """Keep replies and what they cost; from here on every process finds them."""
        with self.writing():
            self.replies.put(self.rows(kept))
            self._claims.drop((one.call, sample) for one in kept for sample in one.replies)
            self.spending.add([one.spent for one in kept])
            if lines := [line for one in kept for line in one.lines]:
                self.batches.drop(lines)

    def put_imported(self, kept: Sequence[Kept], ids: Sequence[str]) -> None:
        """Keep replies that came in a file, and forget that their requests wait."""
        with self.writing():
            self.replies.put(self.rows(kept))
            self.spending.add([one.spent for one in kept])
            self.exported.drop(ids)

    def rows(self, kept: Sequence[Kept]) -> list[Row]:
        """Return the rows that the store has of replies once they are kept."""
        return [
            Row(one.call, sample, one.model, one.base_url, self.run, reply, one.at)
            for one in kept
            for sample, reply in one.replies.items()
        ]

    def take_in(self, rows: Sequence[Row]) -> None:
        """Keep rows that an earlier run could not, where nothing newer has come in their place."""
        with self.writing():
            self.replies.put_where_newer(rows)
        self.checkpoint()

    def fail(self, call: bytes, reason: str) -> None:
        """Note that a call failed for good in this run: its other processes need not try it."""
        with self.writing():
            self._db.write(
                "INSERT OR REPLACE INTO failures VALUES (?, ?, ?)", [(self.run, call, reason)]
            )

    def facts(self, endpoint: str) -> dict[str, Any]:
        """Return what has been learned about an endpoint; nothing where that cannot be read."""
        rows = self._db.rows("SELECT facts FROM facts WHERE endpoint = ?", (endpoint,))
        try:
            found = json.loads(rows[0][0]) if rows else {}
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def put_facts(self, endpoint: str, facts: Mapping[str, Any]) -> None:
        """Keep what has been learned about an endpoint."""
        with self.writing():
            self._db.write(
                "INSERT OR REPLACE INTO facts VALUES (?, ?)", [(endpoint, json.dumps(facts))]
            )

    def take_in_facts(self, other: Store) -> None:
        """Keep what another store knows of endpoints of which nothing is known here.

        Within a transaction of the caller's.
        """
        rows = other._db.rows("SELECT endpoint, facts FROM facts")
        self._db.write("INSERT OR IGNORE INTO facts VALUES (?, ?)", rows)

    def halt(self, reason: str, *, at_once: bool = False) -> None:
        """Tell every process of this run that nothing more is to be asked.

        With ``at_once`` they end what is under way as well.
        """
        with self.writing():
            self._db.write(
                "INSERT OR REPLACE INTO halts VALUES (?, ?, ?)", [(self.run, reason, at_once)]
            )

    def halted(self, *, at_once: bool = False) -> str | None:
        """Return why nothing more is to be asked in this run; ``None`` where it goes on.

        With ``at_once`` only a halt counts that ends what is under way as well.
        """
        rows = self._db.rows(
            "SELECT reason FROM halts WHERE run = ? AND at_once >= ?", (self.run, at_once)
        )
        return str(rows[0][0]) if rows else None

    def stored_by_this_run(self, *, but: Model | None = None) -> int:
        """Return the number of replies that were not there before this run.

        ``but`` is a model whose replies do not count, such as that of dense retrieval.
        """
        return self.replies.made_by(self.run, but=but.info if but is not None else None)

    def version(self) -> int:
        """Return a number that is another one once another process has written."""
        ((found,),) = self._db.rows("PRAGMA data_version")
        return int(found)

    def size(self) -> int:
        """Return the number of replies."""
        return self.replies.count()

    def clear_claims(self) -> None:
        """Forget the claims of processes that ended without giving them up."""
        with self.writing():
            self._claims.clear()

    def copy_to(self, path: Path) -> None:
        """Write a copy of the store as it is now, also while others use it, to a new file."""
        self._db.rows("VACUUM INTO ?", (str(path),))

    def checkpoint(self) -> None:
        """Move what was written into the one file, so that a copy of it holds every reply."""
        self._db.checkpoint()

    def close(self) -> None:
        """Give up what is still claimed and close the file."""
        with contextlib.suppress(StoreError):
            if self._claims.made:
                with self.writing():
                    self._claims.drop_all()
            self.checkpoint()
        self._claims.end()
        self._db.close()
