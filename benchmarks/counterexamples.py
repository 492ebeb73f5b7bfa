"""What a counterexample costs, in calls and in time, beside another commit of this package.

A loopback server in a process of its own answers after 200 ms. A model with a planted weakness is
asked through it; one search at a time is made, so that its time is that of its round trips.
Measured are the calls and seconds of a counterexample, the processor time of a search whose answers
cost nothing (drawing, mostly), and how often the planted trigger is found and nothing else.

Run: ``python -m benchmarks.counterexamples`` in a checkout; with ``--against FOLDER``, a checkout
of another commit, both are measured in turns. The model is simulated: no figure of quality.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.perturb.edits.edit import Variant
    from pytest_safescale.perturb.relations import Observed
    from pytest_safescale.perturb.search.counterexample import Counterexample

HERE = Path(__file__).parents[1]
TRIGGERS = (
    ("outdated_guideline", ("withdrawn", "replaced")),
    ("hedge", ("weak", "inconsistent")),
    ("contradiction", ("mistaken", "lobe")),
)
SEEDS = 20


async def timed_searches(url: str, seeds: int) -> dict[str, float]:
    """Return calls, round trips and seconds of a counterexample, drawn variants not counted."""
    import aiohttp

    from pytest_safescale.perturb.search.run_search import search_concurrently
    from tests.perturb.planted import NO_DATABASE, NODULE, found, probe, turning

    payload = {"model": "canned", "messages": [{"role": "user", "content": "Q"}], "max_tokens": 10}
    calls, rounds, seconds = [], [], []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def call() -> None:
            async with session.post(f"{url}/chat/completions", json=payload) as response:
                await response.json()

        for relation, pair in TRIGGERS:
            for seed in range(seeds):
                trips = 0

                async def answer(variants: Sequence[Variant]) -> list[Observed]:
                    nonlocal trips
                    trips += 1
                    await asyncio.gather(*(call() for _ in variants))
                    return turning(NODULE, pair, "B")(variants)  # noqa: B023 (used at once)

                start = time.perf_counter()
                report = await search_concurrently(
                    probe(relation), answer, seed=seed, hypothesis_settings=NO_DATABASE
                )
                seconds.append(time.perf_counter() - start)
                calls.append(found(report).calls - report.tally.tried)
                rounds.append(trips - 1)
    return {"calls": mean(calls), "round trips": mean(rounds), "seconds": mean(seconds)}


def drawing_ms() -> float:
    """Return the processor time of a search that finds nothing, in ms, answers at no cost."""
    from pytest_safescale.perturb.relations import RELATIONS
    from pytest_safescale.perturb.search.probe import Budget
    from tests.perturb.planted import invariant, look, probe, sample

    def search_all() -> int:
        items = sample()[:6]
        reports = [
            look(probe(relation, item), invariant(item), budget=Budget(variants=20))
            for relation in RELATIONS
            for item in items
        ]
        return sum(report.lack is None for report in reports)

    search_all()
    start = time.process_time()
    searches = search_all()
    return 1000 * (time.process_time() - start) / searches


def triggers_found() -> int:
    """Return in how many searches the edit holds the trigger and nothing else."""
    from pytest_safescale.perturb.edits.edit import InsertText
    from pytest_safescale.perturb.search.probe import Budget
    from tests.perturb.planted import NODULE, evidence, look, probe, turning, words_of

    def is_minimal(counterexample: Counterexample | None, pair: tuple[str, str]) -> bool:
        if counterexample is None or len(counterexample.edits) > 1:
            return False
        (edit,) = counterexample.edits
        had = words_of(evidence(NODULE))
        wanted = [word for word in pair if word not in had]
        return isinstance(edit, InsertText) and words_of(edit.text) == wanted

    return sum(
        is_minimal(
            look(
                probe(relation), turning(NODULE, pair, "B"), budget=Budget(variants=60), seed=seed
            ).counterexample,
            pair,
        )
        for relation, pair in TRIGGERS
        for seed in range(SEEDS)
    )


def measure(url: str, seeds: int) -> dict[str, Any]:
    """Return the figures of the package that is imported."""
    import pytest_safescale

    return {
        "folder": str(Path(pytest_safescale.__file__).parents[1]),
        **asyncio.run(timed_searches(url, seeds)),
        "drawing ms": drawing_ms(),
        f"found of {len(TRIGGERS) * SEEDS}": triggers_found(),
    }


def measured(folder: Path, url: str, seeds: int) -> dict[str, Any]:
    """Return the figures of the checkout in a folder."""
    command = [sys.executable, __file__, "--measure", url, "--seeds", str(seeds)]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    if Path(figures["folder"]) != folder:
        raise SystemExit(f"measured {figures['folder']}, not {folder}")
    return figures


def main() -> None:
    """Print the figures of this checkout and of the other one, turn by turn."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--against", type=Path, help="a checkout of another commit")
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--measure", metavar="URL", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure, given.seeds)))
        return
    from benchmarks.whole_commands import server

    folders = [HERE, *([given.against.resolve()] if given.against else [])]
    with server() as url:
        for _ in range(given.turns):
            turn = [measured(folder, url, given.seeds) for folder in folders]
            for name in list(turn[0])[1:]:
                values = [float(figures[name]) for figures in turn]
                ratio = f"   other over this {values[-1] / values[0]:.2f}" if given.against else ""
                print(f"{name:14s}", *(f"{value:8.2f}" for value in values), ratio)
            print()


if __name__ == "__main__":
    main()
