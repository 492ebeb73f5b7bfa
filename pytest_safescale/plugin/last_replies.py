"""What a process loads while the last replies of its run are on their way.

Their requests are out by then: loading delays none, and the end of the run does not wait for it.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from pytest_safescale.statistics.special import special

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_safescale.models.model import ModelInfo
    from pytest_safescale.settings.schema import Settings

__all__ = ["LastReplies"]

BY_HTTP = "openai"
"""The provider of models that run no code in the engine's thread but ours."""


class LastReplies:
    """Loads what intervals need, once: a library, since pytest would parse what is ours."""

    def __init__(self, settings: Settings, asked: Iterable[ModelInfo]) -> None:
        """``asked`` is every model of the run.

        Nothing is loaded where the engine's thread may parse sources, as users' code and hypothesis
        do, nor where each case asks for samples once it has its single answer. The last turns of
        an agent may wait, once, for as long as the end of the run would have to.
        """
        self._in_flight = settings.concurrency
        self._wanted = (
            settings.samples == 0
            and not settings.wants_robustness
            and all(info.provider == BY_HTTP for info in asked)
        )

    def wait_for(self, cases: int) -> None:
        """Load it where no more cases are left than can be in flight at once."""
        if self._wanted and cases <= self._in_flight:
            self._wanted = False
            with warnings.catch_warnings():
                # Where warnings are errors, what a library warns of is no failure of this test.
                warnings.simplefilter("default")
                special()
