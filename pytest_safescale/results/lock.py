"""A lock: what a test is, fixed in a file before the first call, and known by one hash."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import TypedDict

from pytest_safescale.errors import DatasetError
from pytest_safescale.results.checked import read_own_file
from pytest_safescale.results.manifest_facts import changed_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["KIND", "LockFile", "lock_differences", "lock_of", "read_lock"]

KIND: Final = "pytest-safescale lock"
SCHEMA_VERSION: Final = 1
_GATES: Final = "gates"
_SHOWN_DIGITS = 12


class LockFile(TypedDict):
    """The content of a lock file."""

    kind: str
    schema_version: int
    made: str
    """When, in ISO 8601; no part of the hash."""
    sha256: str
    """Of ``fixed``."""
    fixed: dict[str, Any]
    """What is fixed, as plain data by the words for it."""


def lock_of(fixed: Mapping[str, Any], made: str) -> LockFile:
    """Return the content of a lock file that fixes these facts."""
    return {
        "kind": KIND,
        "schema_version": SCHEMA_VERSION,
        "made": made,
        "sha256": _sha256(fixed),
        "fixed": dict(fixed),
    }


def read_lock(path: Path, *, named: str) -> LockFile:
    """Return the content of a lock file; ``named`` is what the user gave, and the path.

    Raises DatasetError for a file that cannot be read, is no lock, or was edited.
    """
    found = read_own_file(
        path,
        LockFile,
        named=named,
        kind=KIND,
        version=SCHEMA_VERSION,
        word="lock",
        writer="safescale lock",
    )
    if found["sha256"] != (own := _sha256(found["fixed"])):
        raise DatasetError(
            f"{named} was edited: its hash is {found['sha256'][:_SHOWN_DIGITS]!r}, and that of its "
            f"content {own[:_SHOWN_DIGITS]!r}; allowed: a file as safescale lock wrote it"
        )
    return found


def lock_differences(lock: LockFile, fixed: Mapping[str, Any]) -> list[str]:
    """Name what a lock fixes and a run has otherwise; ``fixed`` are the facts of the run."""
    here = json.loads(json.dumps(fixed))  # tuples are lists in a file
    told = []
    for name in dict.fromkeys([*lock["fixed"], *here]):
        there, now = lock["fixed"].get(name), here.get(name)
        if there != now:
            values = _gates(there, now) if name == _GATES else changed_values(now, there)
            told.append(f"{name}{values}")
    return told


def _gates(there: Any, now: Any) -> str:
    """Return, in brackets, the first gate that is on either side alone."""
    there, now = (one if isinstance(one, list) else [] for one in (there, now))
    told = [
        *(f"fixed, and not here: {_in_words(gate)}" for gate in there if gate not in now),
        *(f"here, and not fixed: {_in_words(gate)}" for gate in now if gate not in there),
    ]
    return f" ({'; '.join(told[:2]) or 'in another order'})"


def _in_words(gate: Any) -> str:
    keys: Iterator[tuple[str, Any]] = iter(gate.items() if isinstance(gate, dict) else ())
    return ", ".join(f"{key} = {value}" for key, value in keys)


def _sha256(fixed: Mapping[str, Any]) -> str:
    packed = json.dumps(fixed, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(packed.encode()).hexdigest()
