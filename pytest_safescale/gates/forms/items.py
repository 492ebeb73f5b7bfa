"""Forms about every single item: ``no_new`` and ``min_case_consistency``."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_safescale.gates.forms.threshold import RateForm

__all__ = ["ConsistencyForm", "NoNewForm"]


@dataclass(frozen=True, kw_only=True)
class NoNewForm(RateForm):
    """No item may have a finding that it did not have; the rate is that of such items."""

    def told(self, value: float, bound: float | None) -> str:  # noqa: ARG002
        """Return how many items have it newly."""
        return f"new for {self.count} of {self.n} items that the baseline has"


@dataclass(frozen=True, kw_only=True)
class ConsistencyForm(RateForm):
    """A share of cases must be answered alike in a share of their samples."""

    alike: float

    def told(self, value: float, bound: float | None) -> str:  # noqa: ARG002
        """Return how many cases are answered alike."""
        sure = "" if bound is None else f" (lower bound {bound:.4g})"
        return f"at least {self.alike:g} for {self.count} of {self.n} cases{sure}"
