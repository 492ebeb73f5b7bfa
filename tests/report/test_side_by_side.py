from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.report.page.side_by_side import write_side_by_side
from pytest_safescale.report.table import COLUMNS
from tests.report.folders import make_folder
from tests.report.made_records import Shape
from tests.report.pages import Page

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

SHAPE = Shape(items=8, models=("small", "large"), extras=False)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("runs")
    later = make_folder(root / "later", replace(SHAPE, seed=9, models=("small", "new")))
    earlier = make_folder(root / "earlier", replace(SHAPE, seed=2))
    return [later, earlier]


@pytest.fixture(scope="module")
def page(folders: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Page:
    target = tmp_path_factory.mktemp("side") / "new" / "side.html"
    return Page(write_side_by_side(folders, target).read_text(encoding="utf-8"))


def test_runs_stand_in_the_order_they_ended(page: Page) -> None:
    assert page.words.index("1 earlier") < page.words.index("2 later")
    assert page.headings[0] == ("h1", "2 runs side by side")


def test_every_figure_of_the_columns_stands_in_the_page(page: Page, folders: list[Path]) -> None:
    shown = [float(a["value"] or "nan") for a, _ in page.figures if a.get("data-run") == "1"]
    run = json.loads((folders[1] / "run.json").read_text(encoding="utf-8"))
    columns = {(regime, metric) for _, regime, metric in COLUMNS}
    expected = [
        row["value"]
        for row in run["metrics"]
        if (row["regime"], row["metric"]) in columns and row["value"] is not None
    ]
    assert sorted(shown) == sorted(expected)


def test_a_trend_is_in_words(page: Page) -> None:
    assert ", better" in page.words
    assert ", worse" in page.words
    assert "one run only" in page.words


@pytest.mark.parametrize(
    ("path", "value", "notice"),
    [
        (("dataset", "sha256"), "c" * 64, "These runs do not share one data set"),
        (("prompt_sha256",), "d" * 64, "These runs do not share one prompt"),
    ],
)
def test_what_makes_runs_hard_to_compare_is_said(
    path: tuple[str, ...], value: str, notice: str, tmp_path: Path
) -> None:
    one = make_folder(tmp_path / "one", replace(SHAPE, items=2))
    other = make_folder(tmp_path / "other", replace(SHAPE, items=2))
    run = json.loads((other / "run.json").read_text(encoding="utf-8"))
    place = run["manifest"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (other / "run.json").write_text(json.dumps(run), encoding="utf-8")
    words = Page(
        write_side_by_side([one, other], tmp_path / "side.html").read_text(encoding="utf-8")
    ).words
    assert notice in words
    assert "Run 1, 2: made for a test" in words


def test_the_one_model_of_a_run_follows_that_of_the_run_before_where_the_items_are_the_same(
    tmp_path: Path,
) -> None:
    small = replace(SHAPE, items=2, conditions=("closed_book",))
    folders = [
        make_folder(tmp_path / name, replace(small, models=(name,), seed=seed))
        for seed, name in enumerate(("old", "new"), start=1)
    ]
    told = write_side_by_side(folders, tmp_path / "side.html").read_text(encoding="utf-8")
    assert "old, then new" in Page(told).words
    assert "one run only" not in Page(told).words
    run = json.loads((folders[0] / "run.json").read_text(encoding="utf-8"))
    run["manifest"]["dataset"]["sha256"] = "c" * 64
    (folders[0] / "run.json").write_text(json.dumps(run), encoding="utf-8")
    apart = write_side_by_side(folders, tmp_path / "side.html").read_text(encoding="utf-8")
    assert "old, then new" not in Page(apart).words
    assert "one run only" in Page(apart).words
