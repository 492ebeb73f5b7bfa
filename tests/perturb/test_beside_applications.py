"""Applications that answer beside searches: their random generators stay their own."""

from __future__ import annotations

import asyncio
import gc
import random
import subprocess
import sys
import threading
import warnings
from ast import literal_eval
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.perturb.search.probe import Budget
from pytest_safescale.perturb.search.run_search import search_concurrently
from tests.perturb.planted import NO_DATABASE, NODULE, probe, turning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.perturb.edits.edit import Variant
    from pytest_safescale.perturb.relations import Observed

DANGEROUS = turning(NODULE, ("withdrawn", "replaced"), "B")


_DRAW = "from tests.perturb.test_beside_applications import draw_beside_searches as d; print(d())"


def draw_beside_searches() -> tuple[int, int, int]:
    """Let an application draw while it answers; return its draws, and how many are distinct."""
    drawn: list[tuple[float, float]] = []
    busy = threading.Event()

    def draw_all_the_time() -> None:
        while not busy.wait(0.0002):
            random.random()

    async def answer(variants: Sequence[Variant]) -> list[Observed]:
        drawn.append((random.random(), float(np.random.random())))
        return DANGEROUS(variants)

    async def both() -> None:
        searches = (
            search_concurrently(
                probe(relation),
                answer,
                budget=Budget(variants=20, batch=1),
                hypothesis_settings=NO_DATABASE,
            )
            for relation in ("outdated_guideline", "hedge", "layout")
        )
        reports = await asyncio.gather(*searches)
        assert reports[0].counterexample is not None

    other = threading.Thread(target=draw_all_the_time)
    other.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            asyncio.run(both())
    finally:
        busy.set()
        other.join()
    return len(drawn), len({one for one, _ in drawn}), len({two for _, two in drawn})


def test_applications_draw_from_the_global_generators_as_if_nothing_else_ran() -> None:
    # In a process of its own: where hypothesis ran before, it holds numpy's functions already.
    done = subprocess.run([sys.executable, "-c", _DRAW], capture_output=True, text=True, check=True)
    draws, ours, numpys = literal_eval(done.stdout)
    assert draws > 60
    assert ours == numpys == draws


def test_a_search_changes_nothing_of_the_process() -> None:
    def state() -> list[object]:
        functions = [random.seed, random.getstate, random.setstate]
        functions += [np.random.seed, np.random.get_state, np.random.set_state]
        threads = {thread.name for thread in threading.enumerate()}
        return [functions, threads, sys.getswitchinterval(), gc.isenabled(), random.getstate()]

    before = state()
    seen: list[list[object]] = []

    async def answer(variants: Sequence[Variant]) -> list[Observed]:
        seen.append(state())
        return DANGEROUS(variants)

    asyncio.run(
        search_concurrently(probe("outdated_guideline"), answer, hypothesis_settings=NO_DATABASE)
    )
    assert len(seen) > 1
    assert [*seen, state()] == [before] * (len(seen) + 1)


def test_a_seed_that_an_application_sets_holds() -> None:
    drawn: list[float] = []

    async def answer(variants: Sequence[Variant]) -> list[Observed]:
        random.seed(7)
        drawn.append(random.random())
        return DANGEROUS(variants)

    asyncio.run(
        search_concurrently(
            probe("outdated_guideline"),
            answer,
            budget=Budget(variants=4, batch=1),
            hypothesis_settings=NO_DATABASE,
        )
    )
    assert set(drawn) == {random.Random(7).random()}
