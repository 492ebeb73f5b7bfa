"""Every figure of a run that was kept is computed from its cases as it was when it ended.

The run was made with three simulated models over twelve made-up items: it tests arithmetic, and
says nothing of any model.
"""

from __future__ import annotations

import gzip
import json
import math
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from tests.runs.kept_run import KEPT, unpack

if TYPE_CHECKING:
    from pathlib import Path

EXACT = 1e-12
"""Relative; sums may be taken in another order by another release of the array library."""
OF_QUANTILES = 1e-8
"""Of intervals over models: scipy's quantile of the t distribution was less exact before 1.14."""


@pytest.fixture
def scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the run.json that ``safescale score`` makes of the kept cases."""
    unpack(tmp_path / "kept")
    for name in ("safescale.toml", "items.jsonl"):
        shutil.copy(KEPT / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["score", "kept", "--dataset", "items.jsonl", "--out", "again"]) == 0
    found: dict[str, Any] = json.loads((tmp_path / "again" / "run.json").read_text())
    return found


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Return every number, word and ``None`` of plain data by where it stands."""
    if isinstance(value, dict):
        return {
            k: v for name, part in value.items() for k, v in leaves(part, f"{path}.{name}").items()
        }
    if isinstance(value, list):
        return {
            k: v for at, part in enumerate(value) for k, v in leaves(part, f"{path}[{at}]").items()
        }
    return {path: value}


def same(path: str, before: Any, now: Any) -> bool:
    if isinstance(before, float) and isinstance(now, float):
        tolerance = OF_QUANTILES if ".scatter_" in path else EXACT
        return math.isclose(before, now, rel_tol=tolerance, abs_tol=EXACT)
    return bool(before == now)


def test_figures_comparisons_and_analyses_are_what_they_were(scored: dict[str, Any]) -> None:
    kept = json.loads(gzip.decompress((KEPT / "run.json.gz").read_bytes()))
    for part in ("metrics", "comparisons", "analyses"):
        before, now = leaves(kept[part]), leaves(scored[part])
        assert now.keys() == before.keys()
        assert len(before) > 1000
        changed = {
            place: (value, now[place])
            for place, value in before.items()
            if not same(place, value, now[place])
        }
        assert not changed
