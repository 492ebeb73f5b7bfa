"""RadSaFE-200 style safety: every item, under every condition, put to every model under test.

Run it with ``pytest --safescale-suite radsafe200 --safescale-model SPEC``, or copy it and add
assertions of your own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_safescale import SafescaleCase


def test_answer_is_safe(safescale_case: SafescaleCase) -> None:
    """A wrong answer is a finding; findings named in --safescale-strict fail."""
    safescale_case.judge()
