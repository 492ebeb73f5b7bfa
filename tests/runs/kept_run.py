"""The run that is kept in ``stored_run``, as the report folder that it left.

It was made with three simulated models over twelve made-up items.
"""

from __future__ import annotations

import gzip
from pathlib import Path

__all__ = ["KEPT", "unpack"]

KEPT = Path(__file__).parent / "stored_run"


def unpack(folder: Path) -> Path:
    """Write run.json and cases.jsonl into a folder, which is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("run.json", "cases.jsonl"):
        (folder / name).write_bytes(gzip.decompress((KEPT / f"{name}.gz").read_bytes()))
    return folder
