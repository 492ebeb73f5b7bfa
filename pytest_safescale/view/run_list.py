"""The first page: every run by date, model and verdict, and what could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.text.words import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.view.folders import Found, Look

__all__ = ["run_list"]

_STATES = {"passed": "passed", "blocked": "blocked", "open": "no verdict"}
_ORDERS: Mapping[str, Callable[[Found], Any]] = {
    "date": lambda _: 0,
    "model": lambda run: run.models,
    "verdict": lambda run: list(_STATES).index(run.state),
}
"""What runs are sorted by; of those alike the last to end comes first."""


def run_list(directory: Path, look: Look, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the template of the first page takes.

    ``query`` narrows by ``text`` (in name or model), ``data`` and ``verdict``, and sorts by
    ``order``.
    """
    order = query.get("order", "")
    order = order if order in _ORDERS else "date"
    shown = [run for run in look.runs if _fits(run, query)]
    return {
        "directory": str(directory),
        "all": look.runs,
        "runs": sorted(shown, key=_ORDERS[order]),
        "unreadable": look.unreadable,
        "outside": look.outside,
        "data_sets": data_sets(look.runs),
        "states": _STATES,
        "orders": list(_ORDERS),
        "order": order,
        "query": query,
    }


def data_sets(runs: Sequence[Found]) -> dict[str, str]:
    """Return the data sets of runs in words, by what they are recognised by."""
    found: dict[str, list[Found]] = {}
    for run in runs:
        found.setdefault(run.data_key, []).append(run)
    return {
        key: f"{_data_name(of[0])} ({key[:8]}), {plural(len(of), 'run')}"
        for key, of in found.items()
    }


def _data_name(run: Found) -> str:
    return str(run.manifest["dataset"].get("name"))


def _fits(run: Found, query: Mapping[str, str]) -> bool:
    text = query.get("text", "").strip().lower()
    named = "\n".join([run.name, *run.models]).lower()
    return (
        text in named
        and query.get("data", "") in {"", run.data_key}
        and query.get("verdict", "") in {"", run.state}
    )
