"""The libraries of the extra ``audit``: all of them are asked for before an audit begins."""

from __future__ import annotations

from importlib.util import find_spec

from pytest_safescale.errors import SettingsError

__all__ = ["LIBRARIES", "check_libraries", "not_installed"]

LIBRARIES = ("datasketch", "py3langid")


def check_libraries() -> None:
    """Raise SettingsError where one is missing: a large corpus is read for minutes before it."""
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise not_installed(*missing)


def not_installed(*names: str) -> SettingsError:
    """Return the error that tells what to install."""
    return SettingsError(
        f'an audit needs {", ".join(names)}: pip install "pytest-safescale[audit]"'
    )
