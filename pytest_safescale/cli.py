"""The ``safescale`` command."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.errors import DatasetError, SafescaleError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

UNUSABLE = 4
"""Pytest's exit code for unusable input, kept by every command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns 0, or 4 with the reason on standard error."""
    given = _parser().parse_args(arguments)
    try:
        code: int = given.run(given)
    except SafescaleError as error:
        print(f"safescale: {error}", file=sys.stderr)
        return UNUSABLE
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="safescale", description="Safety tests of clinical language models."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    dataset = commands.add_parser("dataset", help="look at a file of items")
    actions = dataset.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("check", help="list every problem of a file, and its profile")
    check.add_argument("file", help="sample, a .csv/.json/.jsonl file, or hf:owner/name[@revision]")
    check.add_argument("--corpus", help="the passages for retrieval, a .jsonl file")
    check.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="FIELD=HEADING",
        help="which heading of a CSV holds a field (repeatable)",
    )
    check.set_defaults(run=_check_dataset)
    return parser


def _check_dataset(given: argparse.Namespace) -> int:
    from pytest_safescale.items.load import load_dataset
    from pytest_safescale.items.profile import profile, render

    columns = dict(_pair(text) for text in given.column)
    dataset = load_dataset(given.file, column_map=columns, corpus=given.corpus, root=Path.cwd())
    print(render(profile(dataset)))
    return 0


def _pair(text: str) -> tuple[str, str]:
    field, equals, heading = text.partition("=")
    if not (field and equals and heading):
        raise DatasetError(f"--column: found {text!r}; allowed: FIELD=HEADING")
    return field, heading
