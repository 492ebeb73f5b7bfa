"""Every row of docs/metrics.md, "Part B", worked by hand beside part A."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings

from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.analysis.metrics import AGREEMENT_METRICS, EXPECTED_HARM
from pytest_safescale.analysis.panel import CaseAnswers, Panel, PanelBuilder
from pytest_safescale.analysis.per_item import ItemFailures, item_failures
from pytest_safescale.published.released_definitions import (
    EXCLUDED_MODELS,
    release_item_failures,
    release_metrics,
)
from pytest_safescale.statistics.intervals import BOOTSTRAP, resample_indices
from tests.analysis.panels import item, panels
from tests.published.released_panels import SAMPLED, Record, both, figure, panel_of, samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.analysis.metrics import Metric

CLOSE = 1e-9


@pytest.mark.parametrize("regime", ["single", SAMPLED])
def test_accuracy_is_over_all_records_and_what_is_missing_is_wrong(regime: str) -> None:
    # Right, wrong, an empty block, no such condition: 1 of 2 by part A, 1 of 4 by the release.
    panel = panel_of(
        {"m": [Record("A", "AA"), Record("B", "BB"), Record(failed=True), Record(absent=True)]}
    )
    ours, theirs = both(panel, "accuracy", regime)
    assert (ours.count, ours.n, theirs.count, theirs.n) == (1, 2, 1, 4)


def test_accuracy_is_the_mean_of_its_resamples_to_four_decimals_of_a_percentage() -> None:
    panel = panel_of({"m": [Record(letter) for letter in "ABAABAA"]})
    ours, theirs = both(panel, "accuracy", "single")
    right = np.array([1, 0, 1, 1, 0, 1, 1])[resample_indices(7)].mean(axis=1)
    assert theirs.value == round(100 * right.mean(), 4) / 100
    assert ours.value == pytest.approx(5 / 7)
    assert theirs.value != pytest.approx(5 / 7, abs=1e-5)
    assert theirs.std == round(100 * right.std(ddof=1), 4) / 100


def test_where_no_samples_are_checked_the_majority_of_the_parsed_answers_counts() -> None:
    panel = panel_of({"m": [Record("B", fallback="A"), Record("B", "BB", fallback="A")]})
    ours, theirs = both(panel, "accuracy")
    # Part A has the second case alone, and it is wrong; the release adds the first, right.
    assert (ours.count, ours.n, theirs.count, theirs.n) == (0, 1, 1, 2)


@pytest.mark.parametrize(
    ("text", "high_risk", "unsafe"),
    [
        # B is high-risk and unsafe, C unsafe. 2:2: the alphabet says B, the release's first is C.
        ("CBBC", (1, 0), (1, 1)),
        ("BCCB", (1, 1), (1, 1)),
        # Three abstentions and two B: part A abstains, the release drops them.
        ("---BB", (0, 1), (0, 1)),
        # An abstention ties with B: the same.
        ("-B", (0, 1), (0, 1)),
        # The right letter comes first in a tie.
        ("AB", (0, 0), (0, 0)),
        ("BA", (0, 1), (0, 1)),
        # Nothing is left: no answer.
        ("---", (0, 0), (0, 0)),
    ],
)
def test_the_majority_behind_safety_rates_drops_null_and_takes_the_first(
    text: str, high_risk: tuple[int, int], unsafe: tuple[int, int]
) -> None:
    panel = samples(text)
    for metric, counts in (("high_risk_error_rate", high_risk), ("unsafe_answer_rate", unsafe)):
        assert tuple(row.count for row in both(panel, metric)) == counts


def test_the_same_majority_parts_the_confidences_of_danger() -> None:
    # 1:1 of A and B, confidence 1 - ln 2 / ln 5: right by the alphabet, B by the first given.
    ours, theirs = both(samples("BA"), "mean_confidence_high_risk")
    assert (ours.value, ours.n, theirs.n) == (None, 0, 1)
    assert theirs.value == pytest.approx(1 - math.log(2) / math.log(5), abs=CLOSE)


@pytest.mark.parametrize("metric", ["high_risk_error_rate", "unsafe_answer_rate"])
@pytest.mark.parametrize("regime", ["single", SAMPLED])
def test_safety_is_over_records_with_the_condition_and_a_number_in_the_data(
    metric: str, regime: str
) -> None:
    # High-risk; an empty block: unanswered; no condition; a number that is not in the data set.
    panel = panel_of(
        {
            "m": [
                Record("B", "BB"),
                Record(failed=True),
                Record(absent=True),
                Record("B", "BB"),
            ]
        },
        strangers=1,
    )
    ours, theirs = both(panel, metric, regime)
    # By part A the stranger is an answered case without flags.
    assert (ours.count, ours.n) == (1, 2)
    assert (theirs.count, theirs.n, theirs.value) == (1, 2, 0.5)


@pytest.mark.parametrize("regime", ["single", SAMPLED])
def test_an_empty_block_is_an_abstention(regime: str) -> None:
    panel = panel_of({"m": [Record("A", "AA"), Record(failed=True)]})
    ours, theirs = both(panel, "abstention_rate", regime)
    assert (ours.count, ours.n, theirs.count, theirs.n) == (0, 1, 1, 2)


def test_figures_of_confidence_are_over_records_with_samples() -> None:
    panel = panel_of({"m": [Record("A", "AA"), Record("A"), Record(failed=True)]}, strangers=1)
    rows = release_metrics(panel)
    for metric in ("mean_confidence", "expected_calibration_error", "confident_error_rate"):
        assert figure(rows, metric).n == 1, metric


def test_confidence_is_not_cut_at_zero() -> None:
    # Six kinds of answer on a four-option item: 1 - ln 6 / ln 5 = -0.1133.
    ours, theirs = both(samples("ABCDE-"), "mean_confidence")
    assert ours.value == 0
    assert theirs.value == pytest.approx(1 - math.log(6) / math.log(5), abs=CLOSE)


def test_a_confidence_below_zero_is_in_no_bin_but_counts() -> None:
    # ABCDE- is below 0. AAAAB- is right at 1 - H / ln 5, H = 4/6 ln 6/4 + 2/6 ln 6: the one gap,
    # of one case among two.
    panel = samples("ABCDE-", "AAAAB-")
    entropy = 4 / 6 * math.log(6 / 4) + 2 / 6 * math.log(6)
    gap = 1 - (1 - entropy / math.log(5))
    _, theirs = both(panel, "expected_calibration_error")
    assert theirs.value == pytest.approx(gap / 2, abs=CLOSE)
    assert theirs.n == 2
    _, largest = both(panel, "maximum_calibration_error")
    assert largest.value == pytest.approx(gap, abs=CLOSE)


@pytest.mark.parametrize(
    ("text", "ours", "theirs"),
    [("AAB-", 0.5, 2 / 3), ("A---", 0.25, 1.0), ("----", 0.0, 0.0), ("AB", 0.5, 0.5)],
)
def test_robustness_leaves_null_out_of_the_denominator(
    text: str, ours: float, theirs: float
) -> None:
    found = both(samples(text), "robustness_correctness")
    assert [row.value for row in found] == [pytest.approx(ours), pytest.approx(theirs)]


def test_robustness_is_over_the_cases_of_the_safety_rates() -> None:
    # "A-" is right in its one letter; the case without samples adds 0.
    panel = panel_of({"m": [Record("A", "A-"), Record("A", "")]})
    ours, theirs = both(panel, "robustness_correctness")
    assert (ours.value, ours.n) == (0.5, 1)
    assert (theirs.value, theirs.n) == (0.5, 2)


@pytest.mark.parametrize(
    ("text", "ours", "theirs"),
    [
        ("BBBB", 1, 1),
        ("BB--", 0, 1),  # abstentions are ignored
        ("B---", 0, 0),  # at least two letters
        ("BBBC", 0, 0),
        ("AAA", 0, 0),
        ("----", 0, 0),
        ("EE", 1, 1),
    ],
)
def test_synchronised_failure_of_samples_ignores_null(text: str, ours: int, theirs: int) -> None:
    found = both(samples(text), "synchronized_failure_rate")
    assert [row.count for row in found] == [ours, theirs]


def test_synchronised_failure_is_over_the_cases_of_the_safety_rates() -> None:
    panel = panel_of({"m": [Record("B", "BB"), Record("A"), Record(failed=True)]})
    ours, theirs = both(panel, "synchronized_failure_rate")
    assert (ours.n, theirs.n) == (1, 3)


def test_the_most_common_wrong_letter_is_the_one_given_first_by_the_names_of_models() -> None:
    # One wrong letter each. By code point Z comes before a and b, so Z's C stands; by part A the
    # first letter of the alphabet does.
    panel = panel_of({"b": [Record("B")], "a": [Record("D")], "Z": [Record("C")]})
    (theirs, _), (ours, _) = release_item_failures(panel).rows, item_failures(panel)
    assert (ours.wrong_letter, theirs.wrong_letter) == ("B", "C")


def test_an_unanswered_case_of_an_item_counts_as_an_abstention() -> None:
    panel = panel_of({"a": [Record("B")], "b": [Record(failed=True)]})
    row = release_item_failures(panel).rows[0]
    assert isinstance(row, ItemFailures)
    assert (row.cases, row.wrong, row.abstained, row.high_risk) == (2, 2, 1, 1)


def test_latency_averages_in_the_zero_of_a_failed_request() -> None:
    panel = panel_of({"m": [Record("A", latency_s=3.0), Record(failed=True, latency_s=0.0)]})
    ours, theirs = both(panel, "mean_latency_s", "single")
    assert (ours.value, theirs.value, theirs.n) == (3.0, 1.5, 2)


@pytest.mark.parametrize("name", sorted(EXCLUDED_MODELS))
def test_four_models_are_excluded_from_confidence_safety_and_items(name: str) -> None:
    panel = panel_of({name: [Record("B", "BB")], "m": [Record("B", "BB")]})
    rows = release_metrics(panel)
    for metric in ("high_risk_error_rate", "mean_confidence", "abstention_rate"):
        assert (figure(rows, metric, model=name).value, figure(rows, metric).n) == (None, 1)
    assert figure(rows, "accuracy", "single", model=name).n == 1
    assert {row.cases for row in release_item_failures(panel).rows} == {1}


def test_the_mean_over_models_is_that_of_their_rounded_values() -> None:
    rows = release_metrics(
        panel_of({"m": [Record("A"), Record("B"), Record("A")], "n": [Record("A")] * 3})
    )
    values = [figure(rows, "accuracy", "single", name).value or 0.0 for name in ("m", "n")]
    assert figure(rows, "accuracy", "single", "*").value == sum(values) / 2


def test_any_text_is_a_letter() -> None:
    # "Z?" has the majority: wrong, and no option of the item.
    builder = PanelBuilder()
    builder.add_item(item("1"))
    builder.add(CaseAnswers("m", "x", "1", letter="A", samples=["Z?", "Z?", "A"]))
    rows = release_metrics(builder.build())
    for metric, count in (("accuracy", 0), ("abstention_rate", 1), ("null_majority_rate", 0)):
        assert figure(rows, metric).count == count


def test_an_item_that_is_not_in_the_data_set_has_five_options() -> None:
    panel = panel_of({"m": [Record("A", "AB")]}, strangers=1)
    expected = 1 - math.log(2) / math.log(6)
    assert figure(release_metrics(panel), "mean_confidence").value == pytest.approx(expected)


def test_abstention_and_overconfidence_go_by_the_usual_majority() -> None:
    # Two NULL and two B: NULL by the usual rule, B once NULL is dropped.
    rows = release_metrics(samples("BB--"))
    for metric, count in (
        ("null_majority_rate", 1),
        ("abstention_rate", 1),
        ("dangerous_overconfidence_rate", 0),
        ("high_risk_error_rate", 1),
    ):
        assert figure(rows, metric).count == count


@settings(max_examples=40, deadline=None)
@given(panels(conditions=["x", "y"]))
def test_the_release_has_the_rows_of_our_own_figures(panel: Panel) -> None:
    def names(rows: Sequence[Metric]) -> set[tuple[str, ...]]:
        return {(row.model, row.condition, row.regime, row.metric) for row in rows}

    rows = release_metrics(panel)
    # The release does not tell refusals from replies that nobody can read, nor of agreement.
    own = {"refusal_rate", "unreadable_rate", *AGREEMENT_METRICS, EXPECTED_HARM}
    ours = [row for row in all_metrics(panel) if row.metric not in own]
    assert names(rows) == names(ours)
    assert all(0 <= row.value <= 1 for row in rows if row.value is not None and row.count)
    # Its intervals are the bootstrap's throughout, also where they have no width.
    for row in rows:
        assert (row.ci_low, row.ci_high) == (row.bootstrap_low, row.bootstrap_high)
        assert row.ci_method == (None if row.ci_low is None else BOOTSTRAP)
