"""The rows of gates that hold a run against an earlier one, or a condition against another."""

from __future__ import annotations

from typing import Any

from pytest_safescale.gates.criteria.bounded_mean import BoundedDifferenceCriterion
from pytest_safescale.gates.criteria.difference import (
    MeanDifferenceCriterion,
    RateDifferenceCriterion,
)
from pytest_safescale.gates.criteria.equivalence import EquivalenceCriterion
from tests.gates.matrix_row import MEAN, RIGHT, RISK, SAMPLED_RISK, SURE, Row

PART = {"metric": "mean_confidence_correct", "regime": "self_consistency"}
CLEAN = {"against": "clean_evidence"}
CLOSED = {"condition": "clean_evidence", "against": "closed_book"}
SHARED: dict[str, Any] = {"built": RateDifferenceCriterion}
BEFORE: dict[str, Any] = {**SHARED, "side": "before"}
FEW_RIGHT = "who is right chooses the cases, and over no case there is no figure"

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
        built=BoundedDifferenceCriterion,
        gate=MEAN,
        holds={"max_decrease": 0.22},
        breaks={"max_decrease": 0.03},
        said=("pii pii pff pii", "fii fii fff fii"),
    ),
    "max_decrease-before-mean": Row(
        built=BoundedDifferenceCriterion,
        side="before",
        gate=MEAN,
        holds={"max_decrease": 0.23},
        breaks={"max_decrease": 0.03},
        said=("pii pii ppp pii", "fii fii fpp fii"),
    ),
    "max_decrease-mean-bound": Row(
        built=BoundedDifferenceCriterion,
        gate={**MEAN, **SURE},
        holds={"max_decrease": 0.53},
        breaks={"max_decrease": 0.03},
        said=("pii pii pif pii", "fii fii fff fii"),
    ),
    "max_decrease-before-mean-bound": Row(
        built=BoundedDifferenceCriterion,
        side="before",
        gate={**MEAN, **SURE},
        holds={"max_decrease": 0.6},
        breaks={"max_decrease": 0.03},
        said=("pii pii ppp pii", "fii fii fip fii"),
    ),
    "max_change": Row(
        built=EquivalenceCriterion,
        gate=RISK,
        holds={"max_change": 0.25},
        breaks={"max_change": 0.04},
        said=("pii pii ppp ppp", "fii fii fff fff"),
    ),
    "max_change-bound": Row(
        built=EquivalenceCriterion,
        gate={**RISK, **SURE},
        holds={"max_change": 0.5},
        breaks={"max_change": 0.04},
        said=("pii pii ppp ppp", "fii fii fff fff"),
    ),
    "max_change-before": Row(
        built=EquivalenceCriterion,
        side="before",
        gate=RISK,
        holds={"max_change": 0.25},
        breaks={"max_change": 0.04},
        said=("pii pii pff ppp", "fii fii fff fff"),
        why="nearly every completion is far above or far below; few lie between",
        proven=False,
    ),
    "part-of-cases": Row(
        built=MeanDifferenceCriterion,
        gate=PART,
        holds={"max_decrease": 0.6},
        breaks={"max_decrease": 0.03},
        said=("ppi ppi ppi ppi", "iii iii fpi iii"),
        why=FEW_RIGHT,
    ),
    "part-of-cases-before": Row(
        built=MeanDifferenceCriterion,
        side="before",
        gate=PART,
        holds={"max_decrease": 0.6},
        breaks={"max_decrease": 0.03},
        said=("ppi ppi ppi ppi", "iii iii ffi iii"),
        why=FEW_RIGHT,
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
