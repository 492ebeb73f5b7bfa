"""Options in pytest's own configuration files: which there are, read without pytest."""

from __future__ import annotations

import shlex
from configparser import ConfigParser
from configparser import Error as NoIni
from typing import TYPE_CHECKING, Any

from pytest_safescale.settings.configuration import read_toml

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PYTEST_FILES", "addopts_in", "addopts_near"]

_INI = {
    "pytest.ini": "pytest",
    ".pytest.ini": "pytest",
    "tox.ini": "pytest",
    "setup.cfg": "tool:pytest",
}
"""Pytest's files and their sections."""
_TOML = ("pytest.toml", ".pytest.toml", "pyproject.toml")
PYTEST_FILES = (*_INI, *_TOML)
"""Files in which ``addopts`` may stand."""


def addopts_near(start: Path) -> list[str]:
    """Return the words of ``addopts`` in the nearest file at or above a folder that has some."""
    for folder in (start, *start.parents):
        for name in PYTEST_FILES:
            if words := addopts_in(folder / name):
                return words
    return []


def addopts_in(path: Path) -> list[str]:
    """Return the words of ``addopts`` in one of pytest's files; none where there is none.

    Raises SettingsError for a TOML file that cannot be read.
    """
    if not path.is_file():
        return []
    if path.name in _TOML:
        content: Any = read_toml(path, "configuration file")
        table = content.get("pytest") or (content.get("tool") or {}).get("pytest") or {}
        found = [table.get("addopts"), (table.get("ini_options") or {}).get("addopts")]
        return [word for given in found for word in _words(given)]
    ini = ConfigParser(interpolation=None)
    try:
        ini.read(path, encoding="utf-8")
    except NoIni:
        return []
    return _words(ini.get(_INI[path.name], "addopts", fallback=""))


def _words(given: object) -> list[str]:
    if isinstance(given, list):
        return list(map(str, given))
    try:
        return shlex.split(str(given or ""))
    except ValueError:  # a quotation without its end: pytest says so itself
        return str(given).split()
