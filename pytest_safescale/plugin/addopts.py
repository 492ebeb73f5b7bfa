"""Options of ours in pytest's own configuration, which pytest may have lost sight of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.errors import SettingsError
from pytest_safescale.plugin.internals import places_of_tests
from pytest_safescale.plugin.options import FLAG
from pytest_safescale.settings.addopts import PYTEST_FILES, addopts_in

if TYPE_CHECKING:
    import pytest

__all__ = ["require_addopts"]


def require_addopts(config: pytest.Config) -> None:
    """Raise SettingsError where pytest does not read options of ours beside the folder of the call.

    Pytest takes the value of an option, where it is a path that exists and stands after a space,
    for a place of tests, and may then find other files of its own, or none.
    """
    start = config.invocation_params.dir
    tests = places_of_tests(config)
    elsewhere = any(start not in (path, *path.parents) for path in tests if path.exists())
    if elsewhere or config.getoption("--config-file", None):
        return
    for folder in (start, *start.parents):
        for path in (folder / name for name in PYTEST_FILES):
            if path == config.inipath:
                return
            if any(FLAG in word for word in addopts_in(path)):
                raise SettingsError(
                    f"found options in addopts of {path}, which pytest does not read: it takes the "
                    "value of an option for a place of tests; allowed: an equals sign before it, "
                    "such as --safescale-report=DIR"
                )
