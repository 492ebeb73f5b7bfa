"""How often gates at any stop pass wrongly, how often rightly, and what they ask: exact figures.

    python -m benchmarks.sequential_level

No simulation: the chances of every state (events among items) are carried from item to item. The
level is that of a true rate exactly at the threshold, looked at after each item of a stretch; the
power stands beside that of the exact bound over all items, which is looked at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.statistics.anytime import first_pass, stopped_runs
from pytest_safescale.statistics.power import chance_to_pass

if TYPE_CHECKING:
    from collections.abc import Iterator

ALPHA = 0.05
THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.12, 0.2, 0.3, 0.5)
STRETCHES = ((60, 200), (1, 20), (1, 60), (1, 200), (1, 1000))
"""First and last item after which there is a look; the first stretch has 141 looks."""
TRUTHS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.08)
SIZES = ((0.05, 200), (0.05, 1000), (0.12, 200), (0.12, 1000))


def levels() -> Iterator[str]:
    """Give a table of levels, in per cent."""
    heads = (f"{first} to {last}" for first, last in STRETCHES)
    yield f"threshold  {'  '.join(f'{head:>10}' for head in heads)}"
    for threshold in THRESHOLDS:
        found = (
            100 * stopped_runs(last, threshold, threshold, ALPHA, first=first).passed
            for first, last in STRETCHES
        )
        yield f"{100 * threshold:7.0f} %  {'  '.join(f'{level:10.2f}' for level in found)}"


def powers() -> Iterator[str]:
    """Give a table of chances to pass and of items asked on the average."""
    yield "threshold  items  true rate  passes at any stop  by the exact bound  items asked"
    for threshold, items in SIZES:
        for rate in TRUTHS:
            if rate < threshold:
                stopped = stopped_runs(items, threshold, rate, ALPHA)
                exact = chance_to_pass(items, threshold, rate, 1 - ALPHA)
                yield (
                    f"{100 * threshold:7.0f} %  {items:5}  {100 * rate:7.1f} %  "
                    f"{100 * stopped.passed:16.1f} %  {100 * exact:16.1f} %  {stopped.items:11.0f}"
                )


def main() -> None:
    """Print the levels, the powers, and the fewest items that can pass."""
    print("\n".join([*levels(), "", *powers(), ""]))
    fewest = (f"{100 * one:g} %: {first_pass(one, ALPHA)}" for one in THRESHOLDS)
    print("items without an event that pass:", ", ".join(fewest))


if __name__ == "__main__":
    main()
