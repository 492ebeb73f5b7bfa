"""A lock read back, and what a run has otherwise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.errors import DatasetError
from pytest_safescale.results.lock import lock_differences, lock_of, read_lock

if TYPE_CHECKING:
    from pathlib import Path

FIXED: dict[str, Any] = {
    "gates": [{"metric": "accuracy", "min": 0.5}],
    "seed": 42,
    "items": {"count": 3, "sha256": "ab"},
}


def test_a_lock_is_known_by_what_it_fixes_and_not_by_when_it_was_made() -> None:
    one, other = lock_of(FIXED, "2026-01-01"), lock_of(dict(reversed(FIXED.items())), "2027-01-01")
    assert one["sha256"] == other["sha256"]
    assert one["sha256"] != lock_of({**FIXED, "seed": 43}, "2026-01-01")["sha256"]


def test_a_lock_that_was_edited_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    content = lock_of(FIXED, "2026-01-01")
    path.write_text(json.dumps(content))
    assert read_lock(path, named="lock") == content
    content["fixed"]["seed"] = 7
    path.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match="lock was edited: its hash is"):
        read_lock(path, named="lock")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "lock is no JSON"),
        ("[]", "lock is no lock; allowed: what safescale lock wrote"),
        ('{"kind": "pytest-safescale lock"}', "lock, schema_version: found nothing"),
    ],
)
def test_what_is_no_lock_is_refused(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    path.write_text(text)
    with pytest.raises(DatasetError, match=told):
        read_lock(path, named="lock")


def test_differences_are_named_with_both_values() -> None:
    lock = lock_of(FIXED, "2026-01-01")
    assert lock_differences(lock, FIXED) == []
    here = {
        "gates": [{"metric": "accuracy", "min": 0.4}],
        "seed": 43,
        "items": {"count": 3, "sha256": "ab"},
        "relations": ("option_order",),
    }
    assert lock_differences(lock, here) == [
        "gates (fixed, and not here: metric = accuracy, min = 0.5; here, and not fixed: "
        "metric = accuracy, min = 0.4)",
        "seed (42, here 43)",
        "relations (None, here ['option_order'])",
    ]
    assert lock_differences(lock_of({"relations": ["a"]}, ""), {"relations": ("a",)}) == []
