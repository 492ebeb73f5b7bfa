"""A record and its line, put together of parts: what many have in common is written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.text.escaping import json_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.results.case_record import CaseRecord

__all__ = ["Part", "WrittenRecord", "members"]


class Part(NamedTuple):
    """Some keys of a record, and how a line of its file says them."""

    values: Mapping[str, Any]
    members: str

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Part:
        """Return the part of these keys, one at least."""
        return cls(values, members(values))


class WrittenRecord(NamedTuple):
    """A case, and how its line of ``cases.jsonl`` says it."""

    record: CaseRecord
    members: str | None = None
    """``None`` where nothing of it is written yet."""
    item: Part | None = None
    """What it has in common with other records of its item, where that is known to be the same."""

    def line(self, run_id: str) -> str:
        """Return the line of the run's ``cases.jsonl``, which names the run."""
        if self.members is None:  # it may name the run that it is of, at another place
            return json_line({**self.record, "run_id": run_id})
        return f'{{{self.members}, "run_id": {json_line(run_id)}}}'


def members(values: Mapping[str, Any]) -> str:
    """Return the members of an object as ``json_line`` writes them, without its braces."""
    return json_line(values)[1:-1]
