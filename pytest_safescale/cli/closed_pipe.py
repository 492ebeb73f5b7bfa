"""A reader that has enough, as ``head`` has, ends no command with a traceback."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

__all__ = ["until_closed"]


@contextmanager
def until_closed(stream: TextIO) -> Iterator[None]:
    """Write to a stream as long as somebody reads it; what comes later goes nowhere."""
    try:
        yield
    except BrokenPipeError:  # nor is what is left in the buffer flushed to it at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
