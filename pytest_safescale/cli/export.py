"""``safescale export``: a run in the format of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.output import Output
from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    import argparse

__all__ = ["HELP", "add_options", "run"]

HELP = "write a run in the format of another tool"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the report, the format, and where it goes."""
    command.add_argument("report", type=Path, metavar="REPORT", help="a report folder")
    command.add_argument(
        "--format", choices=("inspect",), required=True, help="inspect: logs of inspect_ai"
    )
    command.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="PLACE",
        help="FILE.json for one log of every case, or a folder for a log of each model, condition "
        "and profile",
    )


def run(given: argparse.Namespace) -> Output:
    """Return the files that were written; raises UsageError for what cannot be read or written."""
    from pytest_safescale.report.inspect_log import write_inspect_file, write_inspect_folder
    from pytest_safescale.results.loaded_run import load_run

    out: Path = given.out
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise SettingsError(f"--out: found {out}, which is there; allowed: a new file or folder")
    if out.suffix and out.suffix != ".json":
        raise SettingsError(f"--out: found {out}; allowed: a name that ends in .json, or a folder")
    loaded = load_run(given.report)
    write = write_inspect_file if out.suffix else write_inspect_folder
    return Output([str(path) for path in write(loaded, out)])
