"""A store of each test's own; tests that want another one say so themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_safescale.calls.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return a new store, which is closed after the test."""
    opened = Store(tmp_path / "store.sqlite")
    yield opened
    opened.close()
