"""Against an earlier run: which items are shared, and what became of each."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from pytest_safescale.analysis.changed_answers import changes, with_replies
from pytest_safescale.analysis.shared_items import ItemMark, shared_items
from pytest_safescale.results.panel_records import panel_from_records

LABELS = {"B": ["high_risk", "unsafe"], "C": ["unsafe"], "D": ["contradicts"]}
RUNS = {"m": "m"}
NONE = {
    "-": {"letter": None, "state": "abstained", "latency_s": None},
    "?": {"letter": None, "state": "unreadable", "latency_s": None},
}


def record(item: int, letter: str | None, **more: Any) -> Any:
    return {
        "model": "m",
        "condition": "closed_book",
        "item_id": f"i{item}",
        "truth": "A",
        "options": dict.fromkeys("ABCD", "text"),
        "labels": LABELS,
        "greedy": {"letter": letter, "latency_s": None},
        "error": None,
        "samples": None,
        "samples_error": None,
        "trace": [],
        **more,
    }


def changed(now: str, before: str, **more: Any) -> list[Any]:
    """Compare runs of letters, with ``-`` an abstention, ``?`` unreadable and ``!`` an error."""
    panels = [
        panel_from_records(
            [
                record(place, None, greedy=None, error="broke", **more)
                if letter == "!"
                else record(place, None, greedy=NONE[letter], **more)
                if letter in NONE
                else record(place, letter, **more)
                for place, letter in enumerate(letters)
            ]
        )
        for letters in (now, before)
    ]
    shared = [f"i{place}" for place in range(min(len(now), len(before)))]
    return changes(panels[0], panels[1], matched_models=RUNS, shared=shared)


# A is correct, B high-risk and unsafe, C unsafe, D contradicts the evidence.
@pytest.mark.parametrize(
    ("before", "now", "kinds"),
    [
        ("A", "A", ""),
        ("B", "B", ""),
        ("A", "B", "dangerous changed"),
        ("-", "C", "dangerous changed"),
        ("D", "C", "dangerous changed"),
        ("B", "C", "changed"),  # it was dangerous before, and it still is
        ("C", "B", "changed"),
        ("B", "A", "safe changed"),
        ("B", "-", "safe changed"),
        ("C", "D", "safe changed"),
        ("A", "D", "changed"),
        ("A", "-", "changed"),
        ("-", "-", ""),
        # A reply that says nothing is no safe answer.
        ("B", "?", "changed"),
        ("A", "?", "changed"),
        ("?", "B", "dangerous changed"),
        ("?", "A", "changed"),
        ("?", "-", ""),
    ],
)
def test_a_case_is_newly_dangerous_newly_safe_or_changed(before: str, now: str, kinds: str) -> None:
    (row,) = changed(now, before)
    found = {
        "dangerous": row.newly_dangerous,
        "safe": row.newly_safe,
        "changed": row.changed_answer,
    }
    assert " ".join(name for name, cases in found.items() if cases) == kinds
    assert row.n == 1


def test_a_call_that_failed_in_either_run_is_no_change() -> None:
    (row,) = changed("B!A", "!BA")
    assert row.n == 1
    assert (row.newly_dangerous, row.newly_safe, row.changed_answer) == ([], [], [])
    assert changed("!", "A") == []


def test_right_and_dangerous_answers_are_counted_in_both_runs_over_the_same_items() -> None:
    # The fourth and the fifth case failed in one run, and count in neither.
    (row,) = changed("AACA!AB-", "BAAAA!AA")
    assert row.n == 6
    assert (row.right_before, row.right) == (5, 3)
    assert (row.dangerous_before, row.dangerous) == (1, 2)
    (unknown,) = changed("B", "A", labels={})
    assert (unknown.right_before, unknown.right) == (1, 0)
    assert (unknown.dangerous_before, unknown.dangerous) == (None, None)


def test_the_earlier_reply_stands_beside_what_became_dangerous_or_safe() -> None:
    (row,) = changed("BAA", "ABB")
    said = {("m", "closed_book", "i0"): "A, as it grows.", ("other", "closed_book", "i1"): "no"}
    found = with_replies(row, said)
    assert found.newly_dangerous is not None
    assert [case.said_before for case in found.newly_dangerous] == ["A, as it grows."]
    assert found.newly_safe is not None
    assert [case.said_before for case in found.newly_safe] == ["", ""]
    (unknown,) = changed("B", "A", labels={})
    assert with_replies(unknown, said) == unknown


def test_without_labels_nobody_knows_what_is_dangerous() -> None:
    (row,) = changed("B", "A", labels={})
    assert (row.newly_dangerous, row.newly_safe) == (None, None)
    assert [case.item_id for case in row.changed_answer] == ["i0"]


def test_items_are_lined_up_by_id_whatever_their_place() -> None:
    now = panel_from_records([record(2, "B"), record(0, "A"), record(1, "A")])
    before = panel_from_records([record(9, "C"), record(1, "C"), record(2, "A")])
    (row,) = changes(now, before, matched_models=RUNS, shared=["i2", "i1"])
    assert [asdict(case) for case in row.changed_answer] == [
        {
            "item_id": "i1",
            "before": "C",
            "now": "A",
            "state_before": "answered",
            "state": "answered",
            "findings_before": ("unsafe",),
            "findings": (),
            "said_before": "",
        },
        {
            "item_id": "i2",
            "before": "A",
            "now": "B",
            "state_before": "answered",
            "state": "answered",
            "findings_before": (),
            "findings": ("high_risk", "unsafe"),
            "said_before": "",
        },
    ]


def test_an_item_is_shared_by_id_and_content_and_without_a_hash_by_its_letter() -> None:
    now = [
        ItemMark("same", "A", "1"),
        ItemMark("rewritten", "A", "2"),
        ItemMark("hash unknown", "A", "3"),
        ItemMark("letter unlike", "A", "4"),
        ItemMark("new", "A", "5"),
    ]
    before = [
        ItemMark("gone", "A", "0"),
        ItemMark("letter unlike", "B", ""),
        ItemMark("hash unknown", "A", ""),
        ItemMark("rewritten", "A", "9"),
        ItemMark("same", "A", "1"),
    ]
    found = shared_items(now, before)
    assert found.ids == ["same", "hash unknown"]
    assert found.changed == {"rewritten", "letter unlike"}
    assert found.unproven == {"hash unknown"}
    assert (found.only_now, found.only_before) == (1, 1)


def test_a_change_tells_what_each_reply_came_to() -> None:
    (row,) = changed("B-?", "?BA")
    told = [(case.state_before, case.state) for case in row.changed_answer]
    assert told == [
        ("unreadable", "answered"),
        ("answered", "abstained"),
        ("answered", "unreadable"),
    ]
