"""Cases with a new finding are asked again, within the run, for gates with ``confirm``."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.results.baseline import matched_models, read_baseline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.gates.spec import Gate
    from pytest_safescale.results.baseline import Baseline
    from pytest_safescale.results.case_record import KeptCase
    from pytest_safescale.runs.asking import CaseRunner
    from pytest_safescale.runs.case import CaseResult
    from pytest_safescale.runs.run import Run

__all__ = ["Confirming", "confirming"]

Key = tuple[str, str, str]
WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Confirming:
    """Which cases are asked again, and how often."""

    gates: Sequence[Gate]
    """Those with ``confirm``."""
    earlier: Mapping[str, Mapping[Key, frozenset[str]]]
    """What baseline and anchor found: by the one, then by model of this run, condition and item."""

    async def confirmed(self, runner: CaseRunner, result: CaseResult) -> CaseResult:
        """Return the case with its repeats, where one of its findings is new."""
        times = self.times(result)
        alone = runner.without_samples()
        repeats = await asyncio.gather(
            *(alone.repeated(number).run(result.case) for number in range(1, times + 1))
        )
        return replace(result, repeats=tuple(repeats)) if repeats else result

    def times(self, result: CaseResult) -> int:
        """Return how often a case is to be asked again: as the gate that wants most says."""
        if result.error is not None:
            return 0
        found = set(result.verdict.findings)
        if not result.verdict.correct:
            found.add(WRONG)
        cell, item = result.case.cell, result.case.item.id
        known = {name: runs.get((*cell, item), frozenset()) for name, runs in self.earlier.items()}
        return max(
            (
                gate.confirm or 0
                for gate in self.gates
                if gate.no_new in found - known.get(gate.earlier_run, frozenset())
                and cell in gate.cells([cell[0]], [cell[1]])
            ),
            default=0,
        )


def confirming(run: Run, gates: Iterable[Gate]) -> Confirming | None:
    """Return what asks for the gates with ``confirm``; ``None`` where there are none.

    Reads the runs that they are held against; raises SafescaleError where one cannot be read.
    """
    wanted = [gate for gate in gates if gate.confirm is not None]
    needed = {gate.earlier_run for gate in wanted}
    if not wanted:
        return None
    earlier = {
        called: _findings(
            read_baseline(Path(path), option=f"--safescale-{called}", called=called), run
        )
        for called, path in run.settings.earlier_runs.items()
        if called in needed
    }
    return Confirming(gates=wanted, earlier=earlier)


def _findings(baseline: Baseline, run: Run) -> dict[Key, frozenset[str]]:
    models = list(dict.fromkeys(record["model"] for record in baseline.records))
    pairs = matched_models([model.info.name for model in run.models], models)
    now = {there: here for here, there in pairs.items()}
    return {
        (now[record["model"]], record["condition"], record["item_id"]): _found(record)
        for record in baseline.records
        if record["model"] in now and record["error"] is None
    }


def _found(record: KeptCase) -> frozenset[str]:
    single = record["greedy"]
    right = single is not None and single["letter"] == record["truth"]
    return frozenset(record["findings"]) | (frozenset() if right else {WRONG})
