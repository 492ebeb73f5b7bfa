"""The shards of a run are started, watched, started again where their node died, and fetched."""

from __future__ import annotations

import io
import shutil
import uuid
import zipfile
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.errors import UsageError
from pytest_safescale.runs.cluster.shard_process import REPORT
from pytest_safescale.runs.cluster.tasks import Ended, Lost, Piece, ShardTask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.calls.store import Store
    from pytest_safescale.calls.stored_replies import Row
    from pytest_safescale.runs.cluster.dealing import Dealer
    from pytest_safescale.runs.cluster.tasks import Workplace

__all__ = ["MOST_TRIES", "ShardCall", "ShardRun"]

MOST_TRIES = 4
"""How often a shard is begun at most, where each time its node dies."""
_JUDGED = (0, 1)
"""Exit codes of a shard that has a report."""
_UNUSABLE = 4


@dataclass(frozen=True, kw_only=True)
class ShardCall:
    """How pytest is called for every shard, but for what is dealt out."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    resources: Sequence[Mapping[str, float]]
    """What shards take of a node: of each model's as many, in the order of the models."""
    junit: bool


class ShardRun:
    """All shards of a run; what they store is in the user's store as soon as it has come."""

    def __init__(
        self,
        call: ShardCall,
        *,
        shards: int,
        dealer: Dealer,
        store: Store,
        folder: Path,
        tell: Callable[[str], None],
    ) -> None:
        """``folder`` is where the shards' reports go; ``tell`` shows a line at once."""
        self._call = call
        self._shards = shards
        self._dealer = dealer
        self._store = store
        self._folder = folder
        self._tell = tell
        self._waiting = deque(range(1, shards + 1))
        self._running: set[int] = set()
        self._runs = {number: uuid.uuid4().hex for number in self._waiting}
        self._tries: Counter[int] = Counter()
        self._came: set[int] = set()
        self._missing: dict[int, str] = {}
        self._unusable: str | None = None
        self._stopped = False

    def go(self, place: Workplace) -> list[Path]:
        """Run every shard; returns their folders.

        Raises UsageError where a shard has not come back, or pytest refuses what it is given, and
        KeyboardInterrupt once everything has ended that was stopped by it.
        """
        interrupted = False
        while self._waiting or self._running:
            try:
                self._step(place)
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                self._tell("stopping: what was answered is fetched; once more ends it at once")
                self._stop(place)
        if interrupted:
            raise KeyboardInterrupt
        self._require_all()
        return [self._folder_of(number) for number in range(1, self._shards + 1)]

    def _step(self, place: Workplace) -> None:
        while self._waiting and len(self._running) < self._dealer.at_once:
            self._begin(place, self._waiting.popleft())
        for news in place.news():
            if isinstance(news, Piece):
                self._take_in(news)
            elif isinstance(news, Lost):
                self._lose(news)
            else:
                self._end(news)
        if self._unusable is not None and not self._stopped:
            self._stop(place)

    def _stop(self, place: Workplace) -> None:
        self._stopped = True
        self._waiting.clear()
        place.stop()

    def _begin(self, place: Workplace, number: int) -> None:
        self._tries[number] += 1
        again = f", try {self._tries[number]}" if self._tries[number] > 1 else ""
        self._tell(f"{self._name(number)} begins{again}")
        self._running.add(number)
        place.begin(self._task(number))

    def _task(self, number: int) -> ShardTask:
        run = self._runs[number]
        shard = f"--safescale-shard={number}/{self._shards}"
        again = self._tries[number] > 1
        left = self._store.batches.every().values() if again else ()
        return ShardTask(
            number=number,
            run=run,
            arguments=(*self._call.arguments, shard, *self._dealer.begin(number)),
            environment=self._call.environment,
            rows=self._stored(run) if again else [],
            jobs=[job for job in left if job.run == run],
            spent=self._store.spending.of(run),
            junit=self._call.junit,
            resources=self._call.resources[
                (number - 1) * len(self._call.resources) // self._shards
            ],
        )

    def _stored(self, run: str) -> list[Row]:
        return [row for _, row in self._store.replies.after(0, run, most=-1)]

    def _take_in(self, piece: Piece) -> None:
        with self._store.writing():
            self._store.replies.put_where_newer(piece.rows)
            self._store.spending.take_in([(self._runs[piece.number], piece.spent)])
            self._store.batches.take_in(piece.jobs)

    def _lose(self, lost: Lost) -> None:
        self._leave(lost.number)
        if lost.again and self._tries[lost.number] < MOST_TRIES and not self._stopped:
            self._tell(f"{self._name(lost.number)}: {lost.why}; it goes on elsewhere")
            self._waiting.appendleft(lost.number)
        else:
            self._miss(lost.number, lost.why)

    def _leave(self, number: int) -> None:
        self._running.discard(number)
        self._dealer.leave(number)

    def _miss(self, number: int, why: str) -> None:
        self._missing[number] = why
        if not self._stopped:
            self._tell(f"{self._name(number)} did not come back: {why}")

    def _end(self, ended: Ended) -> None:
        if ended.exit_code < 0:
            why = f"signal {-ended.exit_code} ended its process"
            self._lose(Lost(number=ended.number, why=why, again=True))
            return
        self._leave(ended.number)
        self._dealer.end(ended.number, self._store.spending.of(self._runs[ended.number]))
        _unpack(ended.files, self._folder_of(ended.number).parent)
        if ended.exit_code in _JUDGED:
            self._came.add(ended.number)
            self._tell(f"{self._name(ended.number)} has ended: {self._progress()}")
        elif ended.exit_code == _UNUSABLE:
            self._unusable = self._unusable or _last_words(ended.output)
        else:
            words = _last_words(ended.output)
            self._miss(ended.number, f"pytest ended with exit code {ended.exit_code}: {words}")

    def _progress(self) -> str:
        return f"{len(self._came)} of {self._shards}"

    def _require_all(self) -> None:
        if self._unusable is not None:
            raise UsageError(self._unusable)
        if self._missing:
            named = "; ".join(
                f"{self._name(number)}: {why}" for number, why in sorted(self._missing.items())
            )
            raise UsageError(
                f"{len(self._missing)} of {self._shards} shards did not come back, so nothing is "
                f"judged ({named}); what they stored is in {self._store.path}: run the same "
                "command again"
            )

    def _name(self, number: int) -> str:
        return f"shard {number}/{self._shards}"

    def _folder_of(self, number: int) -> Path:
        """Return where the report folder of a shard is; its other files are beside that."""
        return self._folder / f"shard-{number}" / REPORT


def _unpack(files: bytes, folder: Path) -> None:
    """Put the files of a shard into a folder, in the place of what is there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(files)) as archive:
        archive.extractall(folder)


def _last_words(output: str) -> str:
    """Return what pytest says of its end, as one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR: ")]
    said: Sequence[str] = errors or lines[-1:] or ["it said nothing"]
    return said[-1].removeprefix("ERROR: ").removeprefix("safescale: ")
