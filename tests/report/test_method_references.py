"""Figures of the page lead to their method, and the methods page tells every one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.report.page.method_references import (
    SECTION_OF_INTERVAL,
    definitions,
    reference,
)
from pytest_safescale.report.page.run_page import write_html
from pytest_safescale.results.run_file import read_run
from tests.report.folders import make_folder
from tests.report.made_records import Shape
from tests.report.pages import Page

if TYPE_CHECKING:
    from pytest_safescale.report.page.method_references import Definition

ROOT = Path(__file__).parents[2]
METHODS = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", METHODS, re.MULTILINE | re.DOTALL))
NO_METHOD = {"special", "__init__", "arrays", "matrix_product"}
"""Modules of ``statistics`` that other ones are made of."""
NEITHER_INTERVAL_NOR_METHOD = {"call_instability", "variant_error_rate"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_folder(tmp_path_factory.mktemp("report"), Shape(items=20))
    write_html(folder)
    return folder


@pytest.fixture(scope="module")
def told(folder: Path) -> list[Definition]:
    return definitions(read_run(folder))


def test_every_method_says_what_it_does_not_protect_against_and_where_its_code_is() -> None:
    general = {"Which method stands behind a figure"}
    for title in set(SECTIONS) - general:
        assert "**Does not protect against**" in SECTIONS[title], title
        assert re.search(r"\*Modules?:\*\s+`", SECTIONS[title]), title


def test_every_module_of_statistics_has_its_section() -> None:
    modules = {path.stem for path in (ROOT / "pytest_safescale" / "statistics").glob("*.py")}
    assert [one for one in modules - NO_METHOD if f"`statistics/{one}.py`" not in METHODS] == []


def test_every_kind_of_interval_names_a_section_that_is_there() -> None:
    assert set(SECTION_OF_INTERVAL.values()) <= set(SECTIONS)
    assert reference("Bootstrap", "Slopes") == 'Method: docs/methods.md, "Bootstrap", "Slopes".'
    assert reference() == ""


def test_every_figure_of_a_page_is_led_to_its_definition_and_its_method(
    folder: Path, told: list[Definition]
) -> None:
    source = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(source)
    ids = {attributes.get("id") for _, attributes in page.elements}
    links = {str(one["href"]) for one in page.attributes("a") if "#figure-" in str(one["href"])}
    assert len(links) > 10
    assert {link.removeprefix("#") for link in links} <= ids
    assert all(method in page.words for _, _, method in told)
    named = re.findall(
        r'"([^"]+)"', " ".join(re.findall(r"docs/methods\.md,([^.]+)\.", page.words))
    )
    assert len(named) > 10
    assert set(named) <= set(SECTIONS)


def test_a_figure_names_the_method_of_its_interval(told: list[Definition]) -> None:
    methods = {name: method for name, _, method in told}
    assert '"Exact bounds of a rate"' in methods["high_risk_error_rate"]
    assert methods["expected_calibration_error"] == 'Method: docs/methods.md, "Calibration".'
    # Of a cell, and of the mean over models.
    assert methods["mean_confidence"] == reference("Bounds by betting", "Bootstrap")
    assert {name for name, method in methods.items() if not method} <= NEITHER_INTERVAL_NOR_METHOD
