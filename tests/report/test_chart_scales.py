"""Ends, ticks and places of axes, worked by hand."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from pytest_safescale.report.page.charts.elements import element, fitted, number, text_width
from pytest_safescale.report.page.charts.scales import (
    Axis,
    nice_ends,
    per_cent_axis,
    place,
    ticks_of,
)


@pytest.mark.parametrize(
    ("values", "zero", "ends"),
    [
        ([0.37, 0.94], False, (0.2, 1.0)),  # a step of 0.2; 0.94 goes up to 1, never to 1.04
        ([0.31, 0.33], False, (0.31, 0.33)),  # steps of 0.005 begin and end at the values
        ([0.312, 0.328], False, (0.31, 0.33)),
        ([0.02, 0.09], True, (0.0, 0.1)),
        ([1.0], False, (0.95, 1.0)),  # 0.05 to either side, and no more than 1
        ([0.0], True, (0.0, 0.05)),
        ([None, 0.5], False, (0.45, 0.55)),
        ([], False, (0.0, 1.0)),
    ],
)
def test_ends_are_round_and_shares_stay_between_0_and_1(
    values: list[float | None], zero: bool, ends: tuple[float, float]
) -> None:
    assert nice_ends(values, zero=zero) == pytest.approx(ends)


def test_an_axis_of_no_shares_has_no_bounds() -> None:
    assert nice_ends([-1.3, 2.2], within=None) == (-2.0, 3.0)


def _labels(axis: Axis, length: float = 300) -> list[str]:
    return [text for _, text in ticks_of(axis, length, 11)]


@pytest.mark.parametrize(
    ("ends", "labels"),
    [
        ((0.0, 1.0), ["0", "20", "40", "60", "80", "100"]),
        ((0.0, 0.1), ["0", "2", "4", "6", "8", "10"]),
        ((0.0, 0.01), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ((-0.1, 0.1), ["-10", "-5", "0", "5", "10"]),
        ((-0.001, 0.001), ["-0.10", "-0.05", "0.00", "0.05", "0.10"]),
    ],
)
def test_ticks_of_shares_are_round_per_cents_and_nothing_is_minus_zero(
    ends: tuple[float, float], labels: list[str]
) -> None:
    assert _labels(Axis(label="", ends=ends, per_cent=True)) == labels


def test_a_short_axis_has_fewer_ticks_and_their_labels_never_touch() -> None:
    axis = Axis(label="", ends=(0.0, 1.0), per_cent=True)
    assert _labels(axis, 90) == ["0", "50", "100"]
    for length in range(40, 400, 7):
        found = ticks_of(axis, length, 11)
        for (one, left), (other, right) in pairwise(found):
            away = place(axis, other, 0, length) - place(axis, one, 0, length)
            assert away > (text_width(left, 11) + text_width(right, 11)) / 2


def test_stated_values_keep_the_first_and_the_last_where_not_all_have_room() -> None:
    sizes = (0.5, 7.0, 8.0, 70.0, 405.0)
    axis = Axis(label="", ends=(0.5, 405.0), log=True, values=sizes)
    assert _labels(axis, 250) == ["0.5", "7", "70", "405"]


def test_a_value_lies_where_its_share_of_the_axis_is() -> None:
    axis = per_cent_axis("", [0.0, 1.0])
    assert place(axis, 0.25, 100, 300) == 150
    falling = Axis(label="", ends=(0.0, 1.0), falling=True)
    assert place(falling, 0.25, 100, 300) == 250
    log = Axis(label="", ends=(1.0, 100.0), log=True)
    assert place(log, 10.0, 0, 200) == pytest.approx(100)


def test_lengths_have_one_decimal_and_no_sign_of_zero() -> None:
    assert [number(value) for value in (1.26, 20.0, -0.01)] == ["1.3", "20", "0"]


def test_a_line_is_cut_to_its_room_and_says_so() -> None:
    assert fitted("short", 11, 100) == "short"
    cut = fitted("a name that is far too long for the place", 11, 100)
    assert cut.endswith("…")
    assert text_width(cut, 11) <= 100
    assert text_width("肺", 10) > text_width("i", 10)


def test_an_element_writes_names_as_svg_has_them_and_leaves_out_what_is_none() -> None:
    made = element(None, "path", "a\x01", stroke_width=1.26, class_="mark", opacity=None)
    assert made.attrib == {"stroke-width": "1.3", "class": "mark"}
    assert made.text == "a[U+0001]"
    assert math.isclose(float(made.get("stroke-width", "nan")), 1.3)
