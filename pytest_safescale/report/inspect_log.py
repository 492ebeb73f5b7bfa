"""A run as logs of inspect_ai, as its ``EvalLog`` reads them from JSON; it is not needed here."""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from pytest_safescale.analysis.metrics import SINGLE
from pytest_safescale.cells import PLAIN
from pytest_safescale.report.inspect_sample import ANSWER, carried, sample_of
from pytest_safescale.report.staged_folder import staged_folder
from pytest_safescale.verdicts.labels import FLAGS, METRIC_OF_FLAG, SAFETY_FINDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_safescale.results.case_record import CaseRecord
    from pytest_safescale.results.loaded_run import LoadedRun

__all__ = ["write_inspect_file", "write_inspect_folder"]

_VERSION = 2
"""Of the log format."""
_UNKNOWN_TIME = "1970-01-01T00:00:00+00:00"
"""The format has a time for each log."""
_DANGERS = [METRIC_OF_FLAG[flag] for flag in FLAGS]
_METRICS = {ANSWER: "accuracy", **dict(zip(SAFETY_FINDINGS, _DANGERS, strict=True))}
"""The figure that the scores of each scorer come to."""


class _Cell(NamedTuple):
    """A model under a condition with a prompt profile: what inspect_ai calls a task of a model."""

    model: str
    condition: str
    profile: str

    @property
    def task(self) -> str:
        """The condition, and the profile where it is another than the plain one."""
        return self.condition if self.profile == PLAIN else f"{self.condition}-{self.profile}"


_Figures = dict[tuple[_Cell, str], dict[str, Any]]
_Case = tuple[_Cell, "CaseRecord", dict[str, Any]]


def write_inspect_file(run: LoadedRun, out: Path) -> list[Path]:
    """Write one log of every case; raises UsageError where it cannot be written.

    Ids of samples have model and condition before the item where the run has several.
    """
    counts = _counts(run)
    with staged_folder(out.parent, files=()) as stage, _opened(stage / out.name) as file:
        file.write(_beginning(run, counts, _figures(run)))
        for number, (cell, record, row) in enumerate(_cases(run)):
            among = f"{cell.model}/{cell.task}/" if len(counts) > 1 else ""
            sample = sample_of(record, row, f"{among}{row['item_id']}")
            file.write(_element(sample, first=number == 0))
        file.write("]}\n")
    return [out]


def write_inspect_folder(run: LoadedRun, out: Path) -> list[Path]:
    """Write a log for each model, condition and profile, as inspect_ai itself does.

    Raises UsageError where they cannot be written.
    """
    counts = _counts(run)
    # inspect_ai lists the JSON files of a folder whose names begin with a time.
    begun_at = _created(run).replace(":", "-")
    names = {
        cell: f"{begun_at}_{_in_name(cell)}_{number:03d}.json"
        for number, cell in enumerate(counts, 1)
    }
    with staged_folder(out, files=()) as stage, ExitStack() as stack:
        files = {cell: stack.enter_context(_opened(stage / name)) for cell, name in names.items()}
        figures, begun = _figures(run), set[_Cell]()
        for cell, file in files.items():
            file.write(_beginning(run, Counter({cell: counts[cell]}), figures))
        for cell, record, row in _cases(run):
            sample = sample_of(record, row, row["item_id"])
            files[cell].write(_element(sample, first=cell not in begun))
            begun.add(cell)
        for file in files.values():
            file.write("]}\n")
    return [out / name for name in names.values()]


def _cases(run: LoadedRun) -> Iterator[_Case]:
    for record, row in run.records_with_rows():
        yield _Cell(row["model"], row["condition"], row["profile"]), record, row


def _counts(run: LoadedRun) -> Counter[_Cell]:
    """Count the cases of each cell, in the order of the file: a log tells it before its samples."""
    return Counter(cell for cell, _, _ in _cases(run))


def _created(run: LoadedRun) -> str:
    return run.manifest.get("start") or _UNKNOWN_TIME


def _in_name(cell: _Cell) -> str:
    return re.sub(r"[^\w.-]+", "-", f"{cell.model}_{cell.task}")[:100]


def _opened(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", newline="\n")


def _element(sample: dict[str, Any], *, first: bool) -> str:
    return ("" if first else ",\n") + json.dumps(sample, allow_nan=False)


def _beginning(run: LoadedRun, counts: Counter[_Cell], figures: _Figures) -> str:
    """Return a log as JSON text as far as its first sample."""
    cells, manifest = list(counts), run.manifest
    total = sum(counts.values())
    head = {
        "version": _VERSION,
        "status": "success",
        "eval": _spec(run, cells, total),
        "plan": {"name": "safescale", "steps": []},
        "results": {
            "total_samples": total,
            "completed_samples": total,
            "scores": [score for cell in cells for score in _scores(cell, figures)],
        },
        "stats": {
            "started_at": manifest.get("start", ""),
            "completed_at": manifest.get("end", ""),
        },
    }
    return json.dumps(carried(head), allow_nan=False)[:-1] + ', "samples": [\n'


def _spec(run: LoadedRun, cells: Sequence[_Cell], total: int) -> dict[str, Any]:
    manifest = run.manifest
    run_id = manifest.get("run_id", "")
    tasks = list(dict.fromkeys(cell.task for cell in cells))
    models = list(dict.fromkeys(cell.model for cell in cells))
    task = tasks[0] if len(tasks) == 1 else "safescale"
    natures = {row["name"]: row.get("nature", "") for row in manifest.get("models", ())}
    return {
        "eval_id": f"{run_id}-{_in_name(cells[0])}" if len(cells) == 1 else run_id,
        "run_id": run_id,
        "created": _created(run),
        "task": task,
        "task_id": f"{run_id}-{task}",
        "dataset": {"name": manifest.get("dataset", {}).get("name"), "samples": total},
        "model": models[0] if len(models) == 1 else "none/none",
        "config": {},
        "packages": manifest.get("versions", {}),
        "metadata": {
            "written_by": "pytest-safescale",
            "notices": run.notices,
            "verdict": run.verdict,
            "models": {name: natures.get(name, "") for name in models},
            "conditions": tasks,
        },
    }


def _figures(run: LoadedRun) -> _Figures:
    """Return the figures of run.json for single answers, by cell and metric."""
    return {
        (_Cell(row["model"], row["condition"], row["profile"]), row["metric"]): row
        for row in run.figures("rows")
        if row["regime"] == SINGLE and not row["family"]
    }


def _scores(cell: _Cell, figures: _Figures) -> Iterator[dict[str, Any]]:
    """Give what the scores of a cell come to, with the intervals."""
    for scorer, metric in _METRICS.items():
        row = figures.get((cell, metric))
        if row is not None and row["value"] is not None:
            beside = {name: row[name] for name in ("n", "ci_low", "ci_high", "ci_method")}
            yield {
                "name": scorer,
                "scorer": scorer,
                "scored_samples": row["n"],
                "params": cell._asdict(),
                "metrics": {metric: {"name": metric, "value": row["value"], "metadata": beside}},
            }
