"""The line that asks one case of a run again, from whichever folder it is typed in."""

from __future__ import annotations

import posixpath
import shlex
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pytest_safescale.text.escaping import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.results.manifest_repeat import RepeatOfRun

__all__ = ["REPEATED", "RepeatCommands"]

REPEATED = ".safescale/repeated"
"""Where the repeated case's report goes: not over the report it was taken from."""


class RepeatCommands:
    """The commands of a run's cases: what those of one cell and test share is quoted once."""

    def __init__(self, repeat: RepeatOfRun) -> None:
        """``repeat`` is what the manifest states of it."""
        self._repeat = repeat
        options = (*repeat["options"], "--safescale-gates=none", f"--safescale-report={REPEATED}")
        self._after = _quoted(*options)
        self._before = lru_cache(maxsize=2**10)(self._up_to_the_item)

    def command(self, record: Mapping[str, Any]) -> str:
        """Return the command for a line of ``cases.jsonl``, each word quoted for the shell."""
        file, _, rest = record.get("nodeid", "").partition("::")
        cell = record["model"], record["condition"], record.get("profile", "")
        before = self._before(*cell, file, rest.partition("[")[0])
        item = shlex.quote(f"--safescale-item={record['item_id']}")
        return plain(f"{before} {item} {self._after}")

    def _up_to_the_item(
        self, model: str, condition: str, profile: str, file: str, function: str
    ) -> str:
        named = self._repeat["models"].get(model, model)
        words = _quoted(
            "pytest",
            self._where(file, function),
            f"--safescale-model={named}",
            f"--safescale-conditions={condition}",
            f"--safescale-prompts={profile}" if profile else "",
        )
        return f"cd {_quoted(self._repeat['folder'])} && {words}"

    def _where(self, file: str, function: str) -> str:
        """Return the suite, or the file and function of a test; the case is chosen by options."""
        suite = PurePath(file).stem.removeprefix("test_")
        if suite in self._repeat["suites"]:
            return f"--safescale-suite={suite}"
        root = self._repeat["root"].replace("\\", "/")
        path = posixpath.normpath(posixpath.join(root, file))
        return f"{path}::{function}" if function else ""


def _quoted(*words: str) -> str:
    return " ".join(shlex.quote(word) for word in words if word)
