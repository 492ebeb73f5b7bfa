"""Here pages are looked at, with their drawings."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _drawings_where_they_are_looked_at(drawings: None) -> None:
    """Draw in every test."""
