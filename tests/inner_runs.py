"""Runs of pytest that all tests of a module look at: pytester's own are those of one test."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["run_pytest"]


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in the folder: in this process, which has all it needs loaded, where it can.

    With xdist's workers it takes a process of its own. Line ends are given as they were printed.
    """
    words = ("-p", "no:cacheprovider", *arguments)
    if any(word.startswith("-n") for word in words):
        command = [sys.executable, "-m", "pytest", *words]
        utf8 = {**os.environ, "PYTHONUTF8": "1"}
        done = subprocess.run(command, cwd=folder, capture_output=True, env=utf8, check=False)
        told, amiss = done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
        return subprocess.CompletedProcess(words, done.returncode, told, amiss)
    out, err = io.StringIO(), io.StringIO()
    with _in(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = pytest.main(list(words))
    return subprocess.CompletedProcess(words, int(code), out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _in(folder: Path) -> Iterator[None]:
    """Work in the folder, and forget the modules that are loaded from it."""
    path = sys.path.copy()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        try:
            yield
        finally:
            sys.path[:] = path
            for name, module in list(sys.modules.items()):
                file = getattr(module, "__file__", None)
                if file is not None and Path(file).is_relative_to(folder):
                    del sys.modules[name]
