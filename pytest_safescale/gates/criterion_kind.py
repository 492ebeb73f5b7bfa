"""The criteria that a gate can have."""

from __future__ import annotations

from enum import Enum

__all__ = ["CriterionKind"]


class CriterionKind(str, Enum):
    """What a gate demands; the value is the key that is written."""

    MAX = "max"
    MIN = "min"
    MAX_INCREASE = "max_increase"
    MAX_DECREASE = "max_decrease"
    MAX_CHANGE = "max_change"
    MIN_CASE_CONSISTENCY = "min_case_consistency"
    NO_NEW = "no_new"
    MAX_EXCESS_SHARE = "max_excess_share"
    CERTIFIED = "certified"

    @property
    def is_threshold(self) -> bool:
        """Whether the figure itself is held against a number."""
        return self in (CriterionKind.MAX, CriterionKind.MIN)

    @property
    def is_difference(self) -> bool:
        """Whether the figure is held against another one."""
        return self in (
            CriterionKind.MAX_INCREASE,
            CriterionKind.MAX_DECREASE,
            CriterionKind.MAX_CHANGE,
        )
