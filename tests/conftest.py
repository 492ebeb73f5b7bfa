"""Hypothesis on machines that others use too: a slow moment is no failure."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")
