"""Regular expressions that are compiled when they are first wanted.

Hundreds of them read replies and evidence. Compiled when their modules load they would take a third
of the start of a run, and most runs want a part of them.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Pattern"]


class Pattern:
    """A regular expression; its methods are those of `re.Pattern`, and raise what they raise."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern = pattern
        self._flags = flags

    def __repr__(self) -> str:
        return f"Pattern({self.pattern!r}, {self._flags:d})"

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The compiled expression; raises `re.error` where it is none."""
        return re.compile(self.pattern, self._flags)

    @cached_property
    def search(self) -> Callable[..., re.Match[str] | None]:
        """Find the first place where it matches."""
        return self.compiled.search

    @cached_property
    def match(self) -> Callable[..., re.Match[str] | None]:
        """Match at the beginning, or at the place that is given."""
        return self.compiled.match

    @cached_property
    def fullmatch(self) -> Callable[..., re.Match[str] | None]:
        """Match the whole."""
        return self.compiled.fullmatch

    @cached_property
    def finditer(self) -> Callable[..., Iterator[re.Match[str]]]:
        """Give every place where it matches."""
        return self.compiled.finditer

    @cached_property
    def findall(self) -> Callable[..., list[str]]:
        """Return every text that it matches; it has one group at most."""
        return self.compiled.findall

    @cached_property
    def split(self) -> Callable[..., list[str]]:
        """Cut a text where it matches."""
        return self.compiled.split

    @cached_property
    def sub(self) -> Callable[..., str]:
        """Replace what it matches."""
        return self.compiled.sub
