"""The file that a command writes to ``--out``."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["writing"]


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise SettingsError, which names the file, where it cannot be written."""
    try:
        yield
    except OSError as error:
        raise SettingsError(f"--out: {path} cannot be written: {error.strerror}") from error
