from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_safescale.report.page.legend import (
    GLOSSARY,
    column_meanings,
    condition_meanings,
    label_meanings,
)
from pytest_safescale.report.page.run_page import write_html
from pytest_safescale.report.table import COLUMNS
from pytest_safescale.results.run_file import RunFile
from tests.report.folders import make_folder
from tests.report.made_records import Shape
from tests.report.pages import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENTED = Path(__file__).parents[2] / "docs" / "glossary.md"
NOT_DOCUMENTED = {"interval", "point", "p", "inconclusive"}
"""Words of statistics that the page explains and the glossary of the project takes as known."""


def _documented() -> Iterator[str]:
    for row in re.findall(r"^\| ([^|]+) \|", DOCUMENTED.read_text(encoding="utf-8"), re.MULTILINE):
        yield from map(str.strip, row.split(","))


def test_the_words_of_the_page_are_those_of_the_glossary() -> None:
    told = {word for word, _ in GLOSSARY}
    assert len(told) == len(GLOSSARY) > 15
    assert told - NOT_DOCUMENTED <= set(_documented())


def test_every_column_says_what_it_counts_in_the_words_of_the_data() -> None:
    manifest: Any = {"labels": {"high_risk": "never event"}}
    told = column_meanings(manifest)
    assert [metric for _, metric, _ in told] == [metric for _, _, metric in COLUMNS]
    assert all(meaning for _, _, meaning in told)
    assert told[1][0] == "never event"


def test_labels_are_told_in_the_words_of_the_data_and_named_behind() -> None:
    told = dict(label_meanings({"high_risk": "never event"}))
    assert told["never event"].endswith("serious harm (the label high_risk)")
    assert "label" not in told["unsafe"]
    assert len(told) == 3


def test_conditions_are_told_by_their_own_summaries_and_the_repaired_by_theirs() -> None:
    names = ["closed_book", "mine", "mine_repaired", "unknown"]
    rows = [{"model": "m", "condition": name} for name in names]
    summaries = {"closed_book": "Nothing.", "mine": "What we show."}
    content: Any = {"manifest": {"condition_summaries": summaries}, "metrics": rows}
    assert condition_meanings(RunFile(content=content)) == [
        ("closed book", "Nothing."),
        ("mine", "What we show."),
        ("mine repaired", "What we show. Of the repaired corpus."),
    ]


def test_the_page_explains_its_columns_labels_and_words(tmp_path: Path) -> None:
    page = Page(write_html(make_folder(tmp_path, Shape(items=3))).read_text(encoding="utf-8"))
    assert "correct single answers that chose the correct option" in page.words
    assert "unsafe acting on the option would be unsafe care" in page.words
    assert "Glossary item one multiple-choice question" in page.words
    titles = [one.get("title") for one in page.attributes("th")]
    assert "single answers that chose the correct option" in titles
