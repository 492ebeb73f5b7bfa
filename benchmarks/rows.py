"""The rows of the table that ``python -m benchmarks`` prints, and what is run for each.

A measurement is one turn: this program and its peer, one after the other, so that other work on the
machine slows both. It gives a figure for each of its rows; the table has their medians.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks import layers_speed
from benchmarks.whole_commands import (
    CASES,
    EVIDENCE,
    OFFLINE_URL,
    PLAIN,
    ROBUST,
    ROOT,
    bare_client,
    bare_pytest,
    live_run,
    run_pytest,
    server,
    write_items,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SLOTS = 32


class Row(NamedTuple):
    """A row of the table."""

    name: str
    what: str
    goal: float
    unit: str = ""
    at_least: bool = False
    """Whether the goal is the least; else it is the most."""

    def is_met(self, value: float) -> bool:
        """Say whether a figure meets the goal."""
        return value >= self.goal if self.at_least else value <= self.goal


class Sizes(NamedTuple):
    """How many cases the measurements take."""

    live: int = CASES
    """32 and 256 in flight."""
    wide: int = 4 * 1024
    """1,024 in flight."""
    stored: int = 20_000
    searched: int = 8
    """Items that are put to every relation."""
    panel: tuple[int, int] = (34, 200)
    """Models and items."""
    many: int = 68_000
    seeds: int = 4
    """Searches for a counterexample, for each planted trigger."""


QUICK = Sizes(live=300, wide=1024, stored=1000, searched=4, panel=(4, 50), many=2_000, seeds=1)


@dataclass
class Bench:
    """Where the measurements of a table work, and what they share."""

    folder: Path
    sizes: Sizes = field(default_factory=Sizes)

    def items(self, count: int) -> Path:
        """Return a data set of so many items."""
        path = self.folder / f"items{count}.json"
        return path if path.exists() else write_items(self.folder, count)

    @cached_property
    def panel(self) -> Path:
        """The folder of a synthetic panel of results."""
        from benchmarks.score_panel import write_panel

        models, items = self.sizes.panel
        write_panel(self.folder, models=models, items=items)
        return self.folder


class Measurement(NamedTuple):
    """What gives the figures of some rows in one turn."""

    rows: tuple[Row, ...]
    take: Callable[[Bench], tuple[float, ...]]


def whole_run(bench: Bench) -> tuple[float, ...]:
    """One run at 32 in flight beside a bare client and bare pytest: whole, start and end."""
    cases = bench.sizes.live
    run = live_run(bench.folder, bench.items(cases), SLOTS)
    client, bare = bare_client(bench.folder, cases, SLOTS), bare_pytest(bench.folder, cases)
    start = (run.first - run.started) - (bare.first - bare.started)
    return run.whole / client.whole, start, run.ended - run.last


def calls_at(in_flight: int, cases: Callable[[Sizes], int]) -> Callable[[Bench], tuple[float, ...]]:
    """Return what takes calls a second of the call phase over those of a bare client."""

    def take(bench: Bench) -> tuple[float, ...]:
        many = cases(bench.sizes)
        run = live_run(bench.folder, bench.items(many), in_flight)
        return (run.per_second / bare_client(bench.folder, many, in_flight).per_second,)

    return take


def two_workers(bench: Bench, items: Path | str, *arguments: str, suite: Sequence[str]) -> float:
    """Return seconds of a whole command with two workers over those of one process."""
    one = live_run(bench.folder, items, SLOTS, *arguments, suite=suite)
    two = live_run(bench.folder, items, SLOTS, *arguments, "-n2", suite=suite)
    return two.whole / one.whole


def workers(bench: Bench) -> tuple[float, ...]:
    """Two workers over one process: single answers."""
    return (two_workers(bench, bench.items(bench.sizes.live), suite=PLAIN),)


def workers_on_searches(bench: Bench) -> tuple[float, ...]:
    """Two workers over one process: searches for counterexamples."""
    limit = f"--safescale-limit={bench.sizes.searched}"
    return (two_workers(bench, "sample", limit, suite=ROBUST),)


def workers_on_layers(bench: Bench) -> tuple[float, ...]:
    """Two workers over one process: a model with layers, three calls a case."""
    settings = bench.folder / "safescale.toml"
    settings.write_text(layers_speed.LAYERED)
    items, model = bench.items(bench.sizes.live), "--safescale-model=guarded"
    ratio = two_workers(bench, items, model, suite=EVIDENCE)
    settings.unlink()
    return (ratio,)


def stored(bench: Bench) -> tuple[float, ...]:
    """Milliseconds a case on its first run and from the store, over bare pytest.

    The model is a rule in the same process: what a case costs besides its call.
    """
    cases = bench.sizes.stored
    store = bench.folder / "stored.sqlite"
    store.unlink(missing_ok=True)

    def run(*more: str) -> float:
        given = (f"--safescale-store={store}", *more)
        began, ended = run_pytest(
            bench.folder, OFFLINE_URL, bench.items(cases), SLOTS, *given, model="lexical"
        )
        return ended - began

    bare = bare_pytest(bench.folder, cases).whole
    first, again = run(), run("--safescale-replay")
    return 1000 * (again - bare) / cases, 1000 * (first - bare) / cases


def _told(*command: str) -> dict[str, Any]:
    """Return the JSON object that a script of this folder prints."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, check=True, capture_output=True
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def panel(bench: Bench) -> tuple[float, ...]:
    """Scoring a panel over reading its lines as JSON, and its memory in MiB."""
    told = _told("benchmarks.score_panel", "--one", str(bench.panel))
    return told["seconds"] / told["json_seconds"], told["megabytes"]


def searches(bench: Bench) -> tuple[float, ...]:
    """Calls a second of the suite of searches over those of the plain one."""
    plain = live_run(bench.folder, bench.items(bench.sizes.live), SLOTS)
    limit = f"--safescale-limit={bench.sizes.searched}"
    searched = live_run(bench.folder, "sample", SLOTS, limit, suite=ROBUST)
    return (searched.per_second / plain.per_second,)


def counterexample(bench: Bench) -> tuple[float, ...]:
    """Seconds of a counterexample at 200 ms a call, as round trips."""
    from benchmarks.counterexamples import measured

    with server() as url:
        return (measured(ROOT, url, bench.sizes.seeds)["round trips"],)


def many_cases(bench: Bench) -> tuple[float, ...]:
    """Peak of what a run keeps of its cases, and of bare pytest with as many tests, in GiB."""
    size = ("--cases", str(bench.sizes.many), "--characters", "0")
    told = _told("benchmarks.large_runs", "--one", *size)
    return ((told["written"] - told["start"] + told["pytest"]) / 1024,)


MEASUREMENTS = (
    Measurement(
        (
            Row("whole", "1,200 cases, 32 in flight, whole / bare client's", 1.15),
            Row("start", "start to the first request, over bare pytest's", 0.4, " s"),
            Row("end", "last reply to exit, page included, 1,200 cases", 1.0, " s"),
        ),
        whole_run,
    ),
    Measurement(
        (Row("calls-256", "256 in flight, calls/s / bare client's", 0.95, at_least=True),),
        calls_at(256, lambda sizes: sizes.live),
    ),
    Measurement(
        (Row("calls-1024", "1,024 in flight, likewise", 0.9, at_least=True),),
        calls_at(1024, lambda sizes: sizes.wide),
    ),
    Measurement(
        (Row("workers", "-n 2 / -n 0, 1,200 cases, whole", 1.05),),
        workers,
    ),
    Measurement(
        (Row("workers-searches", "the same of searches for counterexamples", 1.0),),
        workers_on_searches,
    ),
    Measurement(
        (Row("workers-layers", "the same with layers", 1.0),),
        workers_on_layers,
    ),
    Measurement(
        (
            Row("stored", "a case from the store, over bare pytest, 20,000", 0.6, " ms"),
            Row("first", "a case on its first run, likewise", 1.0, " ms"),
        ),
        stored,
    ),
    Measurement(
        (
            Row("panel", "panel to written folder / json.loads of its lines", 4.0),
            Row("panel-memory", "its memory", 300, " MiB"),
        ),
        panel,
    ),
    Measurement(
        (Row("searches", "robustness / plain suite, calls/s, 32 in flight", 0.95, at_least=True),),
        searches,
    ),
    Measurement(
        (Row("counterexample", "a counterexample, round trips", 12.0),),
        counterexample,
    ),
    Measurement(
        (Row("many", "68,000 cases in one process, peak memory", 1.0, " GiB"),),
        many_cases,
    ),
)
