"""Every command of the documentation is one that its program takes, with options and values.

Options of pytest are read by its own parser with this plugin in it, and those of ``safescale`` by
the parser of that command. Pages whose commands are also run have tests of their own.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import COMMANDS, _parser
from pytest_safescale.cli.pytest_options import read_pytest_options
from pytest_safescale.errors import SettingsError
from pytest_safescale.packaged import data_folder
from pytest_safescale.settings.configuration import read_toml
from pytest_safescale.settings.options import OPTIONS
from pytest_safescale.settings.resolve import resolve_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
OTHERS = {
    ".",
    "cat",
    "check-jsonschema",
    "curl",
    "do",
    "done",
    "export",
    "nox",
    "python",
    "python3",
}
OTHERS |= {"inspect", "sbatch", "set", "trap", "until", "vllm"}
"""Programs of others, whose words are theirs to judge."""
SUITES = {path.stem.removeprefix("test_") for path in data_folder("suites").glob("test_*.py")}


def lines(page: Path) -> list[str]:
    """Return the commands of a page's shell blocks, without comments and redirections."""
    text = page.read_text(encoding="utf-8")
    found = []
    for block in re.findall(r"^```(?:sh|bash)\n(.*?)^```", text, re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            bare = re.sub(r"(?:^|\s)(?:#|> ).*", "", line)
            found += [part.strip() for part in re.split(r"&&|;| & *$", bare)]
    return [line for line in found if line]


OURS = {f"--safescale-{name}" for name, _, _ in OPTIONS} | {"--safescale-auditor"}
"""Of a run, and of ``safescale audit`` alone."""
EVERY = [
    pytest.param(line, id=f"{page.name}: {line[:60]}") for page in PAGES for line in lines(page)
]


def check(words: Sequence[str], taken: pytest.Config) -> None:
    """Raise where the program would not take the words, or does not know them."""
    program, rest = words[0].removeprefix(".venv/bin/"), list(words[1:])
    if program == "pytest":
        check_pytest(rest, taken)
    elif program == "safescale":
        check_safescale(rest, taken)
    elif program == "pip":
        check_extras(rest)
    elif "=" not in program:
        assert program in OTHERS, f"what is {program!r}?"


def check_pytest(words: Sequence[str], taken: pytest.Config) -> None:
    own = [word for word in words if word.startswith("-")]
    known = taken._parser.optparser._option_string_actions
    for option in own:
        name = option.partition("=")[0]
        assert name in known or (name == "-n" and not taken.pluginmanager.has_plugin("xdist")), name
    settings = read_pytest_options(words).settings
    assert set(settings.suite) <= SUITES, settings.suite


def check_safescale(words: Sequence[str], taken: pytest.Config) -> None:
    given = vars(_parser().parse_args([*words]))
    if "--" in words:
        check_pytest(words[list(words).index("--") + 1 :], taken)
    written = {re.sub("^--(safescale-)?", "", word.partition("=")[0]) for word in words}
    names = [name.replace("-", "_") for name, _, _ in OPTIONS if name in written]
    resolve_settings({name: given[name] for name in names if name in given}, {})


def check_extras(words: Sequence[str]) -> None:
    project: Any = read_toml(ROOT / "pyproject.toml", "project file")
    for extras in re.findall(r"\[([\w,]+)\]", " ".join(words)):
        assert set(extras.split(",")) <= set(project["project"]["optional-dependencies"])


@pytest.mark.parametrize("line", EVERY)
def test_every_command_is_taken_by_its_program(
    line: str, pytestconfig: pytest.Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check(shlex.split(re.sub(r"\$\w+", "1", line)), pytestconfig)


@pytest.mark.parametrize(
    "line",
    [
        "pytest --safescale-modle lexical",
        "pytest --safescale-suite radsafe",
        "pytest --safescale-samples many",
        "safescale plan --sampels 3",
        "safescale plan --concurrency 0",
        "safescale complete run.json",
        "safescale run --on local --shards 2 -- --safescale-modle lexical",
        "pip install 'pytest-safescale[nothing]'",
        "pyttest",
    ],
)
def test_a_command_that_is_written_wrongly_is_found(
    line: str, pytestconfig: pytest.Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((AssertionError, SettingsError)):
        check(shlex.split(line), pytestconfig)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_and_command_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"--safescale-[a-z][a-z-]*[a-z]", text))
    assert named <= OURS
    commands = re.findall(r"`safescale ([a-z]+)", text)
    assert set(commands) <= set(COMMANDS)
