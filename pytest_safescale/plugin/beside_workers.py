"""What the process that controls xdist's workers does while they ask: it loads what its end needs.

It asks nothing itself, so nothing waits for it, and no other thread of it parses sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.statistics.special import special

if TYPE_CHECKING:
    import pytest

__all__ = ["load_beside_workers"]

NAME = "safescale-beside-workers"


def load_beside_workers(config: pytest.Config) -> None:
    """Load what judges and reports once the first test is over; every worker has tests by then."""
    if not config.pluginmanager.has_plugin(NAME):
        config.pluginmanager.register(_AfterTheFirstTest(), NAME)


class _AfterTheFirstTest:
    def __init__(self) -> None:
        self._loaded = False

    def pytest_runtest_logreport(self) -> None:
        """Load it once."""
        if self._loaded:
            return
        self._loaded = True
        import pytest_safescale.report.page.run_page
        import pytest_safescale.runs.conclude  # noqa: F401

        special()
