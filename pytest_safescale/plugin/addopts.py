"""Options of ours in pytest's own configuration, which pytest may have lost sight of."""

from __future__ import annotations

from configparser import ConfigParser
from configparser import Error as NoIni
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import SettingsError
from pytest_safescale.plugin.internals import places_of_tests
from pytest_safescale.plugin.options import FLAG
from pytest_safescale.settings.configuration import read_toml

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

__all__ = ["require_addopts"]

_INI = {
    "pytest.ini": "pytest",
    ".pytest.ini": "pytest",
    "tox.ini": "pytest",
    "setup.cfg": "tool:pytest",
}
"""Pytest's files and their sections."""
_TOML = ("pytest.toml", ".pytest.toml", "pyproject.toml")


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
        for path in (folder / name for name in (*_INI, *_TOML)):
            if path == config.inipath:
                return
            if FLAG in _addopts(path):
                raise SettingsError(
                    f"found options in addopts of {path}, which pytest does not read: it takes the "
                    "value of an option for a place of tests; allowed: an equals sign before it, "
                    "such as --safescale-report=DIR"
                )


def _addopts(path: Path) -> str:
    if not path.is_file():
        return ""
    if path.name in _TOML:
        content: Any = read_toml(path, "configuration file")
        table = content.get("pytest") or (content.get("tool") or {}).get("pytest") or {}
        return str([table.get("addopts"), (table.get("ini_options") or {}).get("addopts")])
    ini = ConfigParser(interpolation=None)
    try:
        ini.read(path, encoding="utf-8")
    except NoIni:
        return ""
    return ini.get(_INI[path.name], "addopts", fallback="")
