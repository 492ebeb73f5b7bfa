"""Shards as tasks of a Ray cluster that is there already."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import SettingsError, UsageError
from pytest_safescale.runs.cluster.ray_tasks import Letterbox, as_task
from pytest_safescale.runs.cluster.tasks import Lost

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_safescale.runs.cluster.tasks import News, Piece, ShardTask

__all__ = ["RayWorkplace", "room_on"]

_REACHED_S = 10.0
_WAIT_S = 0.5
_OF_RAY = {"num_cpus": "CPU", "num_gpus": "GPU", "memory": "memory"}
"""What a task takes, and what a node calls it; every other name is the same for both."""
_LEFT_OUT = (".git", ".venv", "venv", ".nox", ".tox", "__pycache__", "*.sqlite", "*.sqlite-*")
"""Files of a project that no shard needs."""


class RayWorkplace:
    """Runs each shard as a task, whose pieces come by an actor on this node."""

    def __init__(
        self, address: str, *, project: Path, left_out: Sequence[Path], store: Path
    ) -> None:
        """Connect to the cluster at ``HOST:PORT``, or to the one that Ray finds by itself.

        ``project`` is the folder whose files the tasks see, but for ``left_out``; ``store`` the
        store that they start from. Raises SettingsError where there is no cluster.
        """
        self._ray = _ray()
        self._project = project
        _connect(self._ray, address, project, left_out)
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = self._ray.get_runtime_context().get_node_id()
        # With this process's node the run is over, and with any other nothing of it is lost.
        box = self._ray.remote(num_cpus=0)(Letterbox).options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(here, soft=False)
        )
        self._box = box.remote()
        self._store = self._ray.put(store.read_bytes())
        self._task = as_task(self._ray)
        self._running: dict[Any, int] = {}

    def room(self, resources: Mapping[str, float]) -> int | None:
        """Return how many tasks have room at once; raises SettingsError where none has."""
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        return room_on(nodes, resources)

    def begin(self, task: ShardTask) -> None:
        """Start a shard, on any node that has room."""
        named = {name: task.resources[name] for name in _OF_RAY if name in task.resources}
        others = {name: n for name, n in task.resources.items() if name not in _OF_RAY}
        remote = self._task.options(
            **named, resources=others, scheduling_strategy="SPREAD", name=f"shard {task.number}"
        )
        cwd = _below(Path.cwd(), self._project)
        self._running[remote.remote(self._moved(task, cwd), self._store, self._box, cwd)] = (
            task.number
        )

    def _moved(self, task: ShardTask, cwd: str) -> ShardTask:
        """Return a task whose paths inside the project are found wherever it lies."""
        from dataclasses import replace

        inside, up = f"{self._project}{os.sep}", "../" * len(Path(cwd).parts)
        return replace(task, arguments=tuple(word.replace(inside, up) for word in task.arguments))

    def news(self) -> Sequence[News]:
        """Return what has come; waits a moment where nothing has."""
        if not self._running:
            time.sleep(_WAIT_S)
        ended, _ = (
            self._ray.wait(list(self._running), timeout=_WAIT_S) if self._running else ([], [])
        )
        return [*self._pieces(), *(self._end_of(one, self._running.pop(one)) for one in ended)]

    def _pieces(self) -> list[Piece]:
        from ray.exceptions import RayError

        try:
            pieces: list[Piece] = self._ray.get(self._box.take.remote())
        except RayError as error:
            raise UsageError(f"--on ray: the cluster is lost: {_first_line(error)}") from None
        return pieces

    def _end_of(self, one: Any, number: int) -> News:
        from ray.exceptions import RayError, RayTaskError

        try:
            news: News = self._ray.get(one)
        except RayTaskError as error:
            return Lost(number=number, why=_last_line(error), again=False)
        except RayError as error:
            return Lost(number=number, why=_first_line(error), again=True)
        return news

    def stop(self) -> None:
        """Have every shard end in order."""
        self._ray.get(self._box.stop.remote())

    def close(self) -> None:
        """Leave the cluster, which ends what still runs."""
        self._ray.shutdown()


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        raise SettingsError(
            "--on ray: Ray is not installed; allowed: pip install 'pytest-safescale[ray]', or "
            "--on local"
        ) from None
    return ray


def _connect(ray: Any, address: str, project: Path, left_out: Sequence[Path]) -> None:
    stated = address or os.environ.get("RAY_ADDRESS", "")
    if ":" in stated:
        _require_reachable(stated)
    inside = [f"/{path.relative_to(project)}" for path in left_out if path.is_relative_to(project)]
    # Where another service listens Ray tries twenty times, half a minute each.
    os.environ.setdefault("RAY_gcs_server_port_wait_time_s", "1")
    try:
        ray.init(
            address=address or "auto",
            runtime_env={"working_dir": str(project), "excludes": [*_LEFT_OUT, *inside]},
            log_to_driver=False,
            logging_level="ERROR",
        )
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise SettingsError(
            f"--on ray: the cluster {stated or 'that Ray looks for'} cannot be used: "
            f"{_first_line(error)}"
        ) from None


def _require_reachable(address: str) -> None:
    """Raise SettingsError where nobody listens: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_REACHED_S):
            pass
    except (OSError, ValueError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(
            f"--on ray: no cluster answers at {address}: {reason}; allowed: the address of a "
            "running cluster, such as ray://HOST:6379"
        ) from None


def room_on(nodes: Sequence[Mapping[str, float]], resources: Mapping[str, float]) -> int | None:
    """Return how many tasks that take so much have room on nodes that have so much at once.

    ``None`` for any number, where a task takes nothing. Raises SettingsError where no node has
    room for one.
    """
    wanted = {
        _OF_RAY.get(name, name): amount
        for name, amount in {"num_cpus": 1.0, **resources}.items()
        if amount > 0
    }
    if not wanted:
        return None
    room = sum(_room(node, wanted) for node in nodes)
    if room == 0:
        names = sorted(wanted)
        most = {name: max((node.get(name, 0) for node in nodes), default=0) for name in names}
        raise SettingsError(
            f"--resources: found {_amounts(wanted)}; allowed: what a node of the cluster has, at "
            f"most {_amounts(most)}"
        )
    return room


def _room(node: Mapping[str, float], wanted: Mapping[str, float]) -> int:
    return min(int(node.get(name, 0) / amount) for name, amount in wanted.items())


def _amounts(named: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {amount:g}" for name, amount in named.items())


def _below(folder: Path, project: Path) -> str:
    return str(folder.relative_to(project)) if folder.is_relative_to(project) else "."


def _lines(error: BaseException) -> Iterator[str]:
    return (line.strip() for line in str(error).splitlines() if line.strip())


def _first_line(error: BaseException) -> str:
    return next(_lines(error), type(error).__name__)


def _last_line(error: BaseException) -> str:
    return list(_lines(error) or [type(error).__name__])[-1]
