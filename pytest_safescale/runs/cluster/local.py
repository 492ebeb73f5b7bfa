"""Shards as processes of this machine: what a cluster does, tried out without one."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.runs.cluster.shard_process import ShardProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_safescale.runs.cluster.tasks import News, ShardTask

__all__ = ["LocalWorkplace"]

_LOOK_S = 0.1
"""How often processes are looked at."""


class LocalWorkplace:
    """Runs each shard in a process of its own, with a store of its own."""

    def __init__(self, *, cwd: Path, store: Path | None) -> None:
        """``store`` is the store that each shard starts from a copy of."""
        self._cwd = cwd
        self._store = store
        self._folder = tempfile.TemporaryDirectory(prefix="safescale-")
        self._running: dict[int, ShardProcess] = {}

    def begin(self, task: ShardTask) -> None:
        """Start a shard."""
        folder = Path(tempfile.mkdtemp(prefix=f"{task.number}-", dir=self._folder.name))
        self._running[task.number] = ShardProcess(task, folder, cwd=self._cwd, store=self._store)

    def news(self) -> Sequence[News]:
        """Return what has come; waits a moment where nothing has."""
        found = list(self._found())
        if not found:
            time.sleep(_LOOK_S)
        return found

    def _found(self) -> Iterator[News]:
        for number, process in list(self._running.items()):
            ended = process.has_ended()  # before its last replies are looked for
            yield from process.pieces()
            if ended:
                yield process.end()
                process.close()
                del self._running[number]

    def stop(self) -> None:
        """Have every shard end in order."""
        for process in self._running.values():
            process.stop()

    def close(self) -> None:
        """End what still runs."""
        for process in self._running.values():
            process.close()
        self._folder.cleanup()
