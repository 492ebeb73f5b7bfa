"""What a long command tells as it goes: how far it is on stderr, what it has to say on stdout."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pytest_safescale.cli.closed_pipe import until_closed
from pytest_safescale.text.escaping import terminal_line

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["tell"]


def tell(line: str, where: TextIO | None = None) -> None:
    """Write one line at once, on stderr unless told otherwise."""
    stream = where or sys.stderr
    with until_closed(stream):
        stream.write(f"{terminal_line(line)}\n")
        stream.flush()
