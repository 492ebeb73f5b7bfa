"""``safescale report``: the page of a run written anew, or of several side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.output import Output

if TYPE_CHECKING:
    import argparse

__all__ = ["HELP", "add_options", "run"]

HELP = "write report.html anew, or runs side by side"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the report folders, and where pages and charts go."""
    command.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="report folders")
    command.add_argument(
        "--out", type=Path, help="the page that shows several runs; default side-by-side.html"
    )
    command.add_argument("--figures", type=Path, metavar="DIR", help="write the charts there too")


def run(given: argparse.Namespace) -> Output:
    """Return the files that were written; raises UsageError for a folder that is no report."""
    from pytest_safescale.report.page.all_charts import write_charts
    from pytest_safescale.report.page.run_page import write_html
    from pytest_safescale.report.page.side_by_side import write_side_by_side

    if len(given.folders) > 1:
        written = [write_side_by_side(given.folders, given.out or Path("side-by-side.html"))]
    else:
        written = [write_html(given.folders[0])]
    if given.figures is not None:
        for folder in given.folders:
            # Charts of several runs have the same names: each run gets a folder of its own.
            target = given.figures / folder.name if len(given.folders) > 1 else given.figures
            written += write_charts(folder, target)
    return Output([str(path) for path in written])
