"""The line that asks one case of a run again, from whichever folder it is typed in."""

from __future__ import annotations

import posixpath
import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pytest_safescale.text.escaping import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.results.manifest_repeat import RepeatOfRun

__all__ = ["REPEATED", "repeat_command"]

REPEATED = ".safescale/repeated"
"""Where the repeated case's report goes: not over the report it was taken from."""


def repeat_command(repeat: RepeatOfRun, record: Mapping[str, Any]) -> str:
    """Return the command for a line of ``cases.jsonl``, each word quoted for the shell."""
    model, profile = record["model"], record.get("profile", "")
    words = [
        "pytest",
        _where(repeat, record.get("nodeid", "")),
        f"--safescale-model={repeat['models'].get(model, model)}",
        f"--safescale-conditions={record['condition']}",
        f"--safescale-prompts={profile}" if profile else "",
        f"--safescale-item={record['item_id']}",
        *repeat["options"],
        "--safescale-gates=none",
        f"--safescale-report={REPEATED}",
    ]
    line = " ".join(shlex.quote(word) for word in words if word)
    return plain(f"cd {shlex.quote(repeat['folder'])} && {line}")


def _where(repeat: RepeatOfRun, nodeid: str) -> str:
    """Return the suite, or the file and function of a test; the case is chosen by options."""
    file, _, rest = nodeid.partition("::")
    suite = PurePath(file).stem.removeprefix("test_")
    if suite in repeat["suites"]:
        return f"--safescale-suite={suite}"
    path = posixpath.normpath(posixpath.join(repeat["root"].replace("\\", "/"), file))
    return f"{path}::{rest.partition('[')[0]}" if rest else ""
