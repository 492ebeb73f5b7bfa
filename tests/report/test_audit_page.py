"""The page of an audit: what stands in it, and what cannot act there."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_safescale.report.page.audit_page import audit_page, marked
from tests.report.pages import Page

HOSTILE = '<script>alert(1)</script>" onload="x'


def place(passage: str, words: str) -> dict[str, Any]:
    return {"passage": passage, "line": 3, "field": "text", "words": words}


def content(*findings: dict[str, Any], gates: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    names = dict.fromkeys(one["finding"] for one in findings)
    return {
        "corpus": {"name": "c.jsonl", "sha256": "0" * 64, "passages": 2, "sentences": 4},
        "dataset": None,
        "coverage": None,
        "counts": {name: sum(one["finding"] == name for one in findings) for name in names},
        "auditor": None,
        "by_judge": {name: {} for name in names},
        "gates": gates or [],
        "findings": list(findings),
    }


def finding(**parts: Any) -> dict[str, Any]:
    plain = {"finding": "contradiction", "kind": "number", "sentence": "a number differs"}
    nothing = dict.fromkeys(("place", "other", "item", "letter", "judgement"))
    return {**plain, **nothing, "by": "rules", **parts}


def test_two_passages_stand_side_by_side_with_what_differs_marked() -> None:
    source = audit_page(
        content(
            finding(place=place("a", "It starts at 6 mm."), other=place("b", "It starts at 8 mm."))
        )
    )
    page = Page(source)
    assert page.headings[0] == ("h1", "1 finding, and no gate")
    assert "a, line 3, text" in page.words
    assert "b, line 3, text" in page.words
    assert "<strong><u>6</u></strong>" in source


def test_words_that_both_have_are_not_marked() -> None:
    mine, theirs = marked("It starts at 6 mm.", "It starts at 8 mm.")
    assert [piece.text for piece in mine if piece.differs] == ["6"]
    assert [piece.text for piece in theirs if piece.differs] == ["8"]
    assert "".join(piece.text for piece in theirs) == "It starts at 8 mm."


@pytest.mark.parametrize(
    "hostile",
    [
        finding(sentence=HOSTILE),
        finding(item=HOSTILE),
        finding(place=place(HOSTILE, HOSTILE), other=place("b", f"{HOSTILE} other")),
    ],
)
def test_words_of_a_corpus_do_not_act(hostile: dict[str, Any]) -> None:
    page = Page(audit_page(content(hostile)))
    assert not page.scripts
    assert not any("onload" in attributes for _, attributes in page.elements)
    assert "alert(1)" in page.words


def test_the_verdict_follows_the_gates() -> None:
    gate = {"finding": "age", "max": 0, "found": 1, "outcome": "failed", "sentence": "it fails"}
    page = Page(audit_page(content(finding(), gates=[gate, {**gate, "outcome": "passed"}])))
    assert page.headings[0] == ("h1", "1 of 2 gates does not hold")
    assert "it fails" in page.words


def test_items_with_most_findings_come_first() -> None:
    found = [finding(finding="coverage", item=item) for item in ("one", "two", "two")]
    words = Page(audit_page(content(*found))).words
    assert "two 2 coverage: 2" in words
    assert words.index("two 2") < words.index("one 1")


def test_what_is_not_shown_is_counted() -> None:
    assert "And 20 more" in Page(audit_page(content(*[finding()] * 120))).words
