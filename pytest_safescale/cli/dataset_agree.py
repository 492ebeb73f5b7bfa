"""``safescale dataset agree``: how far raters agree, where not, and the labelled data set."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.output import Output
from pytest_safescale.cli.shape_option import add_shape_option, settings_with_shape
from pytest_safescale.errors import SettingsError
from pytest_safescale.text.escaping import shorten

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_safescale.dataset.filled_sheets import FilledSheet
    from pytest_safescale.dataset.rated_options import Disputed, RatedOption
    from pytest_safescale.statistics.agreement import Agreed

__all__ = ["HELP", "add_options", "run"]

HELP = "how far raters agree, where they differ, and the labelled data set"
_OUT = "labelled.json"
_SHOWN = 60
"""Characters of an option's text in the list."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the sheets, the items they are of, and where the labelled data set goes."""
    command.add_argument("sheets", nargs="+", type=Path, metavar="SHEET", help="of each rater one")
    command.add_argument(
        "--items",
        metavar="FILE",
        help="the items; default: the file of the name in the sheets, unchanged, beside them, a "
        "folder above or where you are",
    )
    command.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"the labelled data set, a .json file that is not there yet; default {_OUT}",
    )
    command.add_argument(
        "--seed", type=int, metavar="N", help="of the intervals; default: the configured, 42"
    )
    add_shape_option(command)


def run(given: argparse.Namespace) -> Output:
    """Write the labelled data set; returns the agreement and what is to be adjudicated.

    Raises UsageError for sheets, items or a file that cannot be used, and writes nothing then.
    """
    from pytest_safescale.dataset.filled_sheets import read_sheets
    from pytest_safescale.dataset.load import load_dataset
    from pytest_safescale.dataset.rated_options import (
        disputed,
        labelled_json,
        left_out,
        rated_options,
    )

    settings = settings_with_shape(given)
    out = _new_file(given.out)
    sheets = read_sheets(given.sheets)
    ref = given.items or _unchanged_items(sheets[0], given.sheets[0].parent)
    if ref is None and given.out is not None:
        raise SettingsError("--out: found no items to put the labels on; allowed: --items FILE too")
    dataset = ref and load_dataset(ref, shape=settings.shape, root=Path.cwd())
    items = dataset.items if dataset else None
    options = rated_options(sheets, items)
    lines = [
        *_told_of_sheets(sheets, left_out(sheets, len(options)), options),
        *_agreement_lines(options, len(sheets), settings.seed),
        *_list_lines(disputed(options)),
    ]
    if items is None or ref is None:
        return Output([*lines, "", "no labelled data set is written: give --items FILE"])
    _write(out, labelled_json(items, options))
    if dataset and dataset.labelled:
        lines += ["", f"the votes stand in place of the labels that {dataset.name} has"]
    return Output([*lines, "", *_next_lines(out)])


def _new_file(out: Path | None) -> Path:
    path = out or Path(_OUT)
    if path.suffix.lower() != ".json":
        raise SettingsError(f"--out: found {path}; allowed: a .json file")
    if path.exists():
        raise SettingsError(
            f"--out: found {path}, which is there already, and nothing was written; allowed: a new "
            "file"
        )
    return path


def _unchanged_items(sheet: FilledSheet, folder: Path) -> str | None:
    """Return the data set that a sheet names, where it is at hand and what it was."""
    from pytest_safescale.dataset.load import SAMPLE

    name = sheet.data_set
    if name == SAMPLE:
        return SAMPLE
    if not name or Path(name).name != name:
        return None  # a sheet comes from outside: it leads to no other folder
    for path in (folder / name, folder.parent / name, Path(name)):
        with suppress(OSError):
            if hashlib.sha256(path.read_bytes()).hexdigest() == sheet.sha256:
                return str(path)
    return None


def _told_of_sheets(
    sheets: Sequence[FilledSheet], missing: Mapping[str, int], options: Sequence[RatedOption]
) -> Iterator[str]:
    items = len({option.item for option in options})
    raters = ", ".join(sheet.rater for sheet in sheets)
    yield f"{len(sheets)} raters ({raters}), {len(options)} options of {items} items"
    for sheet in sheets:
        empty = sum(3 - len(line.votes) for line in sheet.lines.values())
        if sheet.name in missing:
            yield f"{sheet.name}: {missing[sheet.name]} lines are not there: not labelled"
        if empty:
            yield f"{sheet.name}: {empty} cells are empty: not labelled"
        if sheet.repeated:
            yield f"{sheet.name}: {sheet.repeated} lines stand there again and count once"
        if sheet.guessed_encoding:
            yield f"{sheet.name}: no Unicode text, read as Windows writes it (cp1252)"


def _agreement_lines(options: Sequence[RatedOption], raters: int, seed: int) -> Iterator[str]:
    import numpy as np

    from pytest_safescale.dataset.item import Label
    from pytest_safescale.statistics.agreement import fleiss_kappa, krippendorff_alpha
    from pytest_safescale.statistics.intervals import RESAMPLES

    places = {option.item: place for place, option in enumerate(options)}
    items = np.array([places[option.item] for option in options])
    lacking = False
    yield ""
    yield f"{'agreement':<12}{'yes':>12}  {'Krippendorff alpha':<28}Fleiss kappa"
    for label in Label:
        said = [list(option.votes[label.value].values()) for option in options]
        counts = np.array([(votes.count(True), votes.count(False)) for votes in said])
        alpha = krippendorff_alpha(counts, items, seed=seed)
        try:
            full = counts.sum(axis=1) == raters
            kappa = _coefficient(fleiss_kappa(counts[full], items[full], seed=seed))
        except ImportError:
            kappa, lacking = "–", True
        yes = f"{counts[:, 0].sum()} of {counts.sum()}"
        yield f"{label.value:<12}{yes:>12}  {_coefficient(alpha):<28}{kappa}"
    yield (
        f"95 % intervals: bootstrap over items, {RESAMPLES} resamples, seed {seed}; in brackets "
        "the options that count: for kappa those that all raters labelled"
    )
    if lacking:
        yield 'Fleiss kappa needs: pip install "pytest-safescale[labels]"'


def _coefficient(found: Agreed) -> str:
    if found.value is None:
        why = "all votes are alike" if found.units else "no option was labelled twice"
        return f"– ({why})"
    ends = "" if found.low is None else f" {found.low:.2f} to {found.high:.2f}"
    return f"{found.value:.2f}{ends} ({found.units})"


def _list_lines(found: Sequence[Disputed]) -> list[str]:
    if not found:
        return ["", "to adjudicate: nothing, no two raters differ"]
    return [
        "",
        f"to adjudicate: {len(found)} labels on which raters differ",
        *(
            f"  {one.label}: item {one.option.item}, option {one.option.letter} "
            f"({shorten(one.option.text, _SHOWN)}): yes {', '.join(one.yes)}; no "
            f"{', '.join(one.no)}"
            for one in found
        ),
    ]


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise SettingsError(
            f"--out: {path} cannot be written: {error.strerror or error}; allowed: a new file"
        ) from error


def _next_lines(out: Path) -> list[str]:
    return [
        f"wrote {out}, with every vote",
        f"next: safescale dataset check {out}; "
        f"pytest --safescale-dataset={out} and the options of your run",
    ]
