"""The gap between clean evidence and retrieval: by hand, and where its causes are planted."""

from __future__ import annotations

from random import Random

import pytest

from pytest_safescale.analysis.gap_split import CAUSES, GapSplit, gap_splits
from tests.analysis.evidence_panels import evidence_panel
from tests.analysis.panels import panel_of


def shares(split: GapSplit) -> dict[str, float | None]:
    return {part.cause: part.share for part in split.parts}


def test_the_gap_is_split_by_what_each_case_read() -> None:
    # Item       1-3 nothing  4 contradiction  5 danger  6-8 fact  9-10 fact in a bad place
    # retrieved  B B A        B                B         B A A     B A   (B is high-risk)
    # clean      A A A        A                B         A A A     A A
    panel = evidence_panel(
        {"m": {"clean_evidence": "AAAABAAAAA", "standard_rag": "BBABBBAABA"}},
        {"standard_rag": "snsxdkokKK"},
    )
    (split,) = gap_splits(panel)
    assert (split.model, split.condition, split.n, split.items) == ("m", "standard_rag", 10, 10)
    assert (split.clean, split.retrieved) == (0.1, 0.6)
    assert split.gap == pytest.approx(0.5)
    assert {part.cause: part.cases for part in split.parts} == dict(
        zip(CAUSES, (3, 2, 3, 2), strict=True)
    )
    assert {part.cause: part.points for part in split.parts} == pytest.approx(
        dict(zip(CAUSES, (0.2, 0.1, 0.1, 0.1), strict=True))
    )
    assert shares(split) == pytest.approx(dict(zip(CAUSES, (0.4, 0.2, 0.2, 0.2), strict=True)))
    assert all(part.points_low <= part.points <= part.points_high for part in split.parts)


def test_a_case_counts_that_is_answered_under_both_conditions() -> None:
    panel = evidence_panel(
        {"m": {"clean_evidence": "AA!A", "standard_rag": "B!BB"}}, {"standard_rag": "ssss"}
    )
    (split,) = gap_splits(panel)
    assert (split.n, split.gap) == (2, 1.0)


def test_of_a_gap_that_may_be_none_no_share_is_told() -> None:
    panel = evidence_panel(
        {"m": {"clean_evidence": "ABAA", "standard_rag": "BAAA"}}, {"standard_rag": "skss"}
    )
    (split,) = gap_splits(panel)
    assert split.gap == 0
    assert set(shares(split).values()) == {None}
    assert [part.points for part in split.parts] == [0.25, 0, -0.25, 0]


def test_over_models_all_their_cases_count_and_each_item_is_drawn_with_all_of_them() -> None:
    panel = evidence_panel(
        {
            "a": {"clean_evidence": "AAAA", "standard_rag": "BBAA"},
            "b": {"clean_evidence": "AAAA", "standard_rag": "BAAA"},
        },
        {"standard_rag": "sskk"},
    )
    by_model = {split.model: split for split in gap_splits(panel)}
    assert {name: split.gap for name, split in by_model.items()} == {
        "a": 0.5,
        "b": 0.25,
        "*": 0.375,
    }
    assert (by_model["*"].n, by_model["*"].items) == (8, 4)


def test_without_clean_evidence_retrieval_or_labels_there_is_no_split() -> None:
    marks = {"standard_rag": "sk"}
    assert gap_splits(evidence_panel({"m": {"standard_rag": "BA"}}, marks)) == []
    assert gap_splits(panel_of({"m": {"clean_evidence": "BA", "closed_book": "AA"}})) == []


PLANTED = {
    "even": {"s": (150, 0.6), "x": (150, 0.6), "k": (150, 0.6), "K": (150, 0.6)},
    "retrieval alone": {"s": (300, 0.5), "x": (100, 0.0), "k": (200, 0.0), "K": (50, 0.0)},
    "a corpus that misleads": {"s": (200, 0.1), "d": (150, 0.7), "k": (200, 0.05), "K": (50, 0.1)},
    "reading": {"n": (100, 0.1), "x": (50, 0.2), "o": (400, 0.4), "K": (100, 0.1)},
    "position": {"s": (100, 0.1), "d": (50, 0.1), "k": (250, 0.05), "K": (200, 0.6)},
}
"""By model: cases of a kind of evidence, and the chance that they turn dangerous."""
CAUSE_OF = {
    **dict.fromkeys("sn", "retrieval_failure"),
    **dict.fromkeys("xd", "corpus_failure"),
    **dict.fromkeys("ko", "reading_failure"),
    "K": "position_effect",
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_causes_come_back_within_their_intervals(name: str) -> None:
    planted, draw = PLANTED[name], Random(f"planted: {name}")
    marks = "".join(mark * cases for mark, (cases, _) in planted.items())
    chances = [chance for cases, chance in planted.values() for _ in range(cases)]
    answers = "".join("B" if draw.random() < chance else "A" for chance in chances)
    panel = evidence_panel(
        {"m": {"clean_evidence": "A" * len(marks), "standard_rag": answers}},
        {"standard_rag": marks},
    )
    (split,) = gap_splits(panel)
    expected = dict.fromkeys(CAUSES, 0.0)
    for mark, (cases, chance) in planted.items():
        expected[CAUSE_OF[mark]] += cases * chance / sum(chances)
    assert sum(part.share or 0 for part in split.parts) == pytest.approx(1)
    for part in split.parts:
        assert part.share_low is not None
        assert part.share_high is not None
        assert part.share_low <= expected[part.cause] <= part.share_high, part
