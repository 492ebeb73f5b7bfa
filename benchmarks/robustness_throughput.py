"""How many calls a second the robustness suite makes, beside the plain suite.

Both ask the same loopback server, which answers B after 200 ms, at 32 requests in flight, one run
after the other, so that a busy machine slows both. The robustness suite puts items of the sample
under clean evidence to every relation; where option B moves, the same letter is another option, so
many searches end in a counterexample that is shrunk. Calls are counted by
the server; what a run of one case takes apart from its calls is taken off.

Run: ``python -m benchmarks.robustness_throughput`` in a checkout. The model is a server that always
answers B: simulated, no figure of quality.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.throughput import (
    CASES,
    DELAY_S,
    PLAIN,
    fixed,
    fresh,
    run_pytest,
    server,
    write_items,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

IN_FLIGHT = 32
ITEMS = 24
"""Of the sample: enough that the last searches are a small part of the run."""
ROBUST = ("--safescale-suite=evidence_robustness", "--safescale-conditions=clean_evidence")


class Pace(NamedTuple):
    """What one run came to."""

    calls: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds


def calls_made(url: str) -> int:
    """Return how many requests the server has had."""
    address = url.removesuffix("/v1") + "/calls"
    with urllib.request.urlopen(address, timeout=30) as reply:
        count: int = json.load(reply)["calls"]
    return count


def pace(
    folder: Path, url: str, items: Path | str, suite: Sequence[str], *, start: float, limit: int
) -> Pace:
    """Return calls and seconds of one command whose store is empty."""
    before = calls_made(url)
    arguments = (fresh(folder), f"--safescale-limit={limit}")
    seconds = run_pytest(folder, url, items, IN_FLIGHT, *arguments, suite=suite)
    return Pace(calls_made(url) - before, seconds - start)


def main() -> None:
    """Print the pace of both suites, pair by pair, and the best ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=3)
    given = parser.parse_args()
    ratios = []
    print(f"ideal: {IN_FLIGHT / DELAY_S:.0f} calls/s")
    with tempfile.TemporaryDirectory() as name, server() as url:
        folder = Path(name)
        items = write_items(folder, CASES)
        start = fixed(folder, url, items)
        for _ in range(given.pairs):
            plain = pace(folder, url, items, PLAIN, start=start, limit=CASES)
            robust = pace(folder, url, "sample", ROBUST, start=start, limit=ITEMS)
            ratios.append(robust.per_second / plain.per_second)
            print(
                f"plain {plain.calls} calls, {plain.per_second:6.1f}/s; "
                f"robustness {robust.calls} calls, {robust.per_second:6.1f}/s; "
                f"ratio {ratios[-1]:.2f}"
            )
    print(f"best of {len(ratios)} pairs: {max(ratios):.2f} (required 0.7)")


if __name__ == "__main__":
    main()
