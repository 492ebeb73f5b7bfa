"""How far a long command is, on stderr: stdout is for what it has to say."""

from __future__ import annotations

import sys

from pytest_safescale.cli.closed_pipe import until_closed
from pytest_safescale.text.escaping import terminal_line

__all__ = ["tell"]


def tell(line: str) -> None:
    """Write one line at once."""
    with until_closed(sys.stderr):
        sys.stderr.write(f"{terminal_line(line)}\n")
        sys.stderr.flush()
