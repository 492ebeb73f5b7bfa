"""What the page shows of an earlier run: changed answers in words, and figures before and now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.report.page.changed_items import changed_cases
from pytest_safescale.report.page.earlier_runs import EarlierRunShown, earlier_runs
from pytest_safescale.report.page.run_page import write_html
from pytest_safescale.results.run_file import RunFile
from tests.report.folders import make_folder
from tests.report.made_records import Shape
from tests.report.pages import Page

if TYPE_CHECKING:
    from pathlib import Path

LABELS = {"B": ["high_risk"], "C": ["unsafe"]}
HARM = {"B": 1.0, "C": 0.5}
ITEM: Any = {
    "question": "Why?",
    "truth": "A",
    "options": [
        [letter, f"Text {letter}", LABELS.get(letter, []), HARM.get(letter, 0.0)]
        for letter in "ABCD"
    ],
}
ROW: dict[str, Any] = {"b": 2, "c": 1, "p_holm": 0.5, "ci_low": -0.1, "ci_high": 0.2, "n": 10}


def case(item: str, before: str | None, now: str | None, **more: Any) -> dict[str, Any]:
    states = {"state_before": "answered", "state": "answered"}
    return {"item_id": item, "before": before, "now": now, "said_before": "", **states, **more}


def compared(metric: str, regime: str = "single", **more: Any) -> dict[str, Any]:
    names = {"kind": "baseline", "model": "m", "condition": "closed_book", "right": "baseline"}
    return {**names, "metric": metric, "regime": regime, "delta": 0.1, **ROW, **more}


def a_run(**lists: Any) -> RunFile:
    changes = {
        "model": "m",
        "twin": "old",
        "condition": "closed_book",
        "n": 10,
        "newly_dangerous": [],
        "newly_safe": [],
        "changed_answer": [],
        **lists,
    }
    figure = {"model": "m", "condition": "closed_book", "regime": "single"}
    content: Any = {
        "manifest": {"labels": {"unsafe": "harm"}},
        "metrics": [
            {**figure, "metric": "accuracy", "value": 0.8, "count": 8, "n": 10},
            {**figure, "metric": "expected_harm", "value": 0.25, "count": None, "n": 10},
            {**figure, "metric": "unsafe_answer_rate", "value": 0.5, "count": 6, "n": 12},
        ],
        "comparisons": [
            compared("accuracy"),
            compared("accuracy", "self_consistency"),
            compared("expected_harm"),
            compared("unsafe_answer_rate"),
            compared("abstention_rate", b=0, c=0, delta=0.0),
        ],
        "analyses": {"changes": [changes]},
    }
    return RunFile(content=content)


def shown(run: RunFile) -> EarlierRunShown:
    said = {("m", "closed_book", "i2"): "B, because it grows"}
    texts = dict.fromkeys(("i1", "i2", "i3"), ITEM)
    (found,) = earlier_runs(run, texts, said)
    return found


def test_what_became_dangerous_is_told_with_both_answers_the_gravest_first() -> None:
    run = a_run(
        newly_dangerous=[
            case("i1", None, "C", state_before="abstained"),
            case("i2", "D", "B", said_before="D, as it shrinks"),
        ],
        changed_answer=[case("i1", None, "C"), case("i2", "D", "B"), case("i3", "D", "A")],
    )
    found = shown(run)
    grave, safe = found.lists
    assert (grave.key, grave.many, grave.of, grave.further) == ("newly_dangerous", 2, 10, 0)
    assert (safe.key, safe.many) == ("newly_safe", 0)
    assert grave.items is not None
    first, second = grave.items
    assert (first.item_id, first.question, first.correct.text) == ("i2", "Why?", "Text A")
    assert (first.before.said, first.now.said) == ("D, as it shrinks", "B, because it grows")
    assert first.now.option is not None
    assert (first.now.option.text, first.now.option.danger) == ("Text B", "high risk")
    assert first.neither_is_right
    assert (second.before.option, second.before.told) == (None, "declined to answer")
    assert second.now.option is not None
    assert second.now.option.danger == "harm"
    assert (found.twins, found.unchanged) == ({"m": "old"}, 7)
    assert changed_cases(run) == {("m", "closed_book", "i1"), ("m", "closed_book", "i2")}


def test_an_item_that_was_right_before_needs_no_correct_option_of_its_own() -> None:
    (grave, _) = shown(a_run(newly_dangerous=[case("i1", "A", "B")])).lists
    assert grave.items is not None
    assert not grave.items[0].neither_is_right


def test_without_labels_nothing_is_told_to_be_dangerous() -> None:
    grave, safe = shown(a_run(newly_dangerous=None, newly_safe=None)).lists
    assert (grave.items, safe.items) == (None, None)


def test_figures_stand_before_and_now_and_those_that_stayed_are_folded() -> None:
    groups = shown(a_run()).figures
    assert [(group.title, group.folded, len(group.rows)) for group in groups] == [
        ("Single answers", False, 3),
        ("Majority of the samples", True, 1),
        ("What did not change for any item", True, 1),
    ]
    told = [(row.word, row.before, row.now) for row in groups[0].rows]
    assert told == [
        ("accuracy", "7 of 10 (70.0 %)", "8 of 10 (80.0 %)"),
        ("expected harm", "15.0 %", "25.0 %"),
        # The figure of the run is over other items than those that both runs have.
        ("harm", "–", "–"),
    ]


@pytest.mark.parametrize("given", [{"condition": None}, {}])
def test_a_row_that_names_no_condition_has_a_dash(given: dict[str, Any], tmp_path: Path) -> None:
    folder = make_folder(tmp_path, Shape(items=4, models=("m",)))
    content = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for row in content["comparisons"]:
        del row["condition"]
        row.update(given)
    (folder / "run.json").write_text(json.dumps(content), encoding="utf-8")
    page = Page(write_html(folder).read_text(encoding="utf-8"))
    assert "Figures, before and now" in page.words
    rows = [row.condition for group in shown(a_run()).figures for row in group.rows]
    assert set(rows) == {"closed book"}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Page, Any]:
    folder = make_folder(tmp_path_factory.mktemp("earlier"), Shape(items=20, models=("m",)))
    page = Page(write_html(folder).read_text(encoding="utf-8"))
    return page, json.loads((folder / "run.json").read_text(encoding="utf-8"))


def test_the_page_counts_what_run_json_counts(page: tuple[Page, Any]) -> None:
    told, run = page
    rows = run["analyses"]["changes"]
    many = sum(len(row["newly_dangerous"]) for row in rows)
    n = sum(row["n"] for row in rows)
    assert many
    assert f"Newly dangerous: {many} of {n} cases" in told.words
    for name in ("right_before", "right", "dangerous_before", "dangerous"):
        count = sum(row[name] for row in rows)
        assert f"{count} of {n} ({100 * count / n:.1f} %)" in told.words
    assert "I thought again." in told.words


def test_a_report_without_the_cases_still_tells_what_changed(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, Shape(items=6, models=("m",)))
    (folder / "cases.jsonl").unlink()
    page = Page(write_html(folder).read_text(encoding="utf-8"))
    assert "Newly dangerous: " in page.words
