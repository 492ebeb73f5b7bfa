"""``safescale plan``: its options are those of a run, and questions about items."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_safescale.cli.output import Output
from pytest_safescale.cli.planned_gates import gates_of, plans_of, require_possible
from pytest_safescale.cli.prepared_run import prepared_run, settings_given, unknown_conditions
from pytest_safescale.cli.run_options import add_run_options
from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from pytest_safescale.gates.spec import Gate
    from pytest_safescale.runs.outlook import Questions
    from pytest_safescale.runs.plan import PlanRow
    from pytest_safescale.runs.run import Run
    from pytest_safescale.settings.schema import Settings

__all__ = ["HELP", "add_options", "run"]

HELP = "what a run takes, and what its items can show"

PLACEHOLDER_NOTICE = (
    "no model is named: a plain one without a price is assumed; name yours with --model SPEC"
)
NOT_PLANNED = (
    "store",
    "replay",
    "max-age",
    "fresh",
    "baseline",
    "anchor",
    "lock",
    "ledger",
    "strict",
    "report",
    "cases",
    "figures",
    "rate-share",
    "otel",
)
"""Options of a run that change nothing of its plan; taken, so that a command can be pasted."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of a run, with and without ``safescale-`` before the name, and questions."""
    add_run_options(command, hidden=NOT_PLANNED)
    command.add_argument("--items", metavar="N", help="plan for so many items, not the data set's")
    command.add_argument(
        "--threshold", metavar="LIST", help="rates a gate may have, such as 0.02,0.05"
    )
    command.add_argument(
        "--rate", metavar="R", help="the true rate assumed of what should be rare; default 0.02"
    )
    command.add_argument(
        "--high-rate", metavar="R", help="the same of what should be high; default 0.95"
    )
    command.add_argument(
        "--true", metavar="LIST", help="the same of single metrics, such as accuracy=0.9"
    )
    command.add_argument(
        "--changing",
        metavar="R",
        help="share of items assumed to move each way between two runs; unset: independent answers",
    )
    command.add_argument(
        "--icc", metavar="R", help="correlation assumed within clusters of items; default 0.1"
    )
    command.add_argument("--increase", metavar="LIST", help="rises of a rate to see, such as 0.05")
    command.add_argument("--confidence", metavar="C", help="of gates and tests; default 0.95")


def run(given: argparse.Namespace) -> Output:
    """Return the plan of the run that is meant, and what its items can show.

    Raises SafescaleError for an option, a configuration or data that cannot be used.
    """
    from pytest_safescale.report.wording import in_columns
    from pytest_safescale.runs.outlook import render_outlook
    from pytest_safescale.runs.outlook_of_gates import gates_outlook
    from pytest_safescale.runs.outlook_of_items import item_sentences
    from pytest_safescale.runs.plan import plan_run, scaled

    items = _count("--items", given.items)
    settings, configuration = settings_given(given)
    gates, certificates = gates_of(settings)
    asked = _questions(given, gates)
    planned = prepared_run(settings, configuration.folder)
    require_possible(planned, settings, gates, certificates)
    rows = plan_run(planned)
    if items is not None:
        rows = [scaled(row, items / len(planned.dataset.items)) for row in rows]
    lines = [f"configuration {configuration.path}"] if configuration.path is not None else []
    lines += [] if settings.model else in_columns([PLACEHOLDER_NOTICE])
    lines += [
        *in_columns(_taken_for_own(settings, gates)),
        *_taken(planned, rows, gates),
        *in_columns(_searches(rows, settings)),
    ]
    plans = plans_of(planned, settings, rows, asked.assumed)
    of_gates = gates_outlook(gates, plans)
    of_items = item_sentences(planned.dataset.items, gates) if items is None else []
    lines += [*render_outlook(plans.sizes, asked), *of_gates.lines, *of_items]
    return Output(lines, exit_code=1 if of_gates.impossible else 0)


def _taken_for_own(settings: Settings, gates: Sequence[Gate]) -> Iterator[str]:
    """Say which names are taken for metrics and conditions of the user's own."""
    from pytest_safescale.analysis.metric_table import METRICS

    for name in sorted({gate.metric for gate in gates if gate.metric} - METRICS.keys()):
        yield f"{name} is not built in: taken for a metric of your own"
    for name in unknown_conditions(settings):
        yield f"{name} is not built in: taken for a condition of your own, its evidence not counted"


def _taken(planned: Run, rows: Sequence[PlanRow], gates: Sequence[Gate]) -> list[str]:
    """Return the calls and tokens that the cases take, as a table and in sentences."""
    from pytest_safescale.report.wording import in_columns
    from pytest_safescale.runs.plan_words import (
        confirm_sentences,
        layer_sentences,
        parallel_sentences,
        profile_sentences,
        reader_sentences,
        render_plan,
        retrieval_sentences,
    )
    from pytest_safescale.runs.planned_price import batch_sentences

    sentences = [
        *profile_sentences(rows),
        *layer_sentences(rows),
        *confirm_sentences(rows, gates),
        *retrieval_sentences(planned),
        *reader_sentences(planned),
        *parallel_sentences(planned),
        *batch_sentences(planned),
    ]
    return [*render_plan(rows), *in_columns(sentences)]


def _searches(rows: Sequence[PlanRow], settings: Settings) -> list[str]:
    """Return what the suite that searches for counterexamples takes, where it is meant."""
    if not settings.wants_robustness:
        return []
    from pytest_safescale.perturb.relations import RELATIONS, REPEAT
    from pytest_safescale.perturb.search.run_search import current_hypothesis_settings
    from pytest_safescale.runs.plan_words import robustness_sentence

    # Relations of the user's own are known by their names alone, as metrics are: taken for such
    # as keep the meaning, and so have repeats beside them.
    names = set(settings.relations) or {*RELATIONS, REPEAT.name}
    edited = names - {REPEAT.name}
    keeping = sum(name not in RELATIONS or RELATIONS[name].keeps_meaning for name in edited)
    sentence = robustness_sentence(
        rows,
        edited=len(edited),
        repeated=keeping if REPEAT.name in names else 0,
        variants=settings.variants or current_hypothesis_settings().max_examples,
        shrink_calls=settings.shrink_calls,
    )
    return [sentence]


def _questions(given: argparse.Namespace, gates: Sequence[Gate]) -> Questions:
    from pytest_safescale.runs.assumed_truth import Assumptions
    from pytest_safescale.runs.outlook import Questions

    assumed: dict[str, Any] = {
        "rate": _fraction("--rate", given.rate),
        "high_rate": _fraction("--high-rate", given.high_rate),
        "changing": _fraction("--changing", given.changing, most=0.5),
        "icc": _fraction("--icc", given.icc),
        "true": _true(given.true, gates),
    }
    words: dict[str, Any] = {
        "thresholds": _fractions("--threshold", given.threshold),
        "increases": _fractions("--increase", given.increase),
        "confidence": _fraction("--confidence", given.confidence),
        "assumed": replace(Assumptions(), **{name: one for name, one in assumed.items() if one}),
    }
    return replace(Questions(), **{name: value for name, value in words.items() if value})


def _true(text: str | None, gates: Sequence[Gate]) -> dict[str, float]:
    """Return the true figures of single metrics, as ``metric=rate`` in a list."""
    known = {gate.of_metric for gate in gates}
    found = {}
    for word in text.split(",") if text is not None else ():
        name, _, rate = (part.strip() for part in word.partition("="))
        if name not in known:
            allowed = ", ".join(sorted(known)) or "none, as no gate is configured"
            raise SettingsError(f"--true: found {word!r}; allowed: METRIC=R of {allowed}")
        found[name] = _fraction("--true", rate) or 0.0
    return found


def _fractions(option: str, text: str | None) -> tuple[float, ...]:
    words = text.split(",") if text is not None else ()
    found = (_fraction(option, word) for word in words)
    return tuple(number for number in found if number is not None)


def _fraction(option: str, text: str | None, *, most: float = 1.0) -> float | None:
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.0 < number < most:
        below = "" if most == 1.0 else f" below {most:g}"
        raise SettingsError(f"{option}: found {text!r}; allowed: a fraction{below} such as 0.05")
    return number


def _count(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"{option}: found {text!r}; allowed: a whole number from 1")
    return int(text)
