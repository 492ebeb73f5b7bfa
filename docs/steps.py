"""The commands of a page of the documentation, and how they are gone through in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Done", "Step", "gone_through", "run", "steps"]

_EXIT_CODE = re.compile(r" +# exit code (\d)$")
_INSTALLING = ("python3 -m venv ", ". .venv/")
"""How lines begin that make an environment: who goes through a page stands in one."""


class Step(NamedTuple):
    """A command, and the exit code that its page states for it, 0 where it states none."""

    line: str
    code: int


class Done(NamedTuple):
    """What came of a step: its exit code, and what it wrote to the terminal."""

    step: Step
    code: int
    told: str


def steps(page: Path) -> list[Step]:
    """Return what a page has its reader do, in order, without the lines that install.

    That is each line of its ``sh`` blocks, and each ``toml`` file whose first line names it.
    """
    found = []
    text = page.read_text(encoding="utf-8")
    for language, block in re.findall(r"^```(sh|toml)\n(.*?)^```", text, re.M | re.S):
        if language == "sh":
            lines = block.replace("\\\n", " ").splitlines()
            found += [_step(line) for line in lines if not line.startswith(_INSTALLING)]
        elif name := re.match(r"# (\S+\.toml)\n", block):
            found.append(Step(f"cat > {name[1]} <<'END'\n{block}END", 0))
    return found


def _step(line: str) -> Step:
    code = _EXIT_CODE.search(line)
    return Step(_EXIT_CODE.sub("", line), int(code[1]) if code else 0)


def gone_through(given: Iterable[Step], folder: Path, **environment: str) -> Iterator[Done]:
    """Run one step after the other."""
    for step in given:
        done = run(step.line, folder, **environment)
        yield Done(step, done.returncode, done.stdout)


def run(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line as a shell of CI does, with the programs of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", line],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "PATH": path, **environment},
    )
