"""``safescale schema``: the JSON Schema of a file of the report, for other people's tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.cli.output import Output

if TYPE_CHECKING:
    import argparse

__all__ = ["HELP", "add_options", "run"]

HELP = "print the JSON Schema of run.json, or of a line of cases.jsonl"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add which file is meant."""
    command.add_argument(
        "of", choices=("run", "cases"), help="run: run.json; cases: a line of cases.jsonl"
    )


def run(given: argparse.Namespace) -> Output:
    """Return the schema that comes with the package."""
    from pytest_safescale.results.schemas import schema_path

    return Output(schema_path(given.of).read_text(encoding="utf-8").splitlines())
