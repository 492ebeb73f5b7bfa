"""Running a suite that came with the package: ``--safescale-suite NAME``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.errors import SettingsError
from pytest_safescale.packaged import data_folder
from pytest_safescale.plugin.internals import called_with_paths, collect_from
from pytest_safescale.plugin.registration import register

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

__all__ = ["beside_paths", "select"]


class SuiteFilter:
    """Leaves out of the suites' folder what was not asked for.

    The folder is handed to pytest rather than the files, so that test ids begin with the file's
    name wherever the package is installed.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder = folder
        self._files = {f"test_{name}.py" for name in names}

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Ignore the suites that were not named; say nothing about any other file."""
        if collection_path.parent != self._folder or collection_path.suffix != ".py":
            return None
        return collection_path.name not in self._files


def beside_paths(config: pytest.Config, names: Sequence[str]) -> list[str]:
    """Say that suites run beside the tests that are given by path, where both are."""
    if not names or not called_with_paths(config):
        return []
    return [
        f"safescale: {', '.join(names)} (--safescale-suite) runs beside the tests given by path; "
        "a case that both ask is asked and counted once"
    ]


def select(config: pytest.Config, names: Sequence[str]) -> None:
    """Collect the named suites: alone, or beside the paths the user gave."""
    if not names:
        return
    folder = data_folder("suites").resolve()
    known = sorted(path.stem.removeprefix("test_") for path in folder.glob("test_*.py"))
    for name in names:
        if name not in known:
            raise SettingsError(f"--safescale-suite: found {name!r}; allowed: {', '.join(known)}")
    register(config, SuiteFilter(folder, names), "safescale-suites")
    collect_from(config, folder)
