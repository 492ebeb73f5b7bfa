"""The ledger: one file, appended to alone, with a line for each attempt begun and finished."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from typing_extensions import NotRequired, TypedDict

from pytest_safescale.errors import DatasetError
from pytest_safescale.results.checked import checked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_safescale.results.manifest_attempts import AttemptRow, LedgerOfRun

__all__ = ["BEGUN", "FINISHED", "Ledger", "LedgerLine", "packed_line", "read_ledger"]

BEGUN: Final = "begun"
FINISHED: Final = "finished"


class GateOutcome(TypedDict):
    """What a gate said at the end of an attempt."""

    gate: str
    """Its id."""
    outcome: str
    """A value of ``Decision``."""


class LedgerLine(TypedDict):
    """A line: an attempt was begun, or came to its end."""

    event: str
    """BEGUN or FINISHED."""
    run_id: str
    time: str
    """In ISO 8601, UTC."""
    lock: str
    """The SHA-256 of its lock."""
    items_sha256: str
    """Of the list of items that the lock fixes."""
    models: dict[str, str]
    """The fingerprint of each model under test, by its name."""
    cases: int
    """How many are to be asked."""
    sealed: NotRequired[int]
    """How many sealed items it opens; 0, or no key, for none."""
    asked: NotRequired[int]
    """Of an attempt that is finished: how many were."""
    gates: NotRequired[list[GateOutcome]]
    """Of an attempt that is finished, as ``verdict``."""
    verdict: NotRequired[str]
    """The run verdict, in one line."""


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The lines of a ledger, in their order."""

    path: str
    lines: Sequence[LedgerLine] = ()
    unreadable: Sequence[str] = ()
    """The lines that cannot be read, each named and with the reason."""

    def begun(self, lock: str) -> list[LedgerLine]:
        """Return the line with which each attempt under a lock began."""
        return [line for line in self.lines if line["event"] == BEGUN and line["lock"] == lock]

    def attempts(self, lock: str) -> int:
        """Return how many attempts count under a lock.

        A line that cannot be read may have been one of them, and counts.
        """
        return len(self.begun(lock)) + len(self.unreadable)

    def opened(self, lock: str) -> LedgerLine | None:
        """Return the attempt that opened the sealed items under a lock; ``None`` for none."""
        return next((line for line in self.begun(lock) if line.get("sealed")), None)

    def part_of_manifest(self, begun: LedgerLine) -> LedgerOfRun:
        """Return the place of an attempt that begins after these lines."""
        others = [
            line
            for line in self.lines
            if line["lock"] != begun["lock"] and line["items_sha256"] == begun["items_sha256"]
        ]
        return {
            "path": self.path,
            "attempt": self.attempts(begun["lock"]) + 1,
            "earlier": [
                self._row(number, line)
                for number, line in enumerate(self.begun(begun["lock"]), start=1)
            ],
            "beside": len({line["run_id"] for line in others}),
            "opened_beside": len({line["run_id"] for line in others if line.get("sealed")}),
            "unreadable": list(self.unreadable),
        }

    def _row(self, number: int, begun: LedgerLine) -> AttemptRow:
        ended = [
            line
            for line in self.lines
            if line["event"] == FINISHED and line["run_id"] == begun["run_id"]
        ]
        last = ended[-1] if ended else None
        gates = last.get("gates", []) if last is not None else None
        return {
            "attempt": number,
            "run_id": begun["run_id"],
            "start": begun["time"],
            "models": begun["models"],
            "cases": begun["cases"],
            "asked": None if last is None else last.get("asked"),
            "outcomes": None if gates is None else dict(Counter(one["outcome"] for one in gates)),
        }


def read_ledger(path: Path, *, option: str) -> Ledger:
    """Return the ledger of a file, empty where there is none yet.

    A line that cannot be read is named and passed over: the file is appended to alone, so it can
    only be mended by hand. Raises DatasetError for a file that cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Ledger(path=str(path))
    except OSError as error:
        raise DatasetError(f"{option}: {path} cannot be read: {error.strerror or error}") from None
    lines: list[LedgerLine] = []
    unreadable: list[str] = []
    for number, raw in enumerate(content.split(b"\n"), start=1):
        if raw.strip():
            try:
                lines.append(_line(raw, f"{path}, line {number}"))
            except DatasetError as error:
                unreadable.append(str(error))
    return Ledger(path=str(path), lines=lines, unreadable=unreadable)


def _line(raw: bytes, place: str) -> LedgerLine:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise DatasetError(f"{place}, is not JSON") from None
    line = checked(value, LedgerLine, place)
    if line["event"] not in (BEGUN, FINISHED):
        raise DatasetError(f"{place}, event: found {line['event']!r}; allowed: begun, finished")
    return line


def packed_line(line: LedgerLine) -> bytes:
    """Return a line as it stands in the file."""
    return json.dumps(line, ensure_ascii=True, allow_nan=False).encode() + b"\n"
