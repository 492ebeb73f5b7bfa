"""An earlier run to compare with, item by item."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Baseline", "differences", "read_baseline", "twins"]

_SETTINGS = (
    ("data", ("dataset", "sha256")),
    ("prompt", ("prompt_sha256",)),
    ("agent's prompt", ("agent_prompt_sha256",)),
    ("decoding", ("decoding",)),
    ("seed", ("seed",)),
    ("ranker", ("ranker",)),
    ("pytest-safescale version", ("versions", "pytest-safescale")),
)
"""What should be alike for a comparison to be about the model alone."""


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """An earlier run's manifest and case records."""

    path: str
    manifest: Mapping[str, Any]
    records: Sequence[Mapping[str, Any]]


def read_baseline(path: Path) -> Baseline:
    """Return the run of a ``run.json`` (or its folder), with the ``cases.jsonl`` beside it.

    Raises DatasetError where one of them cannot be read.
    """
    file = path / "run.json" if path.is_dir() else path
    try:
        run = json.loads(file.read_text(encoding="utf-8"))
        lines = (file.parent / "cases.jsonl").read_text(encoding="utf-8").splitlines()
        records = [json.loads(line) for line in lines if line.strip()]
        manifest = run["manifest"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"--safescale-baseline: {file} and the cases.jsonl beside it cannot be read: {error}"
        ) from error
    if not records:
        raise DatasetError(f"--safescale-baseline: {file.parent / 'cases.jsonl'} holds no cases")
    return Baseline(path=str(path), manifest=manifest, records=records)


def differences(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Say what, beside the model, differs between two manifests."""
    return [
        f"the baseline was run with another {name}"
        for name, keys in _SETTINGS
        if _at(now, keys) != _at(before, keys)
    ]


def _at(manifest: Mapping[str, Any], keys: Sequence[str]) -> Any:
    value: Any = manifest
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def twins(now: Sequence[str], before: Sequence[str]) -> dict[str, str]:
    """Return which model of this run is compared with which of the baseline.

    Models of the same name; where each run has one model, that one replaces the other.
    """
    same = {name: name for name in now if name in before}
    return same or (dict(zip(now, before, strict=True)) if len(now) == len(before) == 1 else {})
