"""The lock of a run and the attempts under it, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.manifest_attempts import AttemptRow

__all__ = ["attempt_sentences"]

_DIGITS = 12
"""Of a hash, as people are shown it."""
_NAMED = 5
"""How many earlier attempts a sentence tells one by one."""


def attempt_sentences(manifest: Manifest) -> Iterator[str]:
    """Say what the run was locked by, and which attempt under the lock it is."""
    lock, ledger = manifest.get("lock"), manifest.get("ledger")
    if lock is None:
        return
    yield f"Lock {lock['sha256'][:_DIGITS]} of {lock['made'][:10]} fixes gates, data and prompts."
    if ledger is None:
        return
    told = "".join(f"; {_attempt(row)}" for row in ledger["earlier"][-_NAMED:])
    more = len(ledger["earlier"]) - _NAMED
    before = f"; {more} more before those" if more > 0 else ""
    yield f"Attempt {ledger['attempt']} under this lock{told}{before}."
    if ledger["beside"]:
        seen = ledger["opened_beside"]
        sealed = f", {seen} of which opened the sealed ones" if seen else ""
        yield (
            f"The same items were asked about in {ledger['beside']} attempts under other locks"
            f"{sealed}."
        )
    if unread := ledger["unreadable"]:
        more_lines = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
        yield f"In the ledger, what cannot be read counts as an attempt: {unread[0]}{more_lines}."


def _attempt(row: AttemptRow) -> str:
    """Return what became of an attempt."""
    told = f"attempt {row['attempt']} of {row['start'][:10]}, {', '.join(row['models'])}: "
    if row["outcomes"] is None:
        return f"{told}begun and not finished"
    gates = ", ".join(f"{count} {what}" for what, count in row["outcomes"].items()) or "no gate"
    part = "" if row["asked"] == row["cases"] else f", {row['asked']} of {row['cases']} cases asked"
    return f"{told}{gates}{part}"
