"""Pytester for every test of this project; the plugin itself comes in by its entry point."""

from __future__ import annotations

pytest_plugins = ["pytester"]
