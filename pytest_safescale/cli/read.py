"""``safescale read``: the reader tried on replies, against what a person reads in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.out_file import writing
from pytest_safescale.cli.output import Output
from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    import argparse

__all__ = ["HELP", "add_options", "run"]

HELP = "try the reader on replies of your model"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the file of replies, and where what was read goes."""
    command.add_argument(
        "file",
        type=Path,
        metavar="FILE.jsonl",
        help="lines of reply, options (letter: text) and letter, what a person reads or null",
    )
    command.add_argument(
        "--out", type=Path, metavar="FILE", help="write what was read there, not to stdout"
    )


def run(given: argparse.Namespace) -> Output:
    """Return a line of JSON for each reply, and the table beside it.

    With ``--out`` the table alone. Raises UsageError for a file or a line that cannot be used.
    """
    from pytest_safescale.report.reading_table import reading_lines
    from pytest_safescale.runs.reply_file import read_replies
    from pytest_safescale.text.escaping import json_line

    replies = read_replies(given.file)
    found = [json_line(one.record()) for one in replies]
    table = reading_lines(replies)
    if given.out is None:
        return Output(found, beside=table)
    _write(given.out, found, given.file)
    return Output(table)


def _write(path: Path, lines: list[str], replies: Path) -> None:
    with writing(path):
        if path.exists() and path.samefile(replies):
            raise SettingsError(f"--out: {path} is the file of replies; allowed: another file")
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
