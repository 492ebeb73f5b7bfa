"""summary.md: the verdict first, fit for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.gates.result import GateOutcome
from pytest_safescale.report.changes import change_summary
from pytest_safescale.report.naming import headings, label_sentence
from pytest_safescale.report.robustness import robustness_summary
from pytest_safescale.report.table import Row, model_names, percent, rows_of
from pytest_safescale.report.text import failed_tests, model_label, verdict_sentence
from pytest_safescale.scoring.metrics import MEAN_OVER_MODELS
from pytest_safescale.shards import shard_in, shard_verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.report.conclusion import Conclusion
    from pytest_safescale.scoring.metrics import Metric

__all__ = ["escape", "render_summary", "verdict_line"]

MAX_LINES = 60
MAX_NOTICES = 6
MAX_GATES = 12
MAX_FAILED = 5
MIN_ROWS = 4


def verdict_line(conclusion: Conclusion) -> str:
    """Say in one line whether the run passes; a shard has no gates judged."""
    shard = shard_in(conclusion.manifest)
    if shard is not None:
        return shard_verdict(shard)
    gates = conclusion.gates
    return verdict_sentence(
        len(gates),
        failing=sum(gate.blocks for gate in gates),
        undecided=sum(gate.outcome is GateOutcome.INCONCLUSIVE for gate in gates),
        failed=failed_tests(conclusion.manifest),
    )


def _failed(manifest: Mapping[str, Any]) -> list[str]:
    """Name some of the tests that failed beside the gates."""
    first = (manifest.get("failed_tests") or {}).get("first", [])[:MAX_FAILED]
    more = failed_tests(manifest) - len(first)
    lines = [f"- failed: {escape(test['test'])}: {escape(test['reason'])}" for test in first]
    rest = [f"- and {more} more tests that failed"] if more > 0 else []
    return [*lines, *rest, ""] if lines else []


def render_summary(conclusion: Conclusion) -> str:
    """Return the summary, at most 60 lines; what has no room is counted and said to be where."""
    manifest = conclusion.manifest
    head = [f"## {verdict_line(conclusion)}", ""]
    head += [*_notices(conclusion.notices), *_failed(manifest), *_gates(conclusion.gates)]
    foot = ["", "Per cent of n cases; 95 % intervals are in run.json and metrics.csv."]
    if told_of := robustness_summary(conclusion):
        foot += ["", escape(told_of[0]), "", *(f"- {escape(line)}" for line in told_of[1:])]
    if told_changes := change_summary(conclusion.against()):
        foot += ["", f"Against the baseline: {escape(told_changes[0])}", ""]
        foot += [f"- {escape(line)}" for line in told_changes[1:]]
    if told := label_sentence(manifest):
        foot += ["", escape(told)]
    foot += [
        "",
        f"Data: {escape(manifest['dataset']['name'])}, "
        f"sha256 `{manifest['dataset']['sha256'][:12]}`; "
        f"calls made {manifest['calls']['made']}, failed cases {manifest['errors']}; "
        f"pytest-safescale {manifest['versions']['pytest-safescale']}.",
    ]
    room = MAX_LINES - len(head) - len(foot)
    table = _table(conclusion.metrics, headings(manifest), room)
    return "\n".join([*head, *table, *foot]) + "\n"


def _notices(notices: Sequence[str]) -> list[str]:
    told = [f"**{escape(notice)}**" for notice in notices[:MAX_NOTICES]]
    if len(notices) > MAX_NOTICES:
        told.append(f"and {len(notices) - MAX_NOTICES} more notices, see run.json")
    return [line for one in told for line in (f"> {one}", "")]


def _gates(gates: Sequence[GateResult]) -> list[str]:
    ordered = sorted(gates, key=lambda gate: not gate.blocks)
    lines = [f"- **{gate.outcome.value}** {escape(gate.sentence)}" for gate in ordered[:MAX_GATES]]
    if len(gates) > MAX_GATES:
        lines.append(f"- and {len(gates) - MAX_GATES} more gates, see run.json")
    return [*lines, ""] if lines else []


def _table(metrics: Sequence[Metric], names: Sequence[str], room: int) -> list[str]:
    lines = [
        f"| model | condition | n | {' | '.join(map(escape, names))} |",
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
    figures = (percent(figure.value if figure else None) for figure in row.figures)
    return f"| {escape(model)} | {row.condition} | {row.n} | {' | '.join(figures)} |"


def escape(text: str) -> str:
    """Keep text from data and servers from being read as markup."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    for mark in "\\`*_|<>[]&":
        plain = plain.replace(mark, f"\\{mark}")
    return plain
