"""``safescale export``: a run in the format of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.output import Output
from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    import argparse

    from pytest_safescale.results.loaded_run import LoadedRun

__all__ = ["HELP", "add_options", "run"]

HELP = "write a run in the format of another tool"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the report, the format, and where it goes."""
    command.add_argument("report", type=Path, metavar="REPORT", help="a report folder")
    command.add_argument(
        "--format",
        choices=tuple(_WRITERS),
        required=True,
        help="inspect: logs of inspect_ai; parquet: the cases as a table",
    )
    command.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="PLACE",
        help="FILE.parquet; of inspect FILE.json for one log of every case, or a folder for a log "
        "of each model, condition and profile",
    )


def run(given: argparse.Namespace) -> Output:
    """Return the files that were written; raises UsageError for what cannot be read or written."""
    from pytest_safescale.results.loaded_run import load_run

    out: Path = given.out
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise SettingsError(f"--out: found {out}, which is there; allowed: a new file or folder")
    loaded = load_run(given.report)
    return Output([str(path) for path in _WRITERS[given.format](loaded, out)])


def _inspect(loaded: LoadedRun, out: Path) -> list[Path]:
    from pytest_safescale.report.inspect_log import write_inspect_file, write_inspect_folder

    if out.suffix and out.suffix != ".json":
        raise SettingsError(f"--out: found {out}; allowed: a name that ends in .json, or a folder")
    return (write_inspect_file if out.suffix else write_inspect_folder)(loaded, out)


def _parquet(loaded: LoadedRun, out: Path) -> list[Path]:
    from pytest_safescale.dataset.parquet import check_parquet
    from pytest_safescale.report.staged_folder import staged_folder
    from pytest_safescale.results.cases_parquet import write_cases

    if out.suffix != ".parquet":
        raise SettingsError(f"--out: found {out}; allowed: a name that ends in .parquet")
    check_parquet("--format parquet")
    with staged_folder(out.parent, files=()) as stage:
        write_cases(loaded, stage / out.name)
    return [out]


_WRITERS = {"inspect": _inspect, "parquet": _parquet}
