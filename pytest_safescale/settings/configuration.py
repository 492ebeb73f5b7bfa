"""The file that configures runs: found from a folder upwards, read, its paths made absolute."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import SettingsError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "CONFIG_FILE",
    "Configuration",
    "absolute_paths",
    "find_configuration",
    "parse_toml",
    "read_toml",
    "readable_configurations",
]

CONFIG_FILE = "safescale.toml"
SHARED_FILE = "pyproject.toml"
_PATHS = (
    *("dataset", "corpus", "corpus_repair", "store", "gates", "baseline", "anchor"),
    *("report", "figures"),
    *("lock", "ledger"),
)
"""Keys whose value may be a path."""
_PATHS_IN_TABLES = {"gates": "certified"}
"""Keys that hold a list of tables, and the key of each table whose value is a path."""
_WORDS = {"dataset": ("sample",), "gates": ("default", "none")}
"""Values of these keys that name no file."""
_HUB = "hf:"


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What a project says of its runs, before the command line has its say."""

    path: Path | None
    """The file it stands in; ``None`` where there is none."""
    folder: Path
    """Where the file is, else where the command was started: models are imported from there."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The keys of ``safescale.toml`` or ``[tool.safescale]``, not yet checked; paths absolute."""


def find_configuration(start: Path, *more: Path) -> Configuration:
    """Return the configuration at or above the folder a command was started in.

    Of folders one above the other the nearest counts. ``more`` are other folders a configuration
    may be meant to hold for, such as those of the tests. Raises SettingsError where two files
    configure the run, and for a file that cannot be read.
    """
    nearest = (_nearest(place.resolve()) for place in (start, *more))
    found = list(dict.fromkeys(path for path in nearest if path is not None))
    if len(found) > 1:
        raise SettingsError(
            f"two configurations: found {' and '.join(map(str, found))}; allowed: one; start "
            "pytest in the folder of the one that is meant, with its tests and --rootdir=."
        )
    if not found:
        return Configuration(path=None, folder=start)
    (path,) = found
    return Configuration(
        path=path, folder=path.parent, values=absolute_paths(_values(path), path.parent)
    )


def readable_configurations(*places: Path) -> Iterator[Mapping[str, Any]]:
    """Give the keys of every configuration that may be meant; never raises.

    One that cannot be read concerns nobody before it is used.
    """
    for place in places:
        with suppress(SettingsError):
            for path in _held(place.resolve()):
                yield absolute_paths(_values(path), path.parent)


def _nearest(start: Path) -> Path | None:
    held = _held(start)
    if len(held) > 1:
        raise SettingsError(
            f"two configurations: found {held[0]} and [tool.safescale] in {held[1]}; "
            "allowed: one of them"
        )
    return held[0] if held else None


def _held(start: Path) -> list[Path]:
    """Return the files that configure runs in the nearest folder that has one."""
    for folder in (start, *start.parents):
        held = [path for path in (folder / CONFIG_FILE, folder / SHARED_FILE) if _configures(path)]
        if held:
            return held
    return []


def _configures(path: Path) -> bool:
    """Say whether a file is there and configures runs; a pyproject.toml may be of others alone."""
    if path.name == CONFIG_FILE or not path.is_file():
        return path.is_file()
    tools = read_toml(path, "configuration file").get("tool")
    return isinstance(tools, dict) and "safescale" in tools


def _values(path: Path) -> Mapping[str, Any]:
    content = read_toml(path, "configuration file")
    if path.name == SHARED_FILE:
        table = content["tool"]["safescale"]
        if not isinstance(table, dict):
            raise SettingsError(f"tool.safescale in {path} is {table!r}; allowed: a table")
        return table
    tools = content.get("tool")
    if isinstance(tools, dict) and "safescale" in tools:
        raise SettingsError(
            f"{path}: found tables [tool.safescale...]; allowed: their names without "
            "tool.safescale, such as [models.NAME]"
        )
    return content


def absolute_paths(values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return options or keys with relative paths taken from the folder they were written for."""
    found = {
        name: _absolute(value, folder) if _is_path(name, value) else value
        for name, value in values.items()
    }
    for name, key in _PATHS_IN_TABLES.items():
        if isinstance(tables := found.get(name), list):
            found[name] = [_with_path(table, key, folder) for table in tables]
    return found


def _absolute(path: str, folder: Path) -> str:
    return str(folder / _at_home(Path(path)))


def _with_path(table: object, key: str, folder: Path) -> object:
    """Return a table whose key, where it holds a text, is an absolute path; others as they are."""
    if not isinstance(table, dict) or not isinstance(path := table.get(key), str) or not path:
        return table
    return {**table, key: _absolute(path, folder)}


def _at_home(path: Path) -> Path:
    """Return a path with its ``~`` as the home it stands for; one that is nobody's stays."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _is_path(name: str, value: object) -> bool:
    if name not in _PATHS or not isinstance(value, str) or value in _WORDS.get(name, ()):
        return False
    return not (name == "dataset" and value.startswith(_HUB))


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Return a TOML file's content, or say in one sentence why it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{what} {path} cannot be read: {error.strerror or error}") from error
    return parse_toml(content, f"{what} {path}")


def parse_toml(content: bytes, named: str) -> dict[str, Any]:
    """Return what a TOML file holds; raises SettingsError, which calls it as it is ``named``."""
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{named} is not TOML: {error}") from error
