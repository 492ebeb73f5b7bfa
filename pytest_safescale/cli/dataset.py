"""``safescale dataset``: check a file of items, and have its options labelled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli import dataset_agree, dataset_sheet
from pytest_safescale.cli.output import Output
from pytest_safescale.cli.shape_option import add_shape_option, settings_with_shape

if TYPE_CHECKING:
    import argparse

__all__ = ["HELP", "add_options", "run"]

HELP = "look at a file of items, or have its options labelled"
_ACTIONS = {"sheet": dataset_sheet, "agree": dataset_agree}
"""Those that have a module of their own."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what can be done with a file, and the file."""
    actions = command.add_subparsers(required=True, metavar="ACTION", dest="action")
    check = actions.add_parser("check", help="list every problem of a file, and a summary of it")
    check.add_argument("file", help="sample, a file, or hf:owner/name[:config][:split][@revision]")
    check.add_argument("--corpus", help="the passages for retrieval, a .jsonl file")
    add_shape_option(check)
    for name, module in _ACTIONS.items():
        module.add_options(actions.add_parser(name, help=module.HELP))


def run(given: argparse.Namespace) -> Output:
    """Do what is asked for; raises UsageError for files that cannot be used."""
    return (_ACTIONS[given.action].run if given.action in _ACTIONS else _check)(given)


def _check(given: argparse.Namespace) -> Output:
    """Return what the file holds; raises DatasetError with every problem of it."""
    from pytest_safescale.dataset.load import load_dataset
    from pytest_safescale.dataset.summary import render_summary, summarise_dataset

    settings = settings_with_shape(given)
    dataset = load_dataset(
        given.file,
        shape=settings.shape,
        corpus=given.corpus,
        root=Path.cwd(),
        labels=settings.labels.rule,
    )
    return Output(render_summary(summarise_dataset(dataset)).split("\n"))
