"""Reports of before rates stood with their exact interval: read as today's are.

There ``ci_low`` and ``ci_high`` were the bootstrap's everywhere, and a rate's exact interval stood
beside it as ``exact_low`` and ``exact_high``. Of a comparison b, c and n give Tango's interval.
Figures by the released definitions keep the bootstrap, as they do today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.statistics.intervals import BOOTSTRAP, CLOPPER_PEARSON
from pytest_safescale.statistics.paired import TANGO, tango_interval

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["with_intervals_of_today"]

_ENDS = ("low", "high")
_RELEASE = "release"


def with_intervals_of_today(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a ``run.json`` with every interval under its name of today."""
    scored: Mapping[str, Any] = content["manifest"].get("scored") or {}
    released = scored.get("definitions") == _RELEASE
    found = {**content}
    found["metrics"] = [_figure(row, released) for row in content.get("metrics") or ()]
    found["comparisons"] = [_comparison(row, released) for row in content.get("comparisons") or ()]
    attribution = (content.get("analyses") or {}).get("attribution")
    if isinstance(attribution, dict) and isinstance(attribution.get("classes"), list):
        classes = [_outcome(row) for row in attribution["classes"]]
        found["analyses"] = {
            **found["analyses"],
            "attribution": {**attribution, "classes": classes},
        }
    return found


def _figure(row: Any, released: bool) -> Any:
    if "exact_low" not in row:
        return row
    kept = {name: value for name, value in row.items() if name not in ("exact_low", "exact_high")}
    if row.get("ci_method") == BOOTSTRAP:
        kept |= {f"bootstrap_{end}": row[f"ci_{end}"] for end in _ENDS}
    if released or row["exact_low"] is None:
        return kept
    exact = {f"ci_{end}": row[f"exact_{end}"] for end in _ENDS}
    return {**kept, **exact, "ci_method": CLOPPER_PEARSON}


def _comparison(row: Any, released: bool) -> Any:
    if "ci_method" in row:
        return row
    before = {f"bootstrap_{end}": row[f"ci_{end}"] for end in _ENDS}
    if released:
        return {**row, **before, "ci_method": BOOTSTRAP}
    low, high = tango_interval(row["b"], row["c"], row["n"])
    return {**row, **before, "ci_low": float(low), "ci_high": float(high), "ci_method": TANGO}


def _outcome(row: Any) -> Any:
    if not isinstance(row, dict) or "exact_low" not in row:
        return row
    kept = {name: value for name, value in row.items() if name not in ("exact_low", "exact_high")}
    exact = {f"ci_{end}": row.get(f"exact_{end}") for end in _ENDS}
    return {**kept, **exact, "ci_method": CLOPPER_PEARSON}
