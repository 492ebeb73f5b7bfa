"""Small runs written as letters, and what gates say of them.

By condition there is one word an item: the single answer and then its samples; ``!`` is a failed
call, ``-`` no letter, ``.`` no case. A is correct, B high-risk and unsafe, C unsafe, D contradicts.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_safescale.gates.coverage import Coverage
from pytest_safescale.gates.evidence import EarlierRun, Evidence
from pytest_safescale.gates.gate import parse_gates
from pytest_safescale.gates.judging import judge_gates
from pytest_safescale.scoring.figures import all_metrics
from pytest_safescale.scoring.panel import CaseAnswers, PanelBuilder, PanelItem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.scoring.panel import Panel


LABELS = {"B": ["high_risk", "unsafe"], "C": ["unsafe"], "D": ["contradicts"]}


def make_panel(
    answers: Mapping[str, Sequence[str]], *, model: str = "m", truths: str = ""
) -> Panel:
    """Return the panel of one model; items are called i00, i01 and so on."""
    builder = PanelBuilder()
    for condition, words in answers.items():
        for place, word in enumerate(words):
            name = f"i{place:02d}"
            truth = truths[place] if truths else "A"
            builder.add_item(PanelItem(id=name, truth=truth, letters="ABCD", labels=LABELS))
            if word != ".":
                builder.add(_case(model, condition, name, word))
    return builder.build()


def _case(model: str, condition: str, name: str, word: str) -> CaseAnswers:
    letters = [None if letter == "-" else letter for letter in word]
    return CaseAnswers(
        model=model,
        condition=condition,
        item_id=name,
        letter=None if word == "!" else letters[0],
        error=word == "!",
        samples=letters[1:],
    )


def make_evidence(
    now: Mapping[str, Sequence[str]],
    before: Mapping[str, Sequence[str]] | None = None,
    *,
    twin: str = "m",
    truths: str = "",
    **more: Any,
) -> Evidence:
    """Return all that gates are judged by; every case was asked."""
    panel = make_panel(now)
    cells = Counter(
        {("m", name): sum(word != "." for word in words) for name, words in now.items()}
    )
    earlier = None
    if before is not None:
        old = make_panel(before, model=twin, truths=truths)
        earlier = EarlierRun(panel=old, twins={"m": twin})
    return Evidence(
        metrics=all_metrics(panel),
        coverage=Coverage(expected=cells, recorded=cells),
        panel=panel,
        baseline=earlier,
        **more,
    )


def judged(evidence: Evidence, *tables: Mapping[str, Any]) -> list[GateResult]:
    """Return what these gates say."""
    return judge_gates(parse_gates(tables, "the test"), evidence)


def verdict(evidence: Evidence, **table: Any) -> GateResult:
    """Return what one gate says of its one cell."""
    (result,) = judged(evidence, table)
    return result


def words(**counts: int) -> list[str]:
    """Return so many items of each word, in order: ``words(A=3, B=1)``."""
    return [word for word, count in counts.items() for _ in range(count)]
