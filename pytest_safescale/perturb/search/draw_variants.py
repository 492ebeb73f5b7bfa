"""Draws the variants of a search from a hypothesis strategy, before anything is asked.

Many variants are drawn in one test case of hypothesis: most of what a test case costs is not the
drawing. Only hypothesis's public interface is used.
"""

from __future__ import annotations

import unittest
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, HypothesisDeprecationWarning, Unsatisfiable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_safescale.perturb.edits.edit import Variant
    from pytest_safescale.perturb.families.family import Edits

__all__ = ["draw_variants", "get_ready_to_draw"]

T = TypeVar("T")

FEWEST_IN_A_CASE, MOST_IN_A_CASE = 10, 40
"""How many values one test case draws; hypothesis bounds the size of a test case."""
IDLE_DRAWS = 30
"""Draws without a new variant after which there is taken to be none."""
ATTEMPTS = 5
"""How often drawing is begun that another thread's use of ``random`` ended."""


def draw_variants(
    strategy: st.SearchStrategy[Edits],
    variant: Callable[[Edits], Variant],
    *,
    wanted: int,
    number: int,
    hypothesis_settings: settings,
) -> list[Variant]:
    """Return as many variants as are wanted and there are, all different and none cut short.

    ``number`` is the seed, which settles alone what they are; ``hypothesis_settings`` give the
    verbosity.
    """
    found: dict[str, Variant] = {}
    idle = 0
    for turn in count():
        drawn = _draw(
            strategy, wanted, number=number + turn, hypothesis_settings=hypothesis_settings
        )
        for edits in drawn:
            idle += 1
            if any(edit.cut for edit in edits):
                continue
            made = variant(edits)
            if made.key not in found:
                found[made.key] = made
                idle = 0
            if len(found) == wanted:
                return list(found.values())
        if not drawn or idle >= IDLE_DRAWS:
            break
    return list(found.values())


def get_ready_to_draw() -> None:
    """Let hypothesis read the local modules for constants now, as it does when it draws.

    To be called in the main thread: before Python 3.13 two threads that parse sources at once may
    break each other, and pytest parses those of failing tests.
    """
    # It reads them where it wants a constant: at one of twenty numbers.
    _draw(
        st.lists(st.integers(0, 9), min_size=10),
        MOST_IN_A_CASE,
        number=0,
        hypothesis_settings=settings(),
    )


def _draw(
    strategy: st.SearchStrategy[T], wanted: int, *, number: int, hypothesis_settings: settings
) -> list[T]:
    """Return at least as many values as are wanted, or fewer where the strategy gives up."""
    for _ in range(ATTEMPTS - 1):
        try:
            return _draw_once(
                strategy, wanted, number=number, hypothesis_settings=hypothesis_settings
            )
        except (Flaky, HypothesisDeprecationWarning):
            # Where warnings are errors: another thread drew from ``random`` at a moment when
            # hypothesis takes it for the strategy's doing.
            continue
    return _draw_once(strategy, wanted, number=number, hypothesis_settings=hypothesis_settings)


def _draw_once(
    strategy: st.SearchStrategy[T], wanted: int, *, number: int, hypothesis_settings: settings
) -> list[T]:
    values: list[T] = []
    enough = False
    each = min(max(wanted, FEWEST_IN_A_CASE), MOST_IN_A_CASE)
    chosen = settings(
        hypothesis_settings,
        # The first test case is always the simplest, in which nothing is drawn.
        max_examples=1 + -(-wanted // each),
        phases=[Phase.generate],
        derandomize=False,
        database=None,
        deadline=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )

    def collect(draw: Callable[[], T], draws: bool) -> None:
        nonlocal enough
        if draws and len(values) >= wanted:
            # A test case that its size ended counts for nothing: hypothesis would go on trying.
            enough = True
            raise unittest.SkipTest("there are enough")
        for _ in range(each if draws else 0):
            values.append(draw())  # noqa: PERF401 (each counts where the next one cannot be drawn)

    # A function draws its values while the test runs. While arguments are drawn, which takes far
    # longer for twenty variants, hypothesis minds what other threads draw from ``random``.
    source = st.functions(like=lambda: None, returns=strategy, pure=False)
    # Where the strategy gives up, what was drawn before is there.
    try:
        with suppress(Unsatisfiable, unittest.SkipTest):
            chosen(seed(number)(given(source, st.booleans())(collect)))()
    except Flaky:  # as hypothesis calls it where a test case stops at what others went on from
        if not enough:
            raise
    return values
