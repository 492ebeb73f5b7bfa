"""The file that a command writes to ``--out``, or to another option."""

from __future__ import annotations

import errno
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["check_place", "writing"]


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise SettingsError, which names the file, where it cannot be written."""
    try:
        yield
    except OSError as error:
        raise SettingsError(f"--out: {path} cannot be written: {error.strerror}") from error


def check_place(path: Path, *, option: str, kind: str, word: str) -> None:
    """Raise SettingsError where writing would replace what is no file of this kind, or cannot be.

    ``kind`` is what stands under the key ``kind`` of such a file, ``word`` what people call it.
    """
    if not path.exists():
        if not path.parent.is_dir():
            missing = os.strerror(errno.ENOENT)
            raise SettingsError(f"{option}: {path} cannot be written: {missing}")
        return
    try:
        there = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        there = None
    if not isinstance(there, dict) or there.get("kind") != kind:
        raise SettingsError(
            f"{option}: {path} is there and is no {word}; allowed: a new file, or one to replace"
        )
