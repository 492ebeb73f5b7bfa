"""A run that another process has started ends with that process, however that one ends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_safescale.errors import Interrupted
from pytest_safescale.plugin.internals import is_worker
from pytest_safescale.plugin.options import STARTED_BY

if TYPE_CHECKING:
    import pytest

__all__ = ["end_with_its_starter", "is_started"]


def is_started(config: pytest.Config) -> bool:
    """Say whether another process has started this run, and joins its report with others."""
    return config.getoption(STARTED_BY, None) is not None


def end_with_its_starter(config: pytest.Config) -> Interrupted | None:
    """Return the end of the run where the process that has started it is there no more.

    A process whose parent has ended has another one. Workers of xdist end with their controller.
    """
    starter = config.getoption(STARTED_BY, None)
    if starter is None or is_worker(config) or os.getppid() == starter:
        return None
    return Interrupted("the process that started this shard has ended")
