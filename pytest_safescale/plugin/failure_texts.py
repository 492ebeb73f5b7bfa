"""What pytest shows of a test that used a case: the test may repeat words from outside in it.

A reply in an assertion, or in the reason of a skip, is the model's word for word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.plugin.internals import change_texts
from pytest_safescale.text.escaping import terminal_line, terminal_text

if TYPE_CHECKING:
    import pytest

__all__ = ["make_harmless"]


def make_harmless(report: pytest.TestReport) -> None:
    """Make the failure or the reason that a report tells of text and nothing else."""
    change_texts(report, terminal_text, _on_one_line)


def _on_one_line(reason: str) -> str:
    return terminal_line(" ".join(reason.splitlines()))
