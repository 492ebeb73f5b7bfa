"""Pytest as a process that runs one shard in a folder of its own, on whichever machine."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

from pytest_safescale.calls.batch_jobs import JobNews, job_news
from pytest_safescale.calls.store import Store
from pytest_safescale.runs.cluster.tasks import Ended, Piece

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_safescale.calls.stored_replies import Row
    from pytest_safescale.runs.cluster.tasks import ShardTask

__all__ = ["JUNIT", "REPORT", "ShardProcess"]

REPORT = "report"
JUNIT = "junit.xml"
_ROWS = 2000
"""Replies in a piece at most."""
_TAIL = 4000
"""Characters of pytest's output that come back."""


class ShardProcess:
    """A shard that runs in a process of its own."""

    def __init__(self, task: ShardTask, folder: Path, *, cwd: Path, store: Path | None) -> None:
        """Start it; ``folder`` is there and empty, ``store`` is copied where it is given."""
        self.task = task
        self._folder = folder
        self._stored_at = 0.0
        self._stopped = False
        path = folder / "store.sqlite"
        if store is not None:
            shutil.copyfile(store, path)
        self._store = Store(path, run=task.run)
        self._start_from_earlier_tries()
        with (folder / "output.txt").open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 (pytest, as the user calls it)
                [sys.executable, "-m", "pytest", *task.arguments, *self._own_arguments(path)],
                cwd=cwd,
                env={**os.environ, **task.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for whoever started it
            )

    def _start_from_earlier_tries(self) -> None:
        with self._store.writing():
            self._store.replies.put_where_newer(self.task.rows)
            self._store.spending.take_in([(self.task.run, self.task.spent)])
            self._store.batches.take_in(JobNews(tuple(self.task.jobs)))
        self._jobs, self._version = self._store.batches.every(), -1
        self._place = self._store.replies.last_place()

    def _own_arguments(self, store: Path) -> list[str]:
        files = self._folder / "files"
        files.mkdir()
        return [
            f"--safescale-store={store}",
            f"--safescale-report={files / REPORT}",
            f"--safescale-run-id={self.task.run}",
            f"--safescale-started-by={os.getpid()}",
            *([f"--junitxml={files / JUNIT}"] if self.task.junit else []),
            *("-o", f"cache_dir={self._folder / 'cache'}"),
        ]

    def has_ended(self) -> bool:
        """Say whether pytest has ended."""
        return self._process.poll() is not None

    def pieces(self) -> Iterator[Piece]:
        """Give what was stored since the last call, some at a time."""
        news = self._news_of_jobs()  # a reply is there before its request goes, so this is first
        while found := self._not_yet_given():
            self._place, last = found[-1]
            self._stored_at = last.stored_at
            yield Piece(
                number=self.task.number,
                rows=[row for _, row in found],
                spent=self._store.spending.spent(),
            )
        if news != JobNews():
            spent = self._store.spending.spent()
            yield Piece(number=self.task.number, rows=[], spent=spent, jobs=news)

    def _news_of_jobs(self) -> JobNews:
        version = self._store.version()
        if version == self._version:
            return JobNews()
        self._version, before, self._jobs = version, self._jobs, self._store.batches.every()
        return job_news(before, self._jobs)

    def _not_yet_given(self) -> list[tuple[int, Row]]:
        found = self._store.replies.after(self._place, self.task.run, most=_ROWS)
        # What is asked for anew may take the place of the last one.
        return [
            (place, row)
            for place, row in found
            if place > self._place or row.stored_at != self._stored_at
        ]

    def stop(self) -> None:
        """Have it end in order, as Ctrl-C does; a second signal would cut that short."""
        if not (self._stopped or self.has_ended()):
            self._stopped = True
            self._process.terminate()

    def end(self) -> Ended:
        """Wait for its end and return what came of it, but for its last pieces."""
        code = self._process.wait()
        output = (self._folder / "output.txt").read_bytes().decode(errors="replace")
        return Ended(
            number=self.task.number,
            exit_code=code,
            output=output[-_TAIL:],
            files=_zipped(self._folder / "files"),
        )

    def close(self) -> None:
        """End it at once where it still runs."""
        if not self.has_ended():
            self._process.kill()
            self._process.wait()
        self._store.close()


def _zipped(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return packed.getvalue()
