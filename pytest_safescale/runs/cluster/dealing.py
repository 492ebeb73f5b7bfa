"""One endpoint's limits, dealt out to the shards: together they keep what one run would keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_safescale.calls.stored_replies import Spent
    from pytest_safescale.settings.schema import Settings

__all__ = ["Dealer"]


class Dealer:
    """Deals a run's limits out to its shards, as options of each.

    Requests in flight and limits a minute are divided among the shards that run at once. A budget
    of calls or money is divided among all shards alike, since they have as many items, give or take
    one; what an ended shard has left over is dealt to those that begin after it.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        shards: int,
        at_once: int,
        own: Callable[[int], bool] = lambda _: False,
    ) -> None:
        """``own`` says which shard asks a server of its own, with all limits to itself.

        Raises SettingsError for a budget that leaves a shard without a call.
        """
        if settings.max_calls is not None and settings.max_calls < shards:
            raise SettingsError(
                f"--safescale-max-calls: found {settings.max_calls}; allowed: at least {shards}, "
                "one for each shard"
            )
        self._own = own
        sharing = not all(map(own, range(1, shards + 1)))
        self.at_once = min(at_once, shards, settings.concurrency if sharing else shards)
        """Shards that may run at once: each needs a request in flight."""
        self._settings = settings
        self._undealt = shards
        self._calls, self._money = settings.max_calls, settings.max_cost
        self._dealt: dict[int, tuple[int | None, float | None]] = {}
        self._slots: dict[int, int] = {}

    def begin(self, number: int) -> list[str]:
        """Return the options of a shard that begins; tried again it keeps what it was dealt."""
        if number not in self._dealt:
            self._dealt[number] = self._budget()
        calls, money = self._dealt[number]
        return [
            *self._pace(number),
            *([f"--safescale-max-calls={calls}"] if calls is not None else []),
            *([f"--safescale-max-cost={money!r}"] if money is not None else []),
        ]

    def _pace(self, number: int) -> list[str]:
        """Return how fast a shard may ask, by the place that it takes among those that run."""
        if self._own(number):
            return []
        slot = next(one for one in range(self.at_once) if one not in self._slots.values())
        self._slots[number] = slot
        whole, left = divmod(self._settings.concurrency, self.at_once)
        return [
            f"--safescale-concurrency={whole + (slot < left)}",
            f"--safescale-rate-share={self._settings.rate_share / self.at_once!r}",
        ]

    def _budget(self) -> tuple[int | None, float | None]:
        calls = None if self._calls is None else self._calls // self._undealt
        money = None if self._money is None else self._money / self._undealt
        self._undealt -= 1
        if self._calls is not None and calls is not None:
            self._calls -= calls
        if self._money is not None and money is not None:
            self._money -= money
        return calls, money

    def leave(self, number: int) -> None:
        """Give back the place of a shard that runs no more."""
        self._slots.pop(number, None)

    def end(self, number: int, spent: Spent) -> None:
        """Deal on what a shard has not spent; it has ended for good."""
        self.leave(number)
        calls, money = self._dealt[number]
        if self._calls is not None and calls is not None:
            self._calls += max(0, calls - spent.calls)
        if self._money is not None and money is not None:
            self._money += max(0.0, money - spent.money)
