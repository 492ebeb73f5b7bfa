"""The documentation as a site: every page is in it, and nothing of it is fetched from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_safescale
from docs.pictures import FOLDER, terminal

DOCS = Path(__file__).parent.parent / "docs"
MOST_BYTES = 150_000


def test_every_page_has_its_place_in_one_of_the_four_parts() -> None:
    index = (DOCS / "index.md").read_text("utf-8")
    trees = re.findall(
        r"^```\{toctree\}\n:caption: ([^\n]+)\n:hidden:\n\n(.*?)^```", index, re.M | re.S
    )
    assert [caption for caption, _ in trees] == ["Tutorial", "How to", "Reference", "Methods"]
    placed = [page for _, pages in trees for page in pages.split()]
    assert sorted([*placed, "index"]) == sorted(page.stem for page in DOCS.glob("*.md"))


def test_the_reference_has_every_name_that_users_import() -> None:
    page = (DOCS / "api.md").read_text("utf-8")
    named = re.findall(r"^\.\. [\w:]+:: pytest_safescale\.(\w+)$", page, re.M)
    assert sorted(named) == sorted(pytest_safescale.__all__)
    headings = re.findall(r"^#+ (.+)$", page, re.M)
    assert not [heading for heading in headings if "|" in heading]


def test_pictures_are_small_shown_and_fetch_nothing() -> None:
    shown = "\n".join(page.read_text("utf-8") for page in DOCS.glob("*.md"))
    for picture in FOLDER.iterdir():
        assert f"](pictures/{picture.name})" in shown
        assert picture.stat().st_size < MOST_BYTES, picture.name
        if picture.suffix == ".svg":
            assert "url(" not in re.sub(r"url\(#", "", picture.read_text("utf-8"))


def test_a_terminal_is_drawn_with_its_command_its_colours_and_its_last_lines() -> None:
    told = "\n".join([*(f"line {number}" for number in range(90)), "\x1b[31m<blocked>\x1b[0m"])
    drawn = terminal("pytest -q", told).replace("&#160;", " ")
    assert "$ pytest -q" in drawn
    assert "line 0" in drawn
    assert "line 45" not in drawn
    assert "&lt;blocked&gt;" in drawn
    assert "\x1b" not in drawn


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_fetches_nothing(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-E"]
    build += ["-d", str(tmp_path / "trees"), str(DOCS), str(tmp_path / "site")]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = {page.stem: page.read_text("utf-8") for page in (tmp_path / "site").glob("*.html")}
    assert {page.stem for page in DOCS.glob("*.md")} <= set(pages)
    for name, page in pages.items():
        fetched = re.findall(r"<(?:script|img|source|iframe)[^>]+src=\"(?:https?:)?//", page)
        fetched += re.findall(
            r"<link[^>]+rel=\"(?:stylesheet|preload)\"[^>]+href=\"https?://", page
        )
        assert not fetched, name
    anchors = set(re.findall(r'id="pytest_safescale\.(\w+)"', pages["api"]))
    assert anchors >= set(pytest_safescale.__all__)
    assert "annotated_types" not in pages["api"]
    assert re.search(r'href="#pytest_safescale\.Item"', pages["api"])
