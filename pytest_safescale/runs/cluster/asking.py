"""From what the user wants to shards that are asked, here or on a cluster."""

from __future__ import annotations

import signal
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.calls.store import Store
from pytest_safescale.errors import SettingsError
from pytest_safescale.runs.cluster.dealing import Dealer
from pytest_safescale.runs.cluster.handed_over import environment_of
from pytest_safescale.runs.cluster.local import LocalWorkplace
from pytest_safescale.runs.cluster.run_shards import ShardCall, ShardRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

    from pytest_safescale.runs.cluster.tasks import Workplace
    from pytest_safescale.settings.schema import Settings

__all__ = ["Wanted", "ask_in_shards"]

LOCAL = "local"
RAY = "ray"
_ADDRESS = "ray://"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How a run is to be asked in shards."""

    on: str
    """``local``, ``ray``, or ``ray://HOST:PORT``."""
    shards: int
    """Of the run; of each model, where the run serves its models."""
    at_once: int | None
    """How many may run at once; ``None`` for as many as have room."""
    resources: Mapping[str, float]
    """What each takes of a node, by Ray's names."""
    words: tuple[str, ...]
    """What pytest is called with."""
    variables: tuple[str, ...]
    """Environment variables to hand on beside those of models."""
    junit: bool
    project: Path
    """The folder whose files the shards need."""


def ask_in_shards(wanted: Wanted, settings: Settings, tell: Callable[[str], None]) -> list[Path]:
    """Run every shard; returns their report folders, which lie beside that of the run.

    Replies are in the run's store as they come. Raises UsageError for what cannot be used and where
    a shard has not come back, and KeyboardInterrupt once all has ended that was stopped.
    """
    _require_usable(settings, wanted.on)
    served = _served(settings)
    panel = any(served)
    if not panel:
        served = [False]
    count = wanted.shards * len(served)
    Dealer(settings, shards=count, at_once=1)  # refuses a budget before anything begins
    call = ShardCall(
        arguments=(*wanted.words, *(["--safescale-shard-by=models"] if panel else [])),
        environment=environment_of(settings, wanted.variables),
        resources=_resources(wanted, settings) if panel else [wanted.resources],
        junit=wanted.junit,
    )
    with (
        tempfile.TemporaryDirectory(prefix="safescale-") as scratch,
        Store(settings.store) as store,
    ):
        copy = Path(scratch) / "store.sqlite"
        store.copy_to(copy)
        place, room = _workplace(wanted, settings, copy, call.resources)
        try:
            shards = ShardRun(
                call,
                shards=count,
                dealer=Dealer(
                    settings,
                    shards=count,
                    at_once=wanted.at_once or room or count,
                    own=lambda number: served[(number - 1) // wanted.shards],
                ),
                store=store,
                folder=_folder_of_shards(settings),
                tell=tell,
            )
            with _sigterm_interrupts():
                return shards.go(place)
        finally:
            place.close()


def _served(settings: Settings) -> list[bool]:
    """Return which models the run serves itself.

    Where there is one, each shard has one model alone, with its server.
    """
    tables = (settings.models.get(name) for name in dict.fromkeys(settings.model))
    return [table is not None and table.serve is not None for table in tables]


def _resources(wanted: Wanted, settings: Settings) -> list[Mapping[str, float]]:
    """Return what a shard of each model takes: what its server does, over what all do."""
    tables = (settings.models.get(name) for name in dict.fromkeys(settings.model))
    own = (table.serve.resources if table and table.serve else {} for table in tables)
    return [{**wanted.resources, **one} for one in own]


def _folder_of_shards(settings: Settings) -> Path:
    return settings.report.with_name(f"{settings.report.name}-shards")


def _workplace(
    wanted: Wanted, settings: Settings, store: Path, resources: Sequence[Mapping[str, float]]
) -> tuple[Workplace, int | None]:
    """Return where shards run, and how many have room there at once; ``None`` for any number."""
    if wanted.on == LOCAL:
        return LocalWorkplace(cwd=Path.cwd(), store=store), None
    from pytest_safescale.runs.cluster.ray_cluster import RayWorkplace

    cluster = RayWorkplace(
        wanted.on.removeprefix(RAY).removeprefix("://"),
        project=wanted.project,
        left_out=[settings.store, settings.report, _folder_of_shards(settings)],
        store=store,
    )
    rooms = [cluster.room(one) for one in resources]
    counted = [room for room in rooms if room is not None]
    return cluster, max(counted) if len(counted) == len(rooms) else None


def _require_usable(settings: Settings, on: str) -> None:
    """Refuse what has no meaning for a run in shards of this command."""
    if on not in (LOCAL, RAY) and not on.startswith(_ADDRESS):
        raise SettingsError(f"--on: found {on!r}; allowed: {LOCAL}, {RAY}, or {_ADDRESS}HOST:PORT")
    if settings.shard is not None:
        raise SettingsError(
            f"--safescale-shard: found {settings.shard}; allowed: none, safescale run gives each "
            "shard its own"
        )
    if settings.figures is not None:
        raise SettingsError(
            f"--safescale-figures: found {settings.figures}; allowed: none with shards, whose "
            "charts are in the joined report"
        )


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does: in order, with what was answered."""

    def interrupt(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 (Python's form)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
