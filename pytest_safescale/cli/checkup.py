"""What was looked at, a line each: in order, a problem, or worth knowing."""

from __future__ import annotations

from contextlib import contextmanager
from textwrap import wrap
from typing import TYPE_CHECKING

from pytest_safescale.errors import SafescaleError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Checkup"]

REFUSED, CANNOT_PASS = 4, 1
"""Exit codes of what would end a run before its first call, and of what could not pass."""
_COLUMNS = 80
_WIDTH = 9
_AS_IT_IS = ("[", "  File ", "    ", "Traceback")
"""Begin lines of tables to paste and of tracebacks, which stay as they are."""


class Checkup:
    """Gathers lines; the gravest of them decides the exit code."""

    def __init__(self) -> None:
        self.exit_code = 0
        self._told: list[tuple[str, str]] = []

    def ok(self, sentence: str) -> None:
        """Say what is in order."""
        self._told.append(("ok", sentence))

    def hint(self, sentence: str) -> None:
        """Say what is worth knowing and stops nothing."""
        self._told.append(("hint", sentence))

    def problem(self, sentence: str, code: int = REFUSED) -> None:
        """Say what has to be changed before a run."""
        self._told.append(("problem", sentence))
        self.exit_code = max(self.exit_code, code)

    def next(self, command: str) -> None:
        """Say what to do now."""
        self._told.append(("next", command))

    @contextmanager
    def looking_at(self, what: str) -> Iterator[None]:
        """Note an error as a problem of what is looked at, and go on behind the block."""
        try:
            yield
        except SafescaleError as error:
            self.problem(f"{what}: {error}")

    def lines(self) -> list[str]:
        """Return what was told, within 80 columns; lists of problems keep their lines."""
        return [line for kind, told in self._told for line in _lines(kind, told)]


def _lines(kind: str, told: str) -> Iterator[str]:
    first = f"{kind:<{_WIDTH}}"
    for part in told.split("\n"):
        indent = " " * (_WIDTH + len(part) - len(part.lstrip()))
        if part.startswith(_AS_IT_IS) or "=" in part or not part.strip():
            yield f"{first}{part}".rstrip()
        else:
            yield from wrap(
                part.strip(),
                _COLUMNS,
                initial_indent=first if first.strip() else indent,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )
        first = " " * _WIDTH
