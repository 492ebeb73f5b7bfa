"""What runs on the cluster: a shard as a task, and the actor that holds what shards send home."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_safescale.runs.cluster.shard_process import ShardProcess

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_safescale.runs.cluster.tasks import Ended, Piece, ShardTask

__all__ = ["Letterbox", "run_shard"]

_BEAT_S = 0.5
"""How often a shard sends home what it has stored."""


class Letterbox:
    """Holds pieces until they are fetched, and tells shards whether to stop; an actor."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._stopped = False

    def give(self, pieces: list[Piece]) -> bool:
        """Leave pieces; returns whether the shard is to stop."""
        self._pieces += pieces
        return self._stopped

    def take(self) -> list[Piece]:
        """Return what was left since the last call."""
        pieces, self._pieces = self._pieces, []
        return pieces

    def stop(self) -> None:
        """Tell every shard to stop, the next time that it comes by."""
        self._stopped = True


def run_shard(
    task: ShardTask, store: bytes, give: Callable[[list[Piece]], bool], cwd: str
) -> Ended:
    """Run a shard on this node; returns what came of it once all its replies were given.

    ``store`` is the content of the store that it starts from. ``give`` takes pieces to the
    letterbox and returns whether to stop. ``cwd`` is below the project's folder, where tasks start.
    """
    with tempfile.TemporaryDirectory(prefix="safescale-") as name:
        path = Path(name) / "given.sqlite"
        path.write_bytes(store)
        folder = Path(name) / "shard"
        folder.mkdir()
        process = ShardProcess(task, folder, cwd=Path.cwd() / cwd, store=path)
        try:
            return _watched(process, give)
        finally:
            process.close()


def _watched(process: ShardProcess, give: Callable[[list[Piece]], bool]) -> Ended:
    while True:
        ended = process.has_ended()  # before its last replies are looked for
        if give(list(process.pieces())):
            process.stop()
        if ended:
            return process.end()
        time.sleep(_BEAT_S)


def as_task(ray: Any) -> Any:
    """Return ``run_shard`` as a task of Ray, given its letterbox as an actor."""

    def shard(task: ShardTask, store: bytes, box: Any, cwd: str) -> Ended:
        import ray as here

        return run_shard(task, store, lambda pieces: bool(here.get(box.give.remote(pieces))), cwd)

    return ray.remote(max_retries=0)(shard)
