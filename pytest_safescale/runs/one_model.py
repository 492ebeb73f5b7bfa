"""One model that is asked outside of a run, from the same store and within the same limits."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pytest_safescale.calls.answered_request import joined
from pytest_safescale.calls.caller import Caller
from pytest_safescale.calls.rate_limits import endpoint_of
from pytest_safescale.calls.store import Store
from pytest_safescale.runs.call_limits import call_limits
from pytest_safescale.runs.manifest import tokens_spent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from pytest_safescale.calls.answered_request import Answered
    from pytest_safescale.models.model import Model
    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.settings.schema import Settings

    Effort = Callable[[Iterable[Answered]], Manifest]
    """What was taken so far, under the keys of a run's manifest, given what was answered."""

__all__ = ["asking"]


@asynccontextmanager
async def asking(
    model: Model, settings: Settings, run_id: str
) -> AsyncIterator[tuple[Caller, Effort]]:
    """Give a caller of the model and a count of what it took; both end with the block.

    Stored replies count as the settings say of their age. Raises StoreError.
    """
    store = Store(
        settings.store,
        run=run_id,
        read_only=settings.replay,
        not_before=settings.stored_before_which(time.time()),
    )
    model.facts.update(store.facts(endpoint_of(model)))
    caller = Caller(store, call_limits(settings, in_flight=settings.concurrency))
    try:
        yield caller, lambda answered: _effort(store, answered)
    finally:
        await model.aclose()
        caller.keeper.close()


def _effort(store: Store, answered: Iterable[Answered]) -> Manifest:
    spent = store.spending.spent()
    return {
        "calls": {
            "made": spent.calls,
            "retries": spent.retries,
            "replies_made": store.stored_by_this_run(),
            # Two that are told alike are asked in one call.
            "replies_from_store": sum(sum(one.from_store.values()) for one in joined(answered)),
        },
        "tokens": {"this_run": tokens_spent(spent)},
        "cost": {"this_run": spent.money},
    }
