"""Whether anything more may be sent: no refusal, no failure of the store, no end, budget left."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_safescale.errors import BudgetSpent, EndpointRefused, GatesDecided

if TYPE_CHECKING:
    from pytest_safescale.calls.async_store import Keeper
    from pytest_safescale.calls.limits import CallLimits
    from pytest_safescale.calls.store import Store
    from pytest_safescale.calls.stored_replies import Spent

__all__ = ["Leave"]


class Leave:
    """The leave of one process to send requests."""

    def __init__(self, store: Store, keeper: Keeper, limits: CallLimits) -> None:
        self._store, self._keeper, self._limits = store, keeper, limits
        self.refused: EndpointRefused | None = None
        """Why no call can succeed any more, once an endpoint has said so."""

    async def take(self, made: Spent) -> None:
        """Raise what forbids to send anything more; count what is to be sent within a budget.

        Raises EndpointRefused, StoreError, GatesDecided or BudgetSpent.
        """
        if self.refused is not None:
            raise self.refused
        self._keeper.require_store()
        if self._limits.heed_halt:
            reason = await self._keeper.patiently(self._store.halted)
            if reason is not None:
                raise GatesDecided(reason)
        await self._check_budget(made)

    async def _check_budget(self, made: Spent) -> None:
        """Take a call from the budget shared by all processes; raises BudgetSpent."""
        limits = self._limits
        if not limits.has_budget:
            return
        allowed = await self._keeper.patiently(
            lambda: self._store.spending.spend(
                made, max_calls=limits.max_calls, max_cost=limits.max_cost
            )
        )
        if not allowed:
            calls = f"{limits.max_calls} calls" if limits.max_calls else ""
            cost = f"a cost of {limits.max_cost:g}" if limits.max_cost else ""
            limit = " or ".join(filter(None, (calls, cost)))
            raise BudgetSpent(f"the run may go no further than {limit}")

    async def money_left(self) -> tuple[float, float]:
        """Return what may still be spent beside what is under way, and what that may cost.

        Without a limit of money the first is infinite.
        """
        if self._limits.max_cost is None:
            return math.inf, 0.0
        spent = await self._keeper.patiently(self._store.spending.spent)
        held = await self._keeper.patiently(self._store.batches.money_at_most)
        return self._limits.max_cost - spent.money - held, held
