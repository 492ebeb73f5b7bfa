"""Marks the root of the tests, and tells the slow ones apart; ``--slow`` runs them too.

The plugin itself comes in by its entry point, as for every user.
"""

from __future__ import annotations

from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one option behind which the whole stands."""
    parser.addoption("--slow", action="store_true", help="run the tests marked as slow too")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the slow tests out, unless they are asked for: all of them, or a test by its id."""
    for item in items:
        if _starts_workers(item):
            item.add_marker(pytest.mark.slow)
    if config.getoption("slow", False) or any("::" in argument for argument in config.args):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if not item.get_closest_marker("slow")]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a file in one worker: most of their time is in what they share."""
    from xdist.scheduler import LoadFileScheduling

    return LoadFileScheduling(config, log) if config.getoption("dist") == "load" else None


def _starts_workers(item: pytest.Item) -> bool:
    """Return whether one of a test's parameters makes its runs start workers: three processes."""
    callspec = getattr(item, "callspec", None)
    return callspec is not None and any(
        str(part).startswith(("-n1", "-n2", "-n3"))
        for value in callspec.params.values()
        for part in (value if isinstance(value, tuple) else (value,))
    )
