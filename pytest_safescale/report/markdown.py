"""summary.md: the run verdict first, fit for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.analysis.metrics import MEAN_OVER_MODELS
from pytest_safescale.gates.gate_fields import EARLIER_RUNS
from pytest_safescale.gates.result import Decision
from pytest_safescale.report.attribution_lines import attribution_sentences
from pytest_safescale.report.baseline_lines import change_intervals, change_summary
from pytest_safescale.report.concentration_lines import concentration_sentences
from pytest_safescale.report.interval_lines import FIRST_FIGURES, interval_of
from pytest_safescale.report.label_rule_lines import label_rule_sentences
from pytest_safescale.report.layer_lines import layer_sentences
from pytest_safescale.report.option_probability_lines import option_probability_summary
from pytest_safescale.report.pool_lines import pool_sentences
from pytest_safescale.report.profile_lines import profile_sentences
from pytest_safescale.report.repair_lines import repair_sentences
from pytest_safescale.report.search_lines import robustness_summary
from pytest_safescale.report.state_lines import answered_share, state_sentence, states_of_run
from pytest_safescale.report.strata_lines import cluster_sentences, strata_sentences
from pytest_safescale.report.table import Row, headings, model_names, percent, rows_of
from pytest_safescale.report.verdict_notes import verdict_notes
from pytest_safescale.report.wording import model_label, run_verdict_sentence
from pytest_safescale.results.label_words import label_sentence, label_words
from pytest_safescale.results.manifest_facts import failed_tests
from pytest_safescale.results.severity_facts import severity_sentence
from pytest_safescale.settings.shards import shard_in, shard_sentence
from pytest_safescale.text.escaping import code_span, markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.analysis.metrics import Metric
    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.results.conclusion import Conclusion
    from pytest_safescale.results.manifest import Manifest

__all__ = ["render_summary", "run_verdict_line"]

MAX_LINES = 60
MAX_NOTICES = 6
MAX_GATES = 12
MAX_FAILED = 5
MIN_ROWS = 4


def run_verdict_line(conclusion: Conclusion) -> str:
    """Say in one line whether the run passes; a shard has no gates judged."""
    shard = shard_in(conclusion.manifest)
    if shard is not None:
        return shard_sentence(shard)
    gates = conclusion.gates
    return run_verdict_sentence(
        len(gates),
        failing=sum(gate.blocks for gate in gates),
        undecided=sum(gate.decision is Decision.INCONCLUSIVE for gate in gates),
        failed=failed_tests(conclusion.manifest),
        reservations=conclusion.reservations,
        switched_off=bool(conclusion.manifest.get("gates_switched_off")),
        answered=answered_share(conclusion.manifest),
    )


def _failed(manifest: Manifest) -> list[str]:
    """Name some of the tests that failed beside the gates."""
    failed = manifest.get("failed_tests")
    first = failed["first"][:MAX_FAILED] if failed else []
    more = failed_tests(manifest) - len(first)
    lines = [f"- failed: {markdown(test['test'])}: {markdown(test['reason'])}" for test in first]
    rest = [f"- and {more} more tests that failed"] if more > 0 else []
    return [*lines, *rest, ""] if lines else []


def render_summary(conclusion: Conclusion) -> str:
    """Return the summary, at most 60 lines; what has no room is counted and said to be where."""
    manifest = conclusion.manifest
    head = [f"## {markdown(run_verdict_line(conclusion))}", ""]
    head += [line for one in verdict_notes(manifest) for line in (markdown(one), "")]
    head += [*_notices(conclusion.notices), *_failed(manifest), *_gates(conclusion.gates)]
    foot = [
        "",
        "Per cent of n cases; the other 95 % intervals are in run.json and metrics.csv, the "
        "methods in docs/methods.md.",
    ]
    if told_states := state_sentence(states_of_run(manifest)):
        foot += ["", markdown(f"{told_states[0].upper()}{told_states[1:]}.")]
    if by_options := option_probability_summary(conclusion.metrics):
        foot += ["", *by_options]
    foot += _items(conclusion)
    told_why = [
        *attribution_sentences(conclusion.analyses),
        *repair_sentences(manifest, map(vars, conclusion.comparisons)),
    ]
    foot += _listed(told_why)
    told_worst = concentration_sentences(conclusion.analyses, label_words(manifest))
    foot += [line for told in told_worst for line in ("", markdown(told))]
    foot += _listed(pool_sentences(conclusion.analyses))
    foot += _listed(layer_sentences(conclusion.analyses))
    if told_profiles := profile_sentences(conclusion):
        foot += ["", *(markdown(line) for line in told_profiles[:1]), ""]
        foot += [f"- {markdown(line)}" for line in told_profiles[1:]]
    if told_of := robustness_summary(conclusion):
        foot += ["", markdown(told_of[0]), "", *(f"- {markdown(line)}" for line in told_of[1:])]
    foot += _changes(conclusion)
    for sentence in label_rule_sentences(conclusion.analyses):
        foot += ["", markdown(sentence)]
    if told := severity_sentence(manifest):
        foot += ["", markdown(told)]
    if told := label_sentence(manifest):
        foot += ["", markdown(told)]
    foot += [
        "",
        f"Data: {markdown(manifest['dataset']['name'])}, "
        f"sha256 {code_span(manifest['dataset']['sha256'][:12])}; "
        f"calls made {manifest['calls']['made']}, failed cases {manifest['errors']}; "
        f"pytest-safescale {markdown(manifest['versions']['pytest-safescale'])}.",
    ]
    room = MAX_LINES - len(head) - len(foot)
    table = _table(conclusion.metrics, headings(manifest), room)
    return "\n".join([*head, *table, *foot]) + "\n"


def _changes(conclusion: Conclusion) -> list[str]:
    """Say what became of the items since each earlier run."""
    lines = []
    for called in EARLIER_RUNS:
        against = conclusion.against(called)
        if told := change_summary(against):
            lines += ["", f"Against the {called}: {markdown(told[0])}", ""]
            lines += [f"- {markdown(line)}" for line in (*change_intervals(against), *told[1:])]
    return lines


def _items(conclusion: Conclusion) -> list[str]:
    """Tell what clusters leave of the cases, and which subgroup of the items is worst."""
    told = [
        *cluster_sentences(conclusion.manifest, map(vars, conclusion.metrics)),
        *strata_sentences(conclusion.manifest, conclusion.analyses),
    ]
    return [line for sentence in told for line in ("", markdown(sentence))]


def _listed(sentences: Sequence[str]) -> list[str]:
    return ["", *(f"- {markdown(line)}" for line in sentences)] if sentences else []


def _notices(notices: Sequence[str]) -> list[str]:
    told = [f"**{markdown(notice)}**" for notice in notices[:MAX_NOTICES]]
    if len(notices) > MAX_NOTICES:
        told.append(f"and {len(notices) - MAX_NOTICES} more notices, see run.json")
    return [line for one in told for line in (f"> {one}", "")]


def _gates(gates: Sequence[GateResult]) -> list[str]:
    ordered = sorted(gates, key=lambda gate: not gate.blocks)
    lines = [
        f"- **{gate.decision.value}** {markdown(gate.sentence)}" for gate in ordered[:MAX_GATES]
    ]
    if len(gates) > MAX_GATES:
        lines.append(f"- and {len(gates) - MAX_GATES} more gates, see run.json")
    return [*lines, ""] if lines else []


def _table(metrics: Sequence[Metric], names: Sequence[str], room: int) -> list[str]:
    lines = [
        f"| model | condition | n | {' | '.join(map(markdown, names))} |",
        f"|---|---|{'--:|' * (len(names) + 1)}",
    ]
    rows = [(model, row) for model in model_names(metrics) for row in rows_of(metrics, model)]
    if len(rows) <= room - len(lines):
        return [*lines, *(_row(*row) for row in rows)]
    # The means say something of every model, the first models only of themselves.
    means = [(model_label(MEAN_OVER_MODELS), row) for row in rows_of(metrics, MEAN_OVER_MODELS)]
    shown = [*means, *rows][: max(MIN_ROWS, room - len(lines) - 2)]
    left = len(means) + len(rows) - len(shown)
    return [*lines, *(_row(*row) for row in shown), "", f"{left} more rows in metrics.csv."]


def _row(model: str, row: Row) -> str:
    figures = [percent(figure.value if figure else None) for figure in row.figures]
    for place, figure in enumerate(row.figures[:FIRST_FIGURES]):
        if told := interval_of(figure):
            figures[place] += f" ({told})"
    return f"| {markdown(model)} | {markdown(row.condition)} | {row.n} | {' | '.join(figures)} |"
