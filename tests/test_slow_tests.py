"""The tests of this project: the slow ones are told apart, and one option runs the whole."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TESTS = """
import pytest

def test_quick():
    pass

@pytest.mark.slow
def test_marked():
    pass

@pytest.mark.parametrize("workers", [(), ("-n2",), ("-n2", "--dist=loadfile"), "-n3"])
def test_runs(workers):
    pass

@pytest.mark.parametrize("text", ["", "-no", "text -n2"])
def test_texts(text):
    pass
"""


@pytest.mark.parametrize(
    ("arguments", "passed", "left_out"),
    [
        ((), 5, 4),
        (("--slow",), 9, 0),
        (("--slow", "-m", "slow"), 4, 5),
        (("test_it.py::test_marked",), 1, 0),
    ],
    ids=["none", "all", "slow alone", "by its id"],
)
def test_the_slow_tests_are_left_out_unless_they_are_asked_for(
    pytester: pytest.Pytester, arguments: tuple[str, ...], passed: int, left_out: int
) -> None:
    pytester.makeini("[pytest]\nmarkers = slow: told apart\n")
    pytester.makeconftest((ROOT / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(test_it=TESTS)
    result = pytester.runpytest_inprocess(*arguments)
    result.assert_outcomes(passed=passed, deselected=left_out)
