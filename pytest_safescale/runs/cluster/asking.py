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
    from collections.abc import Callable, Iterator, Mapping
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
    Dealer(settings, shards=wanted.shards, at_once=1)  # refuses a budget before anything begins
    call = ShardCall(
        arguments=wanted.words,
        environment=environment_of(settings, wanted.variables),
        resources=wanted.resources,
        junit=wanted.junit,
    )
    with (
        tempfile.TemporaryDirectory(prefix="safescale-") as scratch,
        Store(settings.store) as store,
    ):
        copy = Path(scratch) / "store.sqlite"
        store.copy_to(copy)
        place, room = _workplace(wanted, settings, copy)
        try:
            shards = ShardRun(
                call,
                shards=wanted.shards,
                dealer=Dealer(
                    settings, shards=wanted.shards, at_once=wanted.at_once or room or wanted.shards
                ),
                store=store,
                folder=_folder_of_shards(settings),
                tell=tell,
            )
            with _sigterm_interrupts():
                return shards.go(place)
        finally:
            place.close()


def _folder_of_shards(settings: Settings) -> Path:
    return settings.report.with_name(f"{settings.report.name}-shards")


def _workplace(wanted: Wanted, settings: Settings, store: Path) -> tuple[Workplace, int | None]:
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
    return cluster, cluster.room(wanted.resources)


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
