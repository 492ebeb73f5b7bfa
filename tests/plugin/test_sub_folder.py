"""A run from a folder below pytest's rootdir, with a test whose marker fits no item."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

TESTS = """
import pytest

@pytest.mark.safescale(where={"subspecialty": "Chets"})
def test_mistyped(safescale_case):
    safescale_case.judge()

@pytest.mark.safescale(where=lambda item: item.id == "nobody")
def test_of_nobody(safescale_case):
    safescale_case.judge()

def test_all(safescale_case):
    safescale_case.judge()
"""
GATE = '[[gates]]\nmetric = "high_risk_error_rate"\nmax = 0.0\n'


def test_gates_are_shown_under_their_ids_and_what_fits_no_item_is_told(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    items("say A", "say B")
    pytester.makeini("[pytest]")
    folder = pytester.mkdir("sub")
    (folder / "test_mine.py").write_text(TESTS, encoding="utf-8")
    (folder / "gates.toml").write_text(GATE, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(pytester.path)
    result = run_pytest(
        "--safescale-model=python:app:answer", "--safescale-dataset=../items.json",
        "--safescale-conditions=closed_book", "--safescale-samples=0",
        "--safescale-gates=gates.toml", "--junitxml=j.xml", "-v", "test_mine.py",
    )  # fmt: skip
    assert result.ret == 1
    name = "gate[high_risk_error_rate-closed_book-python:app:answer]"
    shown = [line for line in result.stdout.lines if "safescale::" in line]
    assert shown
    assert all(line.removeprefix("FAILED ").startswith("safescale::") for line in shown), shown
    assert f"FAILED safescale::{name} - " in result.stdout.str()
    suite = next(iter(ElementTree.parse(folder / "j.xml").getroot()))
    assert [one.get("classname") for one in suite.iter("testcase") if one.get("name") == name] == [
        "safescale"
    ]
    told = " ".join(result.stdout.str().split())
    start = "safescale: sub/test_mine.py::test"
    assert (
        f"{start}_mistyped asks nothing: where {{'subspecialty': 'Chets'}} fits none of 2 items; "
        "subspecialty is 'Chest'"
    ) in told
    assert f"{start}_of_nobody asks nothing: where <function <lambda>" in told
    assert "test_all asks nothing" not in told
