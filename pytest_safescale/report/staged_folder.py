"""A report folder that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.errors import DatasetError
from pytest_safescale.report.folder import REPORT_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["check_apart", "check_folder", "staged_folder"]


def check_apart(read: Path, out: Path) -> None:
    """Raise DatasetError where the folder to write is the one to read, or inside of it."""
    results, report = read.resolve(), out.resolve()
    if results == report or results in report.parents:
        raise DatasetError(
            f"--out: found {out}, inside of the results; allowed: a folder outside of {read}"
        )


def check_folder(out: Path) -> None:
    """Raise DatasetError where a report folder cannot be made there, as far as looking tells."""
    there = next(place for place in (out, *out.absolute().parents) if place.exists())
    if not there.is_dir():
        is_file = "it is a file" if there == out else f"{there} is a file"
        raise DatasetError(f"--out: {out} cannot be written: {is_file}")
    if not os.access(there, os.W_OK):
        raise DatasetError(f"--out: {out} cannot be written: no leave to write in {there}")


@contextmanager
def staged_folder(out: Path, files: Sequence[str] = REPORT_FILES) -> Iterator[Path]:
    """Give a folder whose files replace the report of ``out`` at the end, if nothing failed.

    ``files`` are all that such a report may have: what is not written anew goes.
    Raises DatasetError where ``out`` cannot be written.
    """
    check_folder(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise DatasetError(f"--out: {out} cannot be written: {error.strerror}") from error
    try:
        yield stage
        out.mkdir(exist_ok=True)
        written = {path.name for path in stage.iterdir()}
        for name in files:
            if name not in written:
                (out / name).unlink(missing_ok=True)
        for name in written:
            (stage / name).replace(out / name)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
