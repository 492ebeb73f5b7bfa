"""The directory of reports, made once, and copies of it that a test may change."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.view.folders import make_directory

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory, which no test changes."""
    return make_directory(tmp_path_factory.mktemp("view")).resolve()


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    """Return a copy of it."""
    return shutil.copytree(made, tmp_path / "copied").resolve()
