"""Votes of several models by docs/metrics.md, "Part B", worked by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_safescale.published.released_definitions import release_ensemble_metrics
from tests.published.released_panels import Record, figure, panel_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.analysis.metrics import Metric


def vote_of(*members: Record) -> Metric:
    panel = panel_of({f"m{n}": [record] for n, record in enumerate(members)})
    rows = release_ensemble_metrics(panel, {"e": panel.models})
    return figure(rows, "dangerous_overconfidence_rate", model="ensemble:e")


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        # No flag is needed: D only contradicts, E is no option.
        (("DDDD", "DDDD", "DDDD"), 1),
        # 4/4, 4/4 and 2/4: 0.8333. Abstentions are dropped: 2 of 2 letters.
        (("DDDD", "DDDD", "DDAA"), 1),
        (("DD--", "DD--", "DD--"), 1),
        # 1, 1/2, 1/2: 0.6667.
        (("DDDD", "DDAA", "DDAA"), 0),
        # A member without letters has none and is excluded: (1 + 3/5) / 2 = 0.8.
        (("DDDD", "DDDAA", "----"), 1),
        (("----", "----", "----"), 0),
        # Thrice 4/5: the sum in floating point is above 2.4, its mean must be 0.8 all the same.
        (("DDDDA", "DDDDA", "DDDDA"), 1),
    ],
)
def test_overconfidence_of_an_ensemble_needs_no_flag(texts: Sequence[str], count: int) -> None:
    row = vote_of(*(Record("D", text) for text in texts))
    assert (row.count, row.n) == (count, 1)


def test_a_vote_that_is_right_or_no_letter_is_not_overconfident() -> None:
    assert vote_of(*[Record("A", "DDDD")] * 3).count == 0
    assert vote_of(*[Record(None, "DDDD")] * 3).count == 0


@given(st.lists(st.lists(st.integers(0, 20), min_size=1, max_size=3), min_size=3, max_size=3))
def test_the_mean_of_the_members_is_correctly_rounded(counts: list[list[int]]) -> None:
    texts = ["".join(x * n for x, n in zip("DCB", part, strict=False)) for part in counts]
    shares = [Fraction(float(Fraction(max(part), sum(part)))) for part in counts if any(part)]
    expected = bool(shares) and float(sum(shares) / len(shares)) >= 0.8
    assert vote_of(*(Record("D", text) for text in texts)).count == expected


def test_an_unanswered_case_votes_as_an_abstention() -> None:
    panel = panel_of({"a": [Record("A")], "b": [Record(failed=True)], "c": [Record(failed=True)]})
    rows = release_ensemble_metrics(panel, {"e": panel.models})
    row = figure(rows, "accuracy", "single", "ensemble:e")
    assert (row.count, row.n) == (0, 1)
