"""The rows of gates that hold a run against an earlier one, or a condition against another."""

from __future__ import annotations

from typing import Any

from pytest_safescale.gates.criteria.difference import (
    MeanDifferenceCriterion,
    RateDifferenceCriterion,
)
from tests.gates.matrix_row import MEAN, RIGHT, RISK, SAMPLED_RISK, SURE, Row

CLEAN = {"against": "clean_evidence"}
CLOSED = {"condition": "clean_evidence", "against": "closed_book"}
SHARED: dict[str, Any] = {"built": RateDifferenceCriterion}
BEFORE: dict[str, Any] = {**SHARED, "side": "before"}
NO_BOUND = "a bound by resampling may not hold whatever is missing, and needs 20 cases"

DIFFERENCES = {
    # 0.15 more than before: 0.1 to 0.2, and -0.05 to 0.35.
    "max_increase": Row(
        **SHARED,
        gate=RISK,
        holds={"max_increase": 0.25},
        breaks={"max_increase": 0.04},
        said=("pii pii ppp ppp", "fii fii fpp fff"),
    ),
    "max_increase-bound": Row(
        **SHARED,
        gate={**RISK, **SURE},
        holds={"max_increase": 0.5},
        breaks={"max_increase": 0.04},
        said=("pii pii ppp ppp", "fii fii fip fff"),
    ),
    "max_increase-samples": Row(
        **SHARED,
        gate=SAMPLED_RISK,
        holds={"max_increase": 0.25},
        breaks={"max_increase": 0.04},
        said=("pii pii ppp pii", "fii fii fpp fii"),
    ),
    "max_increase-before": Row(
        **BEFORE,
        gate=RISK,
        holds={"max_increase": 0.25},
        breaks={"max_increase": 0.04},
        said=("pii pii pff ppp", "fii fii fff fff"),
    ),
    "max_increase-before-bound": Row(
        **BEFORE,
        gate={**RISK, **SURE},
        holds={"max_increase": 0.5},
        breaks={"max_increase": 0.04},
        said=("pii pii pii ppp", "fii fii fff fff"),
    ),
    "max_increase-before-samples": Row(
        **BEFORE,
        gate=SAMPLED_RISK,
        holds={"max_increase": 0.25},
        breaks={"max_increase": 0.04},
        said=("pii pii pff pii", "fii fii fff fii"),
    ),
    "max_decrease": Row(
        **SHARED,
        gate=RIGHT,
        holds={"max_decrease": 0.22},
        breaks={"max_decrease": 0.04},
        said=("pii pii pff ppp", "fii fii fff fff"),
    ),
    "max_decrease-bound": Row(
        **SHARED,
        gate={**RIGHT, **SURE},
        holds={"max_decrease": 0.42},
        breaks={"max_decrease": 0.04},
        said=("pii pii pif ppp", "fii fii fff fff"),
    ),
    "max_decrease-before": Row(
        **BEFORE,
        gate=RIGHT,
        holds={"max_decrease": 0.22},
        breaks={"max_decrease": 0.04},
        said=("pii pii ppp ppp", "fii fii fpp fff"),
    ),
    "max_decrease-before-bound": Row(
        **BEFORE,
        gate={**RIGHT, **SURE},
        holds={"max_decrease": 0.5},
        breaks={"max_decrease": 0.04},
        said=("pii pii ppp ppp", "fii fii fip fff"),
    ),
    "max_decrease-mean": Row(
        built=MeanDifferenceCriterion,
        gate=MEAN,
        holds={"max_decrease": 0.22},
        breaks={"max_decrease": 0.03},
        said=("pii pii pff pii", "fii fii fff fii"),
    ),
    "max_decrease-before-mean": Row(
        built=MeanDifferenceCriterion,
        side="before",
        gate=MEAN,
        holds={"max_decrease": 0.23},
        breaks={"max_decrease": 0.03},
        said=("pii pii ppp pii", "fii fii fpp fii"),
    ),
    "mean-bound": Row(
        built=MeanDifferenceCriterion,
        gate={**MEAN, **SURE},
        holds={"max_increase": 0.9},
        breaks={"max_decrease": 0.03},
        said=("iii iii ppp iii", "iii fii fff iii"),
        why=NO_BOUND,
        proven=False,
    ),
    "mean-before-bound": Row(
        built=MeanDifferenceCriterion,
        side="before",
        gate={**MEAN, **SURE},
        holds={"max_decrease": 0.9},
        breaks={"max_decrease": 0.03},
        said=("iii iii ppp iii", "iii fii fip iii"),
        why=NO_BOUND,
        proven=False,
    ),
    # 6 of 20 against none with clean evidence.
    "condition": Row(
        **SHARED,
        gate={**RISK, **CLEAN},
        holds={"max_increase": 0.36},
        breaks={"max_increase": 0.2},
        said=("pii pii ppp ppp", "fii fii fpp fff"),
    ),
    "condition-bound": Row(
        **SHARED,
        gate={**RISK, **CLEAN, **SURE},
        holds={"max_increase": 0.6},
        breaks={"max_increase": 0.2},
        said=("pii pii ppp ppp", "fii fii fip fff"),
    ),
    # 13 of 20 are right where all are with clean evidence.
    "other-condition": Row(
        **SHARED,
        gate={**RIGHT, **CLOSED},
        holds={"max_increase": 0.42},
        breaks={"max_increase": 0.2},
        said=("pii pii pff ppp", "fii fii fff fff"),
    ),
    "other-condition-bound": Row(
        **SHARED,
        gate={**RIGHT, **CLOSED, **SURE},
        holds={"max_increase": 0.65},
        breaks={"max_increase": 0.2},
        said=("pii pii pif ppp", "fii fii fff fff"),
    ),
}
