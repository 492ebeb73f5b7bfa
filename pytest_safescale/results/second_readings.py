"""What the second reader made of the replies of a run, counted as the records come in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_safescale.results.case_record import CaseRecord, SecondReadingRecord

__all__ = ["SecondReadings"]

_KINDS = ("none", "unclear", "failed")


@dataclass(kw_only=True)
class SecondReadings:
    """Counts what the second reader said, of unreadable replies and of those that were readable."""

    unreadable: Counter[str] = field(default_factory=Counter)
    """Of replies that the rules could not read: ``asked``, ``letter``, ``none``, ``unclear`` and
    ``failed``."""
    checked: int = 0
    """Readable replies that both have read."""
    alike: int = 0
    """How many of them both read alike."""

    def add(self, record: CaseRecord) -> None:
        """Take the readings of a case record in."""
        for reading in _readings(record):
            self.take(reading)

    def take(self, reading: SecondReadingRecord) -> None:
        """Take one reading in, as a record states it."""
        says = reading["says"]
        if not reading["check"]:
            self.unreadable.update(("asked", says if says in _KINDS else "letter"))
        elif says != "failed":
            self.checked += 1
            self.alike += says == (reading["rules_letter"] or "none")


def _readings(record: CaseRecord) -> Iterator[SecondReadingRecord]:
    single, samples = record["greedy"], record["samples"]
    if single is not None and "second_reader" in single:
        yield single["second_reader"]
    if samples is not None:
        yield from filter(None, samples.get("second_reader", ()))
