"""``safescale dataset sheet``: a spreadsheet for each rater, to label options in."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.output import Output
from pytest_safescale.cli.shape_option import add_shape_option, settings_with_shape
from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

__all__ = ["HELP", "add_options", "run"]

HELP = "write a spreadsheet for each rater, to label options in"
_SEPARATORS = {"comma": ",", "semicolon": ";"}
_MOST_RATERS = 99


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the items, how many raters there are, and where their sheets go."""
    command.add_argument("file", help="the items: as for dataset check")
    command.add_argument("--raters", required=True, type=int, metavar="N", help="how many, from 2")
    command.add_argument(
        "--out", type=Path, default=Path(), metavar="FOLDER", help="default: where you are"
    )
    command.add_argument(
        "--seed", type=int, metavar="N", help="of the order of options; default: the configured, 42"
    )
    command.add_argument(
        "--separator",
        choices=tuple(_SEPARATORS),
        default="comma",
        help="semicolon: for spreadsheets of a country that writes 0,5",
    )
    add_shape_option(command)


def run(given: argparse.Namespace) -> Output:
    """Write the sheets; returns what was written and what comes next.

    Raises SettingsError where a sheet is there already, and writes none then.
    """
    from pytest_safescale.dataset.label_sheets import sheet_text
    from pytest_safescale.dataset.load import load_dataset

    if not 2 <= given.raters <= _MOST_RATERS:
        raise SettingsError(f"--raters: found {given.raters}; allowed: 2 to {_MOST_RATERS}")
    settings = settings_with_shape(given)
    dataset = load_dataset(given.file, shape=settings.shape, root=Path.cwd())
    separator = _SEPARATORS[given.separator]
    sheets = {
        given.out / f"r{rater}.csv": sheet_text(
            dataset, rater, seed=settings.seed, separator=separator
        )
        for rater in range(1, given.raters + 1)
    }
    _write(sheets)
    options = sum(len(item.options) for item in dataset.items)
    names = " ".join(shlex.quote(str(path)) for path in sheets)
    read_as = f" --shape {shlex.quote(given.shape)}" if given.shape else ""
    return Output(
        [
            *(f"wrote {path}" for path in sheets),
            f"{len(dataset.items)} items, {options} lines a sheet, seed {settings.seed}",
            "next: each rater fills in one sheet, by themselves; "
            "where all stands in one column, write them with --separator semicolon",
            f"then: safescale dataset agree {names} --items {shlex.quote(given.file)}{read_as}",
        ]
    )


def _write(sheets: Mapping[Path, str]) -> None:
    """Write all sheets or none: one that is there may have been filled in."""
    if there := [str(path) for path in sheets if path.exists()]:
        raise SettingsError(
            f"--out: found {', '.join(there)}, and nothing was written: a sheet may have been "
            "filled in; allowed: a folder without such files"
        )
    try:
        for path, text in sheets.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            # The mark tells spreadsheets that the file is UTF-8.
            with path.open("x", encoding="utf-8-sig", newline="") as file:
                file.write(text)
    except OSError as error:
        raise SettingsError(
            f"--out: {path} cannot be written: {error.strerror or error}; allowed: a folder"
        ) from error
