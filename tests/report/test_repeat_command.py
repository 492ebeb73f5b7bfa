from __future__ import annotations

import shlex
from typing import Any

import pytest

from pytest_safescale.report.page.repeat_command import REPEATED, RepeatCommands

REPEAT: Any = {
    "folder": "/home/a user/project",
    "root": "..",
    "suites": ["radsafe200"],
    "models": {"simulated": "simulated:paper"},
    "options": ["--safescale-samples=3"],
    "environment": [],
}
RECORD: Any = {"model": "simulated", "condition": "closed_book", "item_id": "chest-01"}


@pytest.mark.parametrize(
    ("nodeid", "where"),
    [
        ("test_radsafe200.py::test_answer_is_safe[x-chest-01]", ["--safescale-suite=radsafe200"]),
        ("tests/test_own.py::test_a[x-1]", ["../tests/test_own.py::test_a"]),
        ("test_own.py::TestIt::test_a[x-1]", ["../test_own.py::TestIt::test_a"]),
        ("", []),
    ],
)
def test_the_command_asks_one_case_from_anywhere(nodeid: str, where: list[str]) -> None:
    words = shlex.split(RepeatCommands(REPEAT).command({**RECORD, "nodeid": nodeid}))
    assert words == [
        *("cd", "/home/a user/project", "&&", "pytest"),
        *where,
        "--safescale-model=simulated:paper",
        "--safescale-conditions=closed_book",
        "--safescale-item=chest-01",
        "--safescale-samples=3",
        "--safescale-gates=none",
        f"--safescale-report={REPEATED}",
    ]


def test_the_profile_is_named_and_a_hostile_id_is_one_word_of_the_shell() -> None:
    record = {**RECORD, "profile": "verify", "item_id": "a'; rm -rf b"}
    words = shlex.split(RepeatCommands(REPEAT).command(record))
    assert "--safescale-prompts=verify" in words
    assert "--safescale-item=a'; rm -rf b" in words
