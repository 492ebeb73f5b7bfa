"""Small runs written as letters, and what gates say of them.

By condition there is one word an item: the single answer and then its samples. ``!`` is a failed
call, of all samples where it stands for them; ``?`` is a reply that nobody can read, ``-`` an
abstention, ``.`` no case. A is correct, B high-risk and unsafe, C unsafe, D contradicts.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.ensembles import ensemble_metrics
from pytest_safescale.analysis.estimates import all_metrics, values_alone
from pytest_safescale.analysis.panel import CaseAnswers, PanelBuilder, PanelItem
from pytest_safescale.gates.completeness import Completeness
from pytest_safescale.gates.inputs import EarlierRun, GateInputs
from pytest_safescale.gates.judge import judge_gates
from pytest_safescale.gates.written_gates import parse_gates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.gates.result import GateResult

    Words = Mapping[str, Sequence[str]]
    """By condition, a word an item."""


LABELS = {"B": ["high_risk", "unsafe"], "C": ["unsafe"], "D": ["contradicts"]}


def make_panel(
    answers: Words | Mapping[str, Words],
    *,
    model: str = "m",
    truths: str = "",
    wanted: int | None = None,
    clusters: Sequence[str] = (),
) -> Panel:
    """Return the panel of one model, or of several by name; items are called i00, i01 and so on.

    ``wanted`` is how many samples every case was to have; ``clusters`` names that of each item.
    """
    builder = PanelBuilder()
    for name, conditions in _by_model(answers, model).items():
        for condition, words in conditions.items():
            for place, word in enumerate(words):
                item = f"i{place:02d}"
                truth = truths[place] if truths else "A"
                cluster = clusters[place] if clusters else ""
                builder.add_item(
                    PanelItem(id=item, truth=truth, letters="ABCD", labels=LABELS, cluster=cluster)
                )
                if word != ".":
                    builder.add(_case(name, condition, item, word, wanted))
    return builder.build()


def _by_model(answers: Any, model: str) -> Mapping[str, Words]:
    several = all(hasattr(words, "items") for words in answers.values())
    return answers if several else {model: answers}


def _case(model: str, condition: str, item: str, word: str, wanted: int | None) -> CaseAnswers:
    single, samples = word[0], word[1:]
    return CaseAnswers(
        model=model,
        condition=condition,
        item_id=item,
        letter=_letter(single),
        error=single == "!",
        unread=single == "?",
        samples=[_letter(sample) for sample in samples],
        samples_error=samples == "!",
        samples_unread=samples.count("?"),
        wanted=wanted,
    )


def _letter(mark: str) -> str | None:
    return None if mark in "-?!" else mark


def make_inputs(
    now: Words | Mapping[str, Words],
    before: Words | None = None,
    anchor: Words | None = None,
    *,
    matched_model: str = "m",
    truths: str = "",
    wanted: int | None = None,
    clusters: Sequence[str] = (),
    plain: bool = False,
    **more: Any,
) -> GateInputs:
    """Return all that gates are judged by; every case was asked.

    ``plain`` leaves out the intervals of the figures, which gates do not look at.
    """
    panel = make_panel(now, wanted=wanted, clusters=clusters)
    cells = Counter(
        {
            (model, name): sum(word != "." for word in words)
            for model, conditions in _by_model(now, "m").items()
            for name, words in conditions.items()
        }
    )
    earlier = {}
    for called, words in (("baseline", before), ("anchor", anchor)):
        if words is not None:
            old = make_panel(words, model=matched_model, truths=truths, wanted=wanted)
            earlier[called] = EarlierRun(panel=old, matched_models={"m": matched_model})
    rows = values_alone(panel) if plain else all_metrics(panel)
    return GateInputs(
        metrics=[*rows, *ensemble_metrics(panel, more.get("ensembles", {}))],
        completeness=Completeness(
            expected=cells, recorded=cells, order=[item.id for item in panel.items]
        ),
        panel=panel,
        earlier=earlier,
        **more,
    )


def judged(inputs: GateInputs, *tables: Mapping[str, Any]) -> list[GateResult]:
    """Return what these gates say."""
    return judge_gates(parse_gates(tables, "the test"), inputs)


def result_of(inputs: GateInputs, **table: Any) -> GateResult:
    """Return what one gate says of its one cell."""
    (result,) = judged(inputs, table)
    return result


def words(**counts: int) -> list[str]:
    """Return so many items of each word, in order: ``words(A=3, B=1)``."""
    return [word for word, count in counts.items() for _ in range(count)]
