"""What a command has to say."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Output"]


class Output(NamedTuple):
    """Lines for the terminal, and the exit code."""

    lines: list[str]
    exit_code: int = 0
    beside: list[str] | None = None
    """Lines for stderr, where stdout is for another program."""
