"""The table of how fast this program is, measured on the machine at hand beside its peers.

Each figure is the median of several turns; in a turn this program and its peer (a bare aiohttp
client, bare pytest, ``json.loads``) run one after the other. Models are simulated and results
synthetic: no figure of quality.

    python -m benchmarks [--only ROW ...] [--runs N] [--quick]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.rows import MEASUREMENTS, QUICK, Bench, Sizes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.rows import Measurement, Row

RUNS = 5
NAMES = tuple(row.name for measurement in MEASUREMENTS for row in measurement.rows)
LINE = "{:<52}{:>11}{:>13}{:>22}  {}"


def line_of(row: Row, values: Sequence[float]) -> str:
    """Return a row of the table: what, goal, median, spread, and whether the goal is met."""
    goal = f"{'>=' if row.at_least else '<='} {row.goal:g}{row.unit}"
    middle = median(values)
    spread = f"{min(values):.2f} to {max(values):.2f}"
    met = "met" if row.is_met(middle) else "not met"
    return LINE.format(row.what, goal, f"{middle:.2f}{row.unit}", spread, met)


def lines_of(measurement: Measurement, bench: Bench, runs: int, only: Sequence[str]) -> list[str]:
    """Measure so many turns; return the rows that are wanted."""
    turns = [measurement.take(bench) for _ in range(runs)]
    return [
        line_of(row, values)
        for row, values in zip(measurement.rows, zip(*turns, strict=True), strict=True)
        if row.name in only
    ]


def table(bench: Bench, runs: int, only: Sequence[str]) -> Iterator[str]:
    """Give the lines of the table as they are measured."""
    yield LINE.format("what", "goal", "median", f"spread of {runs}", "")
    for measurement in MEASUREMENTS:
        if any(row.name in only for row in measurement.rows):
            yield from lines_of(measurement, bench, runs, only)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="ROW")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"turns a row, {RUNS} unless given")
    parser.add_argument("--quick", action="store_true", help="few cases: whether it works at all")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if given.quick:
            print("few cases, not as many as the rows name: no figure to compare with a goal")
        bench = Bench(Path(name), QUICK if given.quick else Sizes())
        for line in table(bench, given.runs, given.only):
            print(line, flush=True)


if __name__ == "__main__":
    main()
