from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.gates.result import Decision, GateResult
from pytest_safescale.gates.spec import Gate
from pytest_safescale.report.markdown import run_verdict_line
from pytest_safescale.report.page import run_page
from pytest_safescale.report.page.gate_demands import found_words
from pytest_safescale.report.page.page_cases import PageCases
from pytest_safescale.report.page.page_tables import run_verdict
from pytest_safescale.report.page.run_page import write_html
from pytest_safescale.report.page.shell import render_page
from pytest_safescale.report.rate_words import figure_words, points
from pytest_safescale.results.conclusion import Conclusion
from pytest_safescale.results.run_file import RunFile, read_cases
from tests.gates.cases import judged, make_inputs
from tests.report.folders import make_folder
from tests.report.made_records import Shape
from tests.report.pages import Cases, Page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_safescale.results.manifest import Manifest

SECTIONS = [
    "Why",
    "Old against new",
    "The worst questions",
    "What these figures rest on",
    "Against a baseline",
    "Gates",
    "Figures by model and condition",
    "Charts",
    "Where the risk comes from",
    "Worst items",
    "Cases",
    "Within this run",
    "Robustness",
    "Glossary",
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
def run(folder: Path) -> Any:
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_the_verdict_comes_first_and_the_sections_in_their_order(page: Page, run: Any) -> None:
    assert page.headings[0] == ("h1", run_verdict(RunFile(content=run)).sentence)
    assert [text for tag, text in page.headings if tag == "h2"] == SECTIONS


@pytest.mark.parametrize(
    ("kind", "key", "told"),
    [("row", "metrics", figure_words), ("gate", "gates", found_words)],
)
def test_every_figure_of_run_json_stands_in_the_page_with_its_value(
    kind: str, key: str, told: Callable[[Any], str], page: Page, run: Any
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
        assert text == told(row)
    assert shown == set(range(len(run[key])))


def test_every_comparison_stands_in_the_page_with_its_difference(page: Page, run: Any) -> None:
    shown = {
        int(place): (float(attributes["value"] or "nan"), text)
        for attributes, text in page.figures
        if (place := attributes.get("data-comparison"))
    }
    expected = {
        place: (row["delta"], points(row["delta"], row["metric"]))
        for place, row in enumerate(run["comparisons"])
    }
    assert shown == expected


def test_the_figures_of_a_chart_are_run_jsons(page: Page, run: Any) -> None:
    known = {row[name] for row in run["metrics"] for name in ("value", "ci_low", "ci_high")}
    loose = [float(a["value"] or "nan") for a, _ in page.figures if set(a) == {"value"}]
    assert len(set(loose) & known) > 100


@pytest.mark.parametrize("key", ["sentence"])
def test_every_gate_says_its_sentence(key: str, page: Page, run: Any) -> None:
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
        "Before A After B",
        "paper (fp)",
    ],
)
def test_method_manifest_and_robustness_say(text: str, page: Page) -> None:
    assert text in page.words


def _gate(outcome: Decision, on_inconclusive: str) -> GateResult:
    gate = Gate.model_validate(
        {"metric": "accuracy", "min": 0.5, "on_inconclusive": on_inconclusive}
    )
    return GateResult(gate=gate, model="m", condition="c", decision=outcome, sentence="So.")


@pytest.mark.parametrize(
    ("gates", "state"),
    [
        ([], "open"),
        ([(Decision.PASSED, "fail")], "passed"),
        ([(Decision.PASSED, "fail"), (Decision.FAILED, "fail")], "blocked"),
        ([(Decision.INCONCLUSIVE, "fail")], "blocked"),
        ([(Decision.INCONCLUSIVE, "warn"), (Decision.PASSED, "fail")], "open"),
    ],
)
def test_the_verdict_is_that_of_the_summary(gates: list[tuple[Decision, str]], state: str) -> None:
    results = [_gate(*gate) for gate in gates]
    failed: Manifest = {"failed_tests": {"tests": 2, "first": []}}
    none: Manifest = {}
    for manifest in (none, failed):
        content: Any = {"manifest": manifest, "gates": [result.record() for result in results]}
        found = run_verdict(RunFile(content=content))
        said = Conclusion(manifest=manifest, metrics=[], gates=results)
        assert found.sentence == run_verdict_line(said)
        assert found.state == ("blocked" if manifest else state)
        assert said.blocked() == (found.state == "blocked")


def test_without_optional_parts_the_page_says_what_is_missing(tmp_path: Path) -> None:
    shape = Shape(items=3, models=("one",), samples=0, gates=(), errors=False, extras=False)
    folder = make_folder(tmp_path, shape)
    page = Page(write_html(folder).read_text(encoding="utf-8"))
    assert page.headings[0][1].startswith("No gates were set; most high-risk answers under ")
    assert "compared with no earlier one" in page.words
    assert "no counterexample to robustness" in page.words
    assert "No call failed." in page.words
    assert "Not drawn" not in page.words


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


@pytest.mark.parametrize(("budget", "times"), [(2_900_000, 1), (0, 2)])
def test_the_page_is_rendered_again_only_where_it_says_that_texts_are_cut(
    budget: int, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[str] = []

    def seen(template: str, **content: Any) -> str:
        rendered.append(render_page(template, **content))
        return rendered[-1]

    monkeypatch.setattr(run_page, "render_page", seen)
    monkeypatch.setattr(run_page, "_budget", lambda _: budget)
    shape = Shape(models=("m",), items=3, evidence_characters=500)
    source = write_html(make_folder(tmp_path, shape)).read_text(encoding="utf-8")
    assert len(rendered) == times
    assert ("texts of more than" in source) == (times == 2)
    # The data stand where the template has them, and nothing else differs.
    before, after = rendered[-1].split("</script>", 1)
    assert source.startswith(before)
    assert source.endswith(f"</script>{after}")
    assert Cases(Page(source).data).index["items"]


def test_what_is_told_of_the_cases_is_let_go_of_before_the_page_is_rendered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, cases = make_folder(tmp_path, Shape(models=("m",), items=3)), PageCases()
    for record in read_cases(folder):
        cases.add(record)
    assert cases.facts
    held: list[int] = []

    def seen(template: str, **content: Any) -> str:
        held.append(len(cases.facts))
        return render_page(template, **content)

    monkeypatch.setattr(run_page, "render_page", seen)
    write_html(folder, cases=cases)
    assert held == [0]


@pytest.mark.parametrize(
    ("shape", "limit"),
    [
        (Shape(models=("m",), items=200, evidence_characters=20_000), 3_000_000),
        (Shape(models=("m",), items=200, reply_characters=3_000), 3_000_000),
        (Shape(models=("a", "b", "c"), items=66, evidence_characters=4_000), 3_000_000),
    ],
    ids=["long evidence", "long replies", "three models"],
)
@pytest.mark.slow
def test_twelve_hundred_cases_stay_under_three_megabytes(
    shape: Shape, limit: int, tmp_path: Path
) -> None:
    folder = make_folder(tmp_path, shape)
    assert write_html(folder).stat().st_size < limit


def test_a_gate_tells_its_worst_case_what_was_answered_and_which_replies_are_missing(
    tmp_path: Path,
) -> None:
    shape = Shape(items=3, models=("one",), samples=0, gates=(), errors=False, extras=False)
    folder = make_folder(tmp_path, shape)
    content = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    lacking = make_inputs({"c": ["A"] * 58 + ["?"] * 8})
    table = {"metric": "high_risk_error_rate", "confidence": 0.95}
    content["gates"] = [gate.record() for gate in judged(lacking, {**table, "max": 0.05})]
    content["gates"] += [gate.record() for gate in judged(lacking, {**table, "max": 0.3})]
    (folder / "run.json").write_text(json.dumps(content), encoding="utf-8")
    write_html(folder)
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    undecided, passed = content["gates"]
    assert (undecided["outcome"], passed["outcome"]) == ("inconclusive", "passed")
    told = "0 of 66 up to 4.4 % 8 replies of 66 missing; at worst 12.1 %, up to 20.8 %"
    assert page.words.count(told) == 2
    assert page.words.count(f"{told}; 1 of them decides") == 1
    assert "undecided: 1 of them decides it: i58, i59, i60, i61, i62 and 3 more" in page.words
    assert page.words.count("i58, i59, i60, i61, i62, i63, i64, i65") == 2
