"""Where the files are that come with the package: the sample data and the suites."""

from __future__ import annotations

from pathlib import Path

__all__ = ["data_folder"]

_PACKAGE = Path(__file__).parent


def data_folder(name: str) -> Path:
    """Return the folder ``fixtures`` or ``suites``: inside an installed wheel, or of a checkout."""
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
