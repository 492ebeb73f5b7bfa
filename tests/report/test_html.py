from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.gates.gate import Gate
from pytest_safescale.gates.result import GateOutcome, GateResult
from pytest_safescale.report.conclusion import Conclusion
from pytest_safescale.report.html import write_html
from pytest_safescale.report.markdown import verdict_line
from pytest_safescale.report.reading import RunFile
from pytest_safescale.report.sections import verdict
from pytest_safescale.report.text import figure
from tests.report.folders import Shape, make_folder
from tests.report.pages import Cases, Page

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS = [
    "Gates",
    "Figures by model and condition",
    "Charts",
    "Where the risk comes from",
    "Worst items",
    "Cases",
    "Against a baseline",
    "Robustness",
    "Method and manifest",
]
HOSTILE = (
    "</script><script>boom()</script><img src=x onerror=boom()>\"'`{{7*7}}&amp;\x00\x1b\u202e\ud800"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_folder(tmp_path_factory.mktemp("report"), Shape(items=20))
    write_html(folder)
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_the_verdict_comes_first_and_the_sections_in_their_order(
    page: Page, run: dict[str, Any]
) -> None:
    assert page.headings[0] == ("h1", verdict(RunFile(content=run)).sentence)
    assert [text for tag, text in page.headings if tag == "h2"] == SECTIONS


@pytest.mark.parametrize(("kind", "key"), [("row", "metrics"), ("gate", "gates")])
def test_every_figure_of_run_json_stands_in_the_page_with_its_value(
    kind: str, key: str, page: Page, run: dict[str, Any]
) -> None:
    shown = set()
    for attributes, text in page.figures:
        place = attributes.get(f"data-{kind}")
        if place is None:
            continue
        row = run[key][int(place)]
        shown.add(int(place))
        value = attributes["value"]
        assert (float(value) if value else None) == row["value"]
        assert text == figure(row["metric"], row["value"])
    assert shown == set(range(len(run[key])))


def test_every_comparison_stands_in_the_page_with_its_difference(
    page: Page, run: dict[str, Any]
) -> None:
    shown = {
        int(place): (float(attributes["value"] or "nan"), text)
        for attributes, text in page.figures
        if (place := attributes.get("data-comparison"))
    }
    expected = {
        place: (row["delta"], f"{100 * row['delta']:+.1f}")
        for place, row in enumerate(run["comparisons"])
    }
    assert shown == expected


def test_the_figures_of_a_chart_are_run_jsons(page: Page, run: dict[str, Any]) -> None:
    known = {row[name] for row in run["metrics"] for name in ("value", "ci_low", "ci_high")}
    loose = [float(a["value"] or "nan") for a, _ in page.figures if set(a) == {"value"}]
    assert len(set(loose) & known) > 100


@pytest.mark.parametrize("key", ["sentence"])
def test_every_gate_says_its_sentence(key: str, page: Page, run: dict[str, Any]) -> None:
    for gate in run["gates"]:
        assert gate[key] in page.words


def test_notices_stand_above_the_verdict(folder: Path) -> None:
    source = (folder / "report.html").read_text(encoding="utf-8")
    assert source.index("made for a test: figures show") < source.index("<h1>")


@pytest.mark.parametrize(
    "text",
    [
        "bbbbbbbbbbbb",
        "sample temperature",
        "2 items of max context: no corpus",
        "the server gave no reply: HTTP 500",
        "Share answered with a high-risk wrong option.",
        "-A. One",
        "pytest suites/test_evidence_robustness.py -k item-0",
        "letter: B, outcome: high_risk",
        "paper (fp)",
    ],
)
def test_method_manifest_and_robustness_say(text: str, page: Page) -> None:
    assert text in page.words


def _gate(outcome: GateOutcome, on_inconclusive: str) -> GateResult:
    gate = Gate.model_validate(
        {"metric": "accuracy", "min": 0.5, "on_inconclusive": on_inconclusive}
    )
    return GateResult(gate=gate, model="m", condition="c", outcome=outcome, sentence="So.")


@pytest.mark.parametrize(
    ("gates", "state"),
    [
        ([], "open"),
        ([(GateOutcome.PASSED, "fail")], "passed"),
        ([(GateOutcome.PASSED, "fail"), (GateOutcome.FAILED, "fail")], "blocked"),
        ([(GateOutcome.INCONCLUSIVE, "fail")], "blocked"),
        ([(GateOutcome.INCONCLUSIVE, "warn"), (GateOutcome.PASSED, "fail")], "open"),
    ],
)
def test_the_verdict_is_that_of_the_summary(
    gates: list[tuple[GateOutcome, str]], state: str
) -> None:
    results = [_gate(*gate) for gate in gates]
    for manifest in ({}, {"failed_tests": {"tests": 2, "first": []}}):
        content = {"manifest": manifest, "gates": [result.record() for result in results]}
        found = verdict(RunFile(content=content))
        said = Conclusion(manifest=manifest, metrics=[], gates=results)
        assert found.sentence == verdict_line(said)
        assert found.state == ("blocked" if manifest else state)
        assert said.blocked() == (found.state == "blocked")


def test_without_optional_parts_the_page_says_what_is_missing(tmp_path: Path) -> None:
    shape = Shape(items=3, models=("one",), samples=0, gates=(), errors=False, extras=False)
    folder = make_folder(tmp_path, shape)
    page = Page(write_html(folder).read_text(encoding="utf-8"))
    assert "No gates are configured: these figures block nothing." in page.words
    assert "compared with no earlier one" in page.words
    assert "no counterexample to robustness" in page.words
    assert "No call failed." in page.words
    assert page.words.count("Not drawn: ") == 6


def test_a_folder_without_cases_still_makes_a_page(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, Shape(items=3))
    (folder / "cases.jsonl").unlink()
    page = Page(write_html(folder).read_text(encoding="utf-8"))
    assert Cases(page.data).index["items"] == []


def test_nothing_but_the_pages_own_code_and_style_may_run(folder: Path) -> None:
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    policy = next(a["content"] for a in page.attributes("meta") if a.get("http-equiv") is not None)
    (code,) = [text for attributes, text in page.scripts if not attributes]
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    assert policy is not None
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}'" in policy
    assert "unsafe-inline" not in policy
    assert not [tag for tag, attributes in page.elements if "style" in attributes]
    assert not [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in {"src", "href"} and value and not value.startswith(("#", "data:,"))
    ]


def test_text_of_data_and_models_stays_text(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, Shape(items=4), text=lambda text: f"{text} {HOSTILE}")
    source = write_html(folder).read_bytes().decode("utf-8")
    page = Page(source)
    assert not page.attributes("img")
    assert len(page.scripts) == 2
    assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)]
    assert "{{7*7}}" in page.words
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e\ud800]", source)
    cases = Cases(page.data)
    shown = HOSTILE.replace("\x00", "[U+0000]").replace("\x1b", "[U+001B]")
    shown = shown.replace("\u202e", "[U+202E]").replace("\ud800", "[U+D800]")
    assert cases.index["items"][0]["question"].endswith(shown)
    assert any(piece.endswith(shown) for piece in cases.pieces)


@pytest.mark.parametrize(
    ("shape", "limit"),
    [
        (Shape(models=("m",), items=200, evidence_characters=20_000), 3_000_000),
        (Shape(models=("m",), items=200, reply_characters=3_000), 3_000_000),
        (Shape(models=("a", "b", "c"), items=66, evidence_characters=4_000), 3_000_000),
    ],
    ids=["long evidence", "long replies", "three models"],
)
def test_twelve_hundred_cases_stay_under_three_megabytes(
    shape: Shape, limit: int, tmp_path: Path
) -> None:
    folder = make_folder(tmp_path, shape)
    assert write_html(folder).stat().st_size < limit
