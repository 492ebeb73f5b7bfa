"""The split of variance over conditions, model families, both, the rest and noise, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_safescale.analysis.scaling import ModelFacts, scaling_data
from pytest_safescale.analysis.variance import variance_shares
from pytest_safescale.statistics.variance import variance_split
from tests.analysis.panels import panel_of

if TYPE_CHECKING:
    from pytest_safescale.analysis.panel import Panel

CLOSE = 1e-9
STILL = np.zeros((1, 4))
"""Other items would move none of four figures."""
FAMILIES = {"m0": ModelFacts(model_family="f"), "m2": ModelFacts(model_family="g")}


@pytest.mark.parametrize(
    ("values", "shares"),
    [
        # By condition alone: x is 0 and y is 1, whatever the family.
        ([0, 1, 0, 1], [1, 0, 0, 0]),
        # By family alone.
        ([0, 0, 1, 1], [0, 1, 0, 0]),
        # By the combination alone: f has 0, 1, g has 1, 0; all marginal means are 1/2.
        ([0, 1, 1, 0], [0, 0, 1, 0]),
        # 0, 1, 2, 5: mean 2, SS total 4 + 1 + 0 + 9 = 14. Families 0.5 and 3.5: 4 x 2.25 = 9.
        # Conditions 1 and 3: 4 x 1 = 4. Cells explain all: interaction 14 - 13 = 1.
        ([0, 1, 2, 5], [4 / 14, 9 / 14, 1 / 14, 0]),
    ],
)
def test_the_split_of_variance(values: list[float], shares: list[float]) -> None:
    found = variance_split(np.array(values, dtype=float), STILL, list("ffgg"), list("xyxy"))
    assert found == pytest.approx(np.array([*shares, 0]), abs=CLOSE)


def test_what_other_items_would_move_is_noise_and_no_residual() -> None:
    # Of (f, x) there are two models, with 0 and 1: the residual is 1/2 of a total of 3/4.
    values, families, conditions = np.array([0.0, 1, 0, 0]), list("ffgg"), list("xxxy")
    before = variance_split(values, STILL, families, conditions)
    assert before[3] == pytest.approx((1 / 2) / (3 / 4), abs=CLOSE)
    # Items move the first model by 1/2 up or down, and no other: of its square 1/4 the half lies
    # within the cell. A residual of 1/2 - 1/8 is left.
    moves = np.array([[0.5, 0, 0, 0], [-0.5, 0, 0, 0]])
    after = variance_split(values, moves, families, conditions)
    assert after[3] == pytest.approx((1 / 2 - 1 / 8) / (3 / 4), abs=CLOSE)
    assert after.sum() == pytest.approx(before.sum(), abs=CLOSE)
    # No source falls below 0, however far items move it.
    assert (variance_split(values, 10 * moves, families, conditions) >= 0).all()


def test_models_that_differ_within_a_cell_are_the_residual() -> None:
    # Cells (f, x): 0, 2 and (g, y): 5, 5: mean 3, SS total 9 + 1 + 4 + 4 = 18.
    # Cell means 1 and 5: SS cells 2 x 4 + 2 x 4 = 16 = SS family = SS condition: no interaction
    # is left (16 - 32 is cut at 0), and the residual is 18 - 16 = 2.
    found = variance_split(np.array([0.0, 2, 5, 5]), STILL, list("ffgg"), list("xxyy"))
    assert found == pytest.approx(np.array([16, 16, 0, 2, 0]) / 18, abs=CLOSE)


def test_a_metric_that_does_not_vary_has_no_split() -> None:
    assert np.isnan(variance_split(np.ones(4), STILL, list("ffgg"), list("xyxy"))).all()


def test_the_split_of_a_panel_leaves_out_models_without_a_family() -> None:
    answers = {"m0": "AB", "m2": "BB", "other": "AA"}
    panel = panel_of({name: {"x": text, "y": text} for name, text in answers.items()})
    rows = {
        row.source: row
        for row in variance_shares(scaling_data(panel, FAMILIES))
        if (row.dimension, row.metric, row.regime) == ("condition", "accuracy", "single")
    }
    # m0 (family f) has 1/2 and m2 (family g) 0, the same under both conditions. Of two items half
    # of the resamples hold one alone, which moves m0 by 1/2: half of the square is noise.
    expected = {"condition": 0.0, "family": 0.5, "interaction": 0.0, "residual": 0.0, "noise": 0.5}
    shares = {source: row.share for source, row in rows.items()}
    assert shares == pytest.approx(expected, abs=0.05)
    assert sum(shares.values()) == pytest.approx(1, abs=CLOSE)
    assert (rows["family"].ci_low, rows["family"].ci_high) == (None, None)
    assert "covers shares of variance too seldom" in rows["family"].ci_reason
    assert rows["family"].n == 4


@pytest.mark.parametrize(
    ("dimension", "panel"),
    [
        (
            "context_length",
            panel_of(
                {
                    "m0": {"context_4k": "AB", "context_100k": "AA"},
                    "m2": {"context_4k": "BB", "context_100k": "AB"},
                }
            ),
        ),
        (
            "retrieval_depth",
            panel_of(
                {
                    "m0": {"top_1": "AB", "standard_rag": "AA", "closed_book": "AA"},
                    "m2": {"top_1": "BB", "standard_rag": "AB", "closed_book": "AA"},
                }
            ),
        ),
        (
            # Of one answer and of two, ties by the alphabet: m0 1/2 and 1, m2 0 and 1/2.
            "samples",
            panel_of(
                {"m0": {"x": "AA"}, "m2": {"x": "AA"}},
                samples={"m0": {"x": ["BA", "AA"]}, "m2": {"x": ["BB", "BA"]}},
            ),
        ),
    ],
)
def test_the_split_over_what_a_dimension_varies(dimension: str, panel: Panel) -> None:
    # Values 1/2, 1, 0, 1/2: mean 1/2, SS total 1/4 + 1/4. Families 3/4 and 1/4: 4 x 1/16 = 1/4;
    # the two steps 1/4 and 3/4: the same. Each explains half, and nothing is left.
    regime = "self_consistency" if dimension == "samples" else "single"
    shares = {
        row.source: row.share
        for row in variance_shares(scaling_data(panel, FAMILIES))
        if (row.dimension, row.metric, row.regime) == (dimension, "accuracy", regime)
    }
    # Other items move the combinations most, which explain nothing.
    expected = {"condition": 0.5, "family": 0.5, "interaction": 0.0, "residual": 0.0, "noise": 0.0}
    assert shares == pytest.approx(expected, abs=0.01)


@given(st.lists(st.tuples(st.sampled_from("fgh"), st.sampled_from("xy"), st.floats(0, 1))))
def test_shares_of_condition_and_family_lie_between_nothing_and_all(
    rows: list[tuple[str, str, float]],
) -> None:
    if not rows:
        return
    model_families, conditions, values = (list(part) for part in zip(*rows, strict=True))
    still = np.zeros((1, len(values)))
    found = variance_split(np.array(values, dtype=float), still, model_families, conditions)
    if np.ptp(values) > 1e-3:
        assert (found > -CLOSE).all()
        assert (found < 1 + CLOSE).all()
