"""Layers leave the engine the share of the endpoint's speed that it has without them.

A loopback server in a process of its own answers after 200 ms. On one machine, turn by turn, with
32 requests in flight:

- single answers alone, one call a case;
- the same model with layers around it: its own samples in one request and a check of the answer
  against the evidence, which wait for one another, so three calls a case.

The share is ``calls x delay / in flight`` over the seconds of the whole command without what a run
takes whatever it asks. Run: ``python -m benchmarks.layers_speed`` in a checkout. The model is a
server that always answers B: simulated, no figure of quality.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from benchmarks.whole_commands import (
    DELAY_S,
    EVIDENCE,
    fixed,
    fresh,
    run_pytest,
    server,
    write_items,
)

CASES = 600
IN_FLIGHT = 32
TURNS = 3
LAYERED = """
[models.guarded]
provider = "layered"
base = "openai:canned"
layers = ["conservative", "evidence_check"]
[models.guarded.conservative]
samples = 5
[models.guarded.evidence_check]
model = "openai:canned"
on_silence = "pass"
"""


def share(folder: Path, seconds: float) -> tuple[int, float]:
    """Return the calls that the last run made, and its share of the endpoint's speed."""
    run = json.loads((folder / "safescale-report" / "run.json").read_text())
    calls = run["manifest"]["calls"]["made"]
    return calls, calls * DELAY_S / IN_FLIGHT / seconds


def main() -> None:
    """Measure both, turn by turn, and print the best of each."""
    with tempfile.TemporaryDirectory() as name, server() as url:
        folder = Path(name)
        items = write_items(folder, CASES)
        start = fixed(folder, url, items)
        (folder / "safescale.toml").write_text(LAYERED)
        found: dict[str, list[tuple[int, float]]] = {"without layers": [], "with layers": []}
        for _ in range(TURNS):
            for kind, turns in found.items():
                model = () if kind == "without layers" else ("--safescale-model=guarded",)
                began, ended = run_pytest(
                    folder, url, items, IN_FLIGHT, fresh(folder), *model, suite=EVIDENCE
                )
                turns.append(share(folder, ended - began - start))
    print(f"fixed cost of a run: start-up and report  {start:6.2f} s")
    best = {kind: max(turns, key=lambda turn: turn[1]) for kind, turns in found.items()}
    for kind, (calls, part) in best.items():
        print(f"{kind:<15} {calls:5} calls, {100 * part:5.1f} % of the endpoint's speed")
    ratio = best["with layers"][1] / best["without layers"][1]
    print(f"with layers over without                  {ratio:6.2f}  (at least 0.95)")


if __name__ == "__main__":
    main()
