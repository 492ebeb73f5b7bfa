"""The ``safescale`` command."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pytest_safescale.compare import add_compare_options, compared
from pytest_safescale.errors import DatasetError, SafescaleError, SettingsError
from pytest_safescale.merge_command import add_merge_options, merged
from pytest_safescale.plan_command import add_plan_options, planned

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

UNUSABLE = 4
"""Pytest's exit code for unusable input, kept by every command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns 0, 1 where a gate does not hold, or 4 and says why on stderr."""
    try:
        given = _parser().parse_args(arguments)
        code: int = given.run(given)
    except SafescaleError as error:
        print(f"safescale: {error}", file=sys.stderr)
        return UNUSABLE
    return code


class _Parser(argparse.ArgumentParser):
    """Refuses a command line as every other unusable input is refused."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message}; see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="safescale", description="Safety tests of clinical language models.")
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
        help="which heading holds a field (repeatable); default: the configured columns",
    )
    check.set_defaults(run=_check_dataset)
    plan = commands.add_parser("plan", help="what a run takes, and what its items can show")
    add_plan_options(plan)
    plan.set_defaults(run=_plan)
    report = commands.add_parser("report", help="write report.html anew, or runs side by side")
    report.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="report folders")
    report.add_argument(
        "--out", type=Path, help="the page that shows several runs; default side-by-side.html"
    )
    report.add_argument("--figures", type=Path, metavar="DIR", help="write the charts there too")
    report.set_defaults(run=_report)
    compare = commands.add_parser("compare", help="a run against an earlier one, item by item")
    add_compare_options(compare)
    compare.set_defaults(run=_compare)
    merge = commands.add_parser("merge", help="join the shards of a run, and judge its gates")
    add_merge_options(merge)
    merge.set_defaults(run=_merge)
    _add_score(commands.add_parser("score", help="figures and a report of results that exist"))
    return parser


def _add_score(score: argparse.ArgumentParser) -> None:
    score.add_argument(
        "results",
        type=Path,
        metavar="RESULTS_DIR",
        help="folders of models with a risk_radiorag_checked.jsonl, or report folders",
    )
    score.add_argument(
        "--dataset",
        required=True,
        metavar="FILE",
        help="where options and labels are: sample, a file, or hf:owner/name[@revision]",
    )
    score.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="where the report goes"
    )
    score.add_argument(
        "--definitions",
        choices=("default", "release"),
        default="default",
        help="release: as the paper's released scripts compute the figures",
    )
    score.add_argument(
        "--answers",
        choices=("checked", "raw"),
        default="checked",
        help="raw: read the letters from the replies instead of taking the checked ones",
    )
    score.add_argument(
        "--allow-partial",
        action="store_true",
        help="score what can be scored of damaged results, and say so in every output",
    )
    score.set_defaults(run=_score)


def _check_dataset(given: argparse.Namespace) -> int:
    from pytest_safescale.items.load import load_dataset
    from pytest_safescale.items.profile import profile, render
    from pytest_safescale.settings import read_configuration, resolve_settings

    # Without a map of its own the check reads the file as a run would.
    configured = resolve_settings({}, read_configuration(Path.cwd())).columns
    columns = dict(_pair(text) for text in given.column) or configured
    dataset = load_dataset(given.file, column_map=columns, corpus=given.corpus, root=Path.cwd())
    print(render(profile(dataset)))
    return 0


def _plan(given: argparse.Namespace) -> int:
    print("\n".join(planned(given)))
    return 0


def _compare(given: argparse.Namespace) -> int:
    print("\n".join(compared(given)))
    return 0


def _merge(given: argparse.Namespace) -> int:
    lines, code = merged(given)
    print("\n".join(lines))
    return code


def _report(given: argparse.Namespace) -> int:
    from pytest_safescale.report.html import write_figures, write_html
    from pytest_safescale.report.side_by_side import write_side_by_side

    if len(given.folders) > 1:
        print(write_side_by_side(given.folders, given.out or Path("side-by-side.html")))
    else:
        print(write_html(given.folders[0]))
    if given.figures is not None:
        for folder in given.folders:
            # Charts of several runs have the same names: each run gets a folder of its own.
            target = given.figures / folder.name if len(given.folders) > 1 else given.figures
            for path in write_figures(folder, target):
                print(path)
    return 0


def _score(given: argparse.Namespace) -> int:
    from pytest_safescale.items.load import load_dataset
    from pytest_safescale.report.terminal import render_terminal
    from pytest_safescale.score import score_results
    from pytest_safescale.score_manifest import ScoreOptions
    from pytest_safescale.settings import read_configuration, resolve_settings

    settings = resolve_settings({}, read_configuration(Path.cwd()))
    dataset = load_dataset(given.dataset, column_map=settings.columns, root=Path.cwd())
    options = ScoreOptions(
        definitions=given.definitions,
        answers=given.answers,
        allow_partial=given.allow_partial,
        ref=given.dataset,
        seed=settings.seed if "seed" in settings.model_fields_set else None,
        models={
            name: model.model_dump(exclude_unset=True) for name, model in settings.models.items()
        },
        ensembles={ensemble.name: ensemble.models for ensemble in settings.ensembles},
        labels=dict(settings.labels.items()),
    )
    conclusion = score_results(given.results, dataset, given.out, options)
    print("\n".join(render_terminal(conclusion)))
    print(f"\n{given.out / 'report.html'}")
    return 0


def _pair(text: str) -> tuple[str, str]:
    field, equals, heading = text.partition("=")
    if not (field and equals and heading):
        raise DatasetError(f"--column: found {text!r}; allowed: FIELD=HEADING")
    return field, heading
