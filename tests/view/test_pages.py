from __future__ import annotations

import json
import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from pytest_safescale.view.pages import Pages
from tests.report.folders import make_folder
from tests.report.pages import Page
from tests.view.folders import HOSTILE, OLD, change

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def pages(made: Path) -> Pages:
    return Pages(made)


def told(pages: Pages, name: str, **query: str) -> Page:
    page = pages.page(name, query)
    assert page is not None
    assert page.status is HTTPStatus.OK
    return Page(page.body.decode("utf-8"))


def links(page: Page) -> list[str]:
    return [a["href"] or "" for a in page.attributes("a")]


def content(folder: Path) -> dict[str, Any]:
    run: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return run


def test_the_first_page_has_every_run_with_date_model_data_and_verdict(pages: Pages) -> None:
    page = told(pages, "")
    words = page.words
    assert page.headings[0][1].startswith("3 runs below ")
    assert words.index("may/new") < words.index("other") < words.index("may/old")
    assert "2026-05-09 09:10" in words
    assert "blocked" in words
    assert "no verdict No gates were set" in words
    assert words.count("Simulated: no clinical claim.") == 3
    assert "damaged" in words
    assert "begun : No verdict: this run ended before its first case." in words
    assert "report?run=may%2Fnew" in links(page)
    assert "report?run=may%2Fold" not in links(page)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"text": "M-2"}, ["may/new"]),
        ({"text": "may/"}, ["may/new", "may/old"]),
        ({"data": "c" * 64}, ["other"]),
        ({"verdict": "open"}, ["other"]),
        ({"order": "model"}, ["other", "may/old", "may/new"]),
        ({"order": "nonsense", "verdict": "passed"}, []),
    ],
)
def test_runs_are_narrowed_and_sorted(
    pages: Pages, query: dict[str, str], names: list[str]
) -> None:
    radios = [a for a in told(pages, "", **query).attributes("input") if a.get("type") == "radio"]
    assert [radio["value"] for radio in radios if radio["name"] == "now"] == names


def test_a_trend_is_of_one_data_set_and_shows_the_figures_of_run_json(
    pages: Pages, made: Path
) -> None:
    page = told(pages, "trends")
    shown = [float(a["value"] or "nan") for a, _ in page.figures if "data-run" in a]
    runs = [content(made / "may" / name) for name in ("new", "old")]
    expected = [
        row["value"]
        for run in runs
        for row in run["metrics"]
        if (row["metric"], row["regime"], row["model"][0]) == ("accuracy", "single", "m")
    ]
    assert sorted(shown) == sorted(expected)
    assert len(shown) == 4
    assert "m-1, then m-2" in page.words
    assert "other" not in links(page)
    assert page.words.count("Simulated: no clinical claim.") == 3
    assert page.words.count(" to ") >= len(shown), "each figure has its interval"


def test_a_trend_says_what_else_differs_from_the_run_before(copied: Path) -> None:
    change(copied / "may" / "new", lambda run: run["manifest"].update(prompt_sha256="d" * 64))
    assert " prompt " in told(Pages(copied), "trends", model="m-2").words


def test_another_figure_and_model_are_chosen(pages: Pages, made: Path) -> None:
    figure = "single:high_risk_error_rate"
    page = told(pages, "trends", figure=figure, model="m-1")
    assert ("h2", "High risk error rate") in page.headings
    shown = {float(a["value"] or "nan") for a, _ in page.figures if "data-run" in a}
    assert shown == {
        row["value"]
        for row in content(made / "may" / "old")["metrics"]
        if (row["metric"], row["model"]) == ("high_risk_error_rate", "m-1")
    }


def test_two_runs_are_compared_as_by_the_command(
    pages: Pages, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = told(pages, "compare", before="may/old", now="may/new")
    may = made / "may"
    assert main(["compare", str(may / "old"), str(may / "new")]) == 0
    out = " ".join(capsys.readouterr().out.split())
    counts = re.search(r"newly dangerous (\d+), newly safe (\d+), .*\(cases of (\d+)\)", out)
    assert counts is not None
    assert f"Newly dangerous: {counts[1]} of {counts[3]} cases" in page.words
    assert (int(counts[1]) > 0, counts[2]) == (True, "0")
    assert f"Newly safe: none of {counts[3]} cases" in page.words
    differences = [float(a["value"] or 0) for a, _ in page.figures if "data-comparison" in a]
    assert differences
    for value in differences:
        assert f"{100 * value + 0.0:+.1f}" in out
    assert "m-2 is compared with m-1" in page.words
    assert "Simulated: no clinical claim." in page.words
    assert any(link.startswith("case?run=may%2Fnew&item=item-") for link in links(page))


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        ("may/old", "may/old", "Two runs are compared"),
        ("../may/old", "may/new", "Two runs are compared"),
        ("cut", "may/new", "may/new cannot be compared with cut: compare: "),
    ],
)
def test_what_cannot_be_compared_is_told_in_a_sentence(
    before: str, now: str, why: str, copied: Path
) -> None:
    cut = make_folder(copied / "cut", OLD)
    (cut / "cases.jsonl").write_text("")
    assert why in told(Pages(copied), "compare", before=before, now=now).words


def test_the_items_of_a_run_stand_the_gravest_first_and_lead_to_their_cases(pages: Pages) -> None:
    page = told(pages, "items", run="may/old")
    assert "6 of 6 items" in page.words
    assert sum(link.startswith("case?run=may%2Fold&item=") for link in links(page)) == 6
    one = told(pages, "items", run="may/old", text="question 3:")
    assert "1 of 6 items" in one.words
    assert "item-3" in one.words


def test_one_case_stands_with_its_answers_in_all_runs(pages: Pages, made: Path) -> None:
    page = told(pages, "case", item="item-1", run="may/new")
    lines = (made / "may" / "new" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    new = next(r for r in map(json.loads, lines) if r["item_id"] == "item-1")
    letter = new["greedy"]["letter"]
    assert new["question"] in page.words
    assert f"{letter}. {new['options'][letter]}" in page.words
    assert f"I would say {letter}." in page.words
    assert page.headings[1:] == [
        ("h2", "The question"),
        ("h2", "closed book"),
        ("h2", "clean evidence"),
    ]
    assert page.words.count("Simulated: no clinical claim.") == 4, "each answer of both runs"
    assert page.words.count("I would say") == 2
    assert "Another item of this id, with another content, and not shown: other." in page.words
    narrowed = told(pages, "case", item="item-1", condition="closed_book")
    assert ("h2", "clean evidence") not in narrowed.headings


def test_an_item_of_the_same_id_and_other_content_is_another(pages: Pages) -> None:
    assert "not shown: may/new, may/old." in told(pages, "case", item="item-1", run="other").words


@pytest.mark.parametrize(("item", "why"), [("", "Give the id of an item"), ("x", "No run below")])
def test_a_case_that_is_not_there_is_told(pages: Pages, item: str, why: str) -> None:
    assert why in told(pages, "case", item=item).words


def test_damaged_cases_are_told_and_the_others_shown(copied: Path) -> None:
    path = copied / "other" / "cases.jsonl"
    path.write_text(path.read_text() + '{"item_id": "item-1"}\n')
    pages = Pages(copied)
    page = told(pages, "case", item="item-1")
    assert "cases.jsonl, line 13" in page.words
    assert "closed book" in page.words
    assert "cannot be read" in told(pages, "items", run="other").words


def test_text_of_runs_and_items_stays_text(tmp_path: Path) -> None:
    old, new = (replace(OLD, seed=seed, items=2) for seed in (1, 2))
    hostile = {"text": lambda text: f"{text}{HOSTILE}" if " " in text else text}
    make_folder(tmp_path / "<b>old", old, **hostile)
    make_folder(tmp_path / "<b>new", new, **hostile)
    pages = Pages(tmp_path.resolve())
    for name, query in (
        ("", {"text": HOSTILE}),
        ("", {}),
        ("trends", {}),
        ("compare", {"before": "<b>old", "now": "<b>new"}),
        ("items", {"run": "<b>old"}),
        ("case", {"item": "item-1"}),
        ("case", {"item": HOSTILE}),
    ):
        page = told(pages, name, **query)
        assert not page.attributes("img")
        assert not page.attributes("b")
        assert all("boom" not in text for _, text in page.scripts)


def test_a_report_page_may_do_nothing_but_show_itself(pages: Pages) -> None:
    page = pages.page("report", {"run": "may/new"})
    assert page is not None
    assert page.body == b"<!doctype html><p>the report</p>"
    assert page.policy.startswith("sandbox allow-scripts; default-src 'none'")


@pytest.mark.parametrize("run", ["may/old", "nothing", "../may/new", "/etc"])
def test_a_report_that_is_not_there_is_not_found(pages: Pages, run: str) -> None:
    page = pages.page("report", {"run": run})
    assert page is not None
    assert page.status is HTTPStatus.NOT_FOUND


def test_an_empty_directory_says_so(tmp_path: Path) -> None:
    pages = Pages(tmp_path.resolve())
    assert "No run below this directory" in told(pages, "").words
    assert "No run below this directory has a figure yet" in told(pages, "trends").words
