"""``safescale score``: figures and a report of results that exist already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.output import Output
from pytest_safescale.cli.shape_option import add_shape_option, settings_with_shape
from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    import argparse

    from pytest_safescale.runs.score_manifest import SecondModel
    from pytest_safescale.settings.schema import Settings

__all__ = ["HELP", "add_options", "run"]

HELP = "figures and a report of results that exist"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the results, the data set they are of, and how they are read and computed."""
    command.add_argument(
        "results",
        type=Path,
        metavar="RESULTS_DIR",
        help="folders of models with a risk_radiorag_checked.jsonl, or report folders",
    )
    command.add_argument(
        "--dataset",
        required=True,
        metavar="FILE",
        help="where options and labels are: as --safescale-dataset",
    )
    add_shape_option(command)
    command.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="where the report goes"
    )
    command.add_argument(
        "--definitions",
        choices=("default", "release"),
        default="default",
        help="release: as the paper's released scripts compute the figures",
    )
    command.add_argument(
        "--answers",
        choices=("checked", "raw"),
        default="checked",
        help="raw: read the letters from the replies instead of taking the checked ones",
    )
    command.add_argument(
        "--reader",
        "--safescale-reader",
        metavar="MODEL",
        help="with --answers raw: a second model that reads what the rules cannot",
    )
    command.add_argument(
        "--allow-partial",
        action="store_true",
        help="score what can be scored of damaged results, and say so in every output",
    )


def run(given: argparse.Namespace) -> Output:
    """Return the table of the results; raises UsageError for results that cannot be read."""
    from pytest_safescale.dataset.load import load_dataset
    from pytest_safescale.report.terminal import render_terminal
    from pytest_safescale.report.verdict_notes import verdict_notes
    from pytest_safescale.report.wording import in_columns
    from pytest_safescale.results.severity_facts import stated_severity
    from pytest_safescale.runs.score import score_results
    from pytest_safescale.runs.score_manifest import ScoreOptions

    settings = settings_with_shape(given)
    second = _second_model(given, settings)
    dataset = load_dataset(
        given.dataset, shape=settings.shape, root=Path.cwd(), labels=settings.labels.rule
    )
    options = ScoreOptions(
        definitions=given.definitions,
        answers=given.answers,
        allow_partial=given.allow_partial,
        second=second,
        ref=given.dataset,
        seed=settings.seed if "seed" in settings.model_fields_set else None,
        models={
            name: model.model_dump(exclude_unset=True) for name, model in settings.models.items()
        },
        ensembles={ensemble.name: ensemble.models for ensemble in settings.ensembles},
        labels=settings.labels.words,
        label_rule=settings.labels.rule,
        severity=stated_severity(settings.severity_of_answers, settings.default_severities),
    )
    conclusion = score_results(given.results, dataset, given.out, options)
    told = in_columns(verdict_notes(conclusion.manifest))
    return Output(
        [*render_terminal(conclusion), "", *told, str(given.out / "report.html")],
    )


def _second_model(given: argparse.Namespace, settings: Settings) -> SecondModel | None:
    from pytest_safescale.models.build import build_reader
    from pytest_safescale.runs.score_manifest import SecondModel

    if given.reader is None:
        return None
    if given.answers != "raw":
        raise SettingsError(
            f"--safescale-reader: found {given.reader!r} and --answers {given.answers}; "
            "allowed: --answers raw beside it"
        )
    settings = settings.model_copy(update={"reader": given.reader})
    model = build_reader(settings, root=Path.cwd())
    return None if model is None else SecondModel(model=model, settings=settings)
