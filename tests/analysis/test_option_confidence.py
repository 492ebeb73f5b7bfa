"""Figures by option probabilities, worked by hand, and what missing ones leave open in a gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.analysis.metrics import OPTION_METRICS
from pytest_safescale.analysis.panel import CaseAnswers, Panel, PanelBuilder
from pytest_safescale.gates.completeness import Completeness
from pytest_safescale.gates.inputs import GateInputs
from pytest_safescale.gates.judge import judge_gates
from pytest_safescale.gates.written_gates import parse_gates
from pytest_safescale.results.panel_records import case_of_record
from tests.analysis.panels import item

if TYPE_CHECKING:
    from pytest_safescale.gates.result import GateResult

Case = tuple[str | None, float | None, float | None]
"""The single answer (``!`` a failed call, ``?`` unreadable), its confidence, what lies outside."""
CASES: list[Case] = [
    ("A", 0.9, 0.02),  # right
    ("A", 0.85, 0.02),
    ("B", 0.95, 0.06),  # high-risk and unsafe
    ("B", 0.5, 0.3),
    ("C", 0.8, 0.1),  # unsafe, just sure enough
    ("D", 1.0, 0.0),  # contradicts, which is no danger
    (None, None, None),  # declines: it has none
]


def panel(cases: list[Case], *, probed: bool = True) -> Panel:
    builder = PanelBuilder()
    for number, (letter, confidence, outside) in enumerate(cases):
        builder.add_item(item(str(number)))
        builder.add(
            CaseAnswers(
                model="m",
                condition="c",
                item_id=str(number),
                letter=None if letter in ("!", "?") else letter,
                error=letter == "!",
                unread=letter == "?",
                probed=probed and letter != "!",
                option_confidence=confidence,
                outside=outside,
            )
        )
    return builder.build()


def figures(of: Panel) -> dict[str, Any]:
    return {
        row.metric: (row.value, row.n) for row in all_metrics(of) if row.metric in OPTION_METRICS
    }


def test_every_figure_is_over_the_cases_with_probabilities() -> None:
    expected = {
        "logprob_mean_confidence": (0.9 + 0.85 + 0.95 + 0.5 + 0.8 + 1.0) / 6,
        "logprob_dangerous_overconfidence_rate": 2 / 6,
        "logprob_confident_error_rate": 3 / 6,
        "logprob_outside_options": (0.02 + 0.02 + 0.06 + 0.3 + 0.1) / 6,
        # Bins: 0.5 alone (gap 0.5); 0.8 and 0.85 (0.825 to 0.5); 0.9, 0.95, 1 (0.95 to 1/3).
        "logprob_expected_calibration_error": (0.5 + 2 * 0.325 + 3 * (0.95 - 1 / 3)) / 6,
        "logprob_maximum_calibration_error": 0.95 - 1 / 3,
    }
    assert figures(panel(CASES)) == {
        name: (pytest.approx(value), 6) for name, value in expected.items()
    }


def test_a_run_that_asked_for_none_has_no_such_rows() -> None:
    nothing: list[Case] = [(letter, None, None) for letter, _, _ in CASES]
    assert figures(panel(nothing, probed=False)) == {}


def judged(cases: list[Case], *, probed: bool = True, **gate: Any) -> GateResult:
    of = panel(cases, probed=probed)
    cells = {("m", "c"): len(cases)}
    inputs = GateInputs(
        metrics=all_metrics(of),
        completeness=Completeness(expected=cells, recorded=cells),
        panel=of,
    )
    (result,) = judge_gates(parse_gates([{"max_error_rate": 1.0, **gate}], "here"), inputs)
    return result


RIGHT: Case = ("A", 0.9, 0.0)
LACKING: Case = ("A", None, None)
DANGEROUS = "logprob_dangerous_overconfidence_rate"
MEAN = "logprob_mean_confidence"
ERROR = "logprob_expected_calibration_error"


@pytest.mark.parametrize(
    ("cases", "gate", "decision"),
    [
        ([RIGHT] * 5, {"metric": DANGEROUS, "max": 0.0}, "passed"),
        ([*[RIGHT] * 4, ("B", 0.9, 0.0)], {"metric": DANGEROUS, "max": 0.1}, "failed"),
        # What failed or cannot be read could have been dangerous and sure.
        ([*[RIGHT] * 4, ("!", None, None)], {"metric": DANGEROUS, "max": 0.1}, "inconclusive"),
        ([*[RIGHT] * 4, ("?", None, None)], {"metric": DANGEROUS, "max": 0.1}, "inconclusive"),
        ([*[RIGHT] * 4, ("!", None, None)], {"metric": DANGEROUS, "max": 0.2}, "passed"),
        # What declines could not, nor could a right answer of which no probability came.
        ([*[RIGHT] * 4, (None, None, None)], {"metric": DANGEROUS, "max": 0.0}, "passed"),
        ([*[RIGHT] * 4, LACKING], {"metric": DANGEROUS, "max": 0.0}, "passed"),
        ([*[RIGHT] * 4, ("B", None, None)], {"metric": DANGEROUS, "max": 0.1}, "inconclusive"),
        ([RIGHT] * 5, {"metric": MEAN, "min": 0.9}, "passed"),
        # (4 x 0.9 + 0) / 5 = 0.72.
        ([*[RIGHT] * 4, LACKING], {"metric": MEAN, "min": 0.7}, "passed"),
        ([*[RIGHT] * 4, LACKING], {"metric": MEAN, "min": 0.75}, "inconclusive"),
        ([*[RIGHT] * 4, (None, None, None)], {"metric": MEAN, "min": 0.9}, "passed"),
        ([RIGHT] * 5, {"metric": ERROR, "max": 0.11}, "passed"),
        ([*[RIGHT] * 4, LACKING], {"metric": ERROR, "max": 0.11}, "inconclusive"),
        ([*[RIGHT] * 4, LACKING], {"metric": ERROR, "max": 0.3}, "passed"),
    ],
)
def test_what_is_missing_counts_against_a_gate(
    cases: list[Case], gate: dict[str, Any], decision: str
) -> None:
    assert judged(cases, **gate).decision.value == decision


def test_a_gate_names_answers_without_probabilities() -> None:
    result = judged([*[RIGHT] * 4, LACKING], metric=MEAN, min=0.75)
    assert result.missing == {"without option probabilities": 1}
    assert list(result.missing_items) == ["4"]


def test_a_gate_on_what_was_not_asked_for_says_what_asks_for_it() -> None:
    result = judged([("A", None, None)] * 3, probed=False, metric=MEAN, min=0.5)
    assert result.decision.value == "inconclusive"
    assert 'confidence_from = "logprobs" in the model\'s table asks for them' in result.sentence


def record(**single: Any) -> Any:
    return {
        "model": "m",
        "condition": "c",
        "item_id": "1",
        "options": {"A": "a", "B": "b", "C": "c", "D": "d"},
        "error": None,
        "samples": None,
        "samples_error": None,
        "greedy": {"letter": "B", "latency_s": None, **single},
    }


@pytest.mark.parametrize(
    ("single", "probed", "confidence", "outside"),
    [
        ({}, False, None, None),
        ({"option_probabilities": None}, True, None, None),
        # As worked in tests/verdicts/test_option_probabilities.py.
        (
            {"option_probabilities": {"letters": {"B": 0.9, "C": 0.05}}},
            True,
            pytest.approx(0.754947, abs=1e-6),
            pytest.approx(0.05),
        ),
    ],
)
def test_figures_are_made_of_what_a_record_says(
    single: dict[str, Any], probed: bool, confidence: Any, outside: Any
) -> None:
    found = case_of_record(record(**single))
    assert (found.probed, found.option_confidence, found.outside) == (probed, confidence, outside)
