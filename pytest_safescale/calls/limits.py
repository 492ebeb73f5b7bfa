"""How the calls of a process may be made."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CallLimits"]


@dataclass(frozen=True, kw_only=True)
class CallLimits:
    """How calls may be made."""

    in_flight: int = 32
    """Requests under way at once in this process."""
    workers: int = 1
    """Processes that share what a model may be called at once."""
    max_attempts: int = 6
    retry_seconds: float = 300.0
    first_wait_s: float = 0.5
    """Scale of the jittered, exponentially growing wait before a retry."""
    max_calls: int | None = None
    max_cost: float | None = None
    rate_share: float = 1.0
    """Which part of the endpoints' limits a minute is this run's."""
    replay: bool = False
    """Answer from the store alone."""
    heed_halt: bool = False
    """Whether the run may be told to ask nothing more."""
    batch: bool = False
    """Whether requests go by batch, of the models whose requests can."""

    @property
    def has_budget(self) -> bool:
        """Whether calls or money are limited."""
        return self.max_calls is not None or self.max_cost is not None
