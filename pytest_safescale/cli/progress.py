"""How far a long command is, on stderr: stdout is for what it has to say."""

from __future__ import annotations

import sys

from pytest_safescale.text.escaping import terminal_line

__all__ = ["tell"]


def tell(line: str) -> None:
    """Write one line at once."""
    sys.stderr.write(f"{terminal_line(line)}\n")
    sys.stderr.flush()
