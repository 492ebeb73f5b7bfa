"""``safescale verdict``: whether a finished run passes its gates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.output import Output

if TYPE_CHECKING:
    import argparse

__all__ = ["HELP", "add_options", "run"]

HELP = "say whether a finished run passes its gates"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the report folder."""
    command.add_argument("folder", type=Path, metavar="DIR", help="the report folder")


def run(given: argparse.Namespace) -> Output:
    """Return the run verdict, and 1 where it does not pass.

    Raises DatasetError for a folder that is no report of one run.
    """
    from pytest_safescale.report.page.page_tables import run_verdict
    from pytest_safescale.results.run_file import read_cases, read_run

    finished = read_run(given.folder)
    for _ in read_cases(given.folder, finished):
        pass  # a run verdict on other cases than those beside it is refused
    found = run_verdict(finished)
    return Output([found.sentence], 0 if found.passes else 1)
