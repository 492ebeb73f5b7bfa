"""The story of docs/remedies.md: its files are written, its commands run and say what it shows.

A block of TOML names its file in the first line. Behind each command stands what it says: every
line is a line of its output, or begins one. A command is to fail where the story shows that the run
is blocked, or that something has no threshold.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pytest_safescale.cli.command import main

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[1] / "docs" / "remedies.md"
FAILS = ("Blocked", "No threshold holds")


class Step(NamedTuple):
    """A command and the lines that it is to say."""

    command: list[str]
    lines: list[str]

    @property
    def code(self) -> int:
        """The exit code that the story tells of."""
        return int(any(line.strip().startswith(FAILS) for line in self.lines))


def story() -> tuple[dict[str, str], list[Step]]:
    """Return the story's files by name, and its steps."""
    text = PAGE.read_text(encoding="utf-8").partition("\n## One story")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", text, re.M | re.S)
    files = {block.split()[1]: block for language, block in blocks if language == "toml"}
    told = [(language, block) for language, block in blocks if language != "toml"]
    steps = [
        Step(shlex.split(command), said.splitlines())
        for (_, command), (_, said) in zip(told[::2], told[1::2], strict=True)
    ]
    assert [language for language, _ in told] == ["sh", "text"] * len(steps)
    return files, steps


def test_a_story_has_files_and_steps_of_both_commands() -> None:
    files, steps = story()
    assert set(files) == {"pyproject.toml", "certified.toml"}
    assert {step.command[0] for step in steps} == {"pytest", "safescale"}
    assert [step.code for step in steps] == [1, 1, 1, 1, 0]


@pytest.mark.slow
def test_the_story_runs_as_it_stands(
    pytester: pytest.Pytester,
    run_pytest: Callable[..., pytest.RunResult],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(pytester.path)
    files, steps = story()
    for name, content in files.items():
        Path(name).write_text(content, encoding="utf-8")
    for step in steps:
        program, *arguments = step.command
        if program == "pytest":
            result = run_pytest(*arguments)
            code, output = int(result.ret), result.stdout.str()
        else:
            capsys.readouterr()
            code, output = main(arguments), capsys.readouterr().out
        assert code == step.code, output
        for line in step.lines:
            assert any(said.startswith(line) for said in output.splitlines()), (line, output)
