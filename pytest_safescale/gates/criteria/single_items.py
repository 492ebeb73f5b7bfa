"""Criteria about every single item: ``no_new`` and ``min_case_consistency``."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_safescale.gates.criteria.threshold import RateCriterion

__all__ = ["ConsistencyCriterion", "NoNewCriterion"]


@dataclass(frozen=True, kw_only=True)
class NoNewCriterion(RateCriterion):
    """No item may have a finding that it did not have; the rate is that of such items."""

    other: str
    """The earlier run, in words."""
    unconfirmed: int = 0
    """Items with a new finding that repeats do not confirm; they do not count."""

    def sentence(self, value: float, bound: float | None) -> str:  # noqa: ARG002
        """Return how many items have it newly."""
        gone = f" ({self.unconfirmed} more not confirmed by repeats)" if self.unconfirmed else ""
        return f"new for {self.count} of {self.n} items that {self.other} has{gone}"

    def value_text(self, value: float) -> str:  # noqa: ARG002
        """Return how many items have it newly, alone."""
        return f"new for {self.count}"


@dataclass(frozen=True, kw_only=True)
class ConsistencyCriterion(RateCriterion):
    """A share of cases must be answered alike in a share of their samples."""

    alike: float

    def sentence(self, value: float, bound: float | None) -> str:  # noqa: ARG002
        """Return how many cases are answered alike."""
        sure = "" if bound is None else f" ({self.bound_text(bound)})"
        return f"at least {self.alike:g} for {self.count} of {self.n} cases{sure}"

    def value_text(self, value: float) -> str:  # noqa: ARG002
        """Return how many cases are answered alike, alone."""
        return f"{self.count} of {self.n}"
