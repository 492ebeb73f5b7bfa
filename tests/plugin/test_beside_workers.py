"""The process that controls workers loads what its end needs while they ask."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_safescale.plugin import beside_workers
from pytest_safescale.plugin.beside_workers import load_beside_workers


def test_it_is_loaded_once_after_the_first_test_however_many_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loads: list[str] = []
    monkeypatch.setattr(beside_workers, "special", lambda: loads.append("special"))
    manager = pytest.PytestPluginManager()
    config: Any = SimpleNamespace(pluginmanager=manager)
    load_beside_workers(config)
    load_beside_workers(config)
    assert loads == []
    for _ in range(3):
        manager.hook.pytest_runtest_logreport(report=None)
    assert loads == ["special"]
