"""What a lock fixes of a run: its gates, data, prompts and decoding, and no model."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_safescale.results.manifest_facts import fact
from pytest_safescale.results.run_file import read_content
from pytest_safescale.runs.manifest import stated_before, versions_used

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_safescale.gates.spec import Gate
    from pytest_safescale.runs.run import Run

__all__ = ["fixed_facts", "other_items"]

_STATED = (
    *("data set", "corpus repair", "ranker", "conditions"),
    *("prompt", "agent's prompt", "prompt profiles", "decoding", "seed", "rule for labels"),
    "severities",
)
"""What a run states before its first call and a lock fixes, by the words of FACTS."""
_SETTINGS = {
    "family-wise": "joint_method",
    "strict findings": "strict",
    "agent's searches": "agent_steps",
    "second reader": "reader",
    "relations": "relations",
    "variants": "variants",
    "answers of variants": "variant_answers",
    "shrink calls": "shrink_calls",
}
"""Settings that shape figures or demands beside those, by the words for them."""
_NAMED = 5


def fixed_facts(run: Run, gates: Sequence[Gate]) -> dict[str, Any]:
    """Return what a lock fixes, as plain data by the words for it.

    Models are no part of it: a lock is what they are put to. Of conditions, metrics and relations
    of the user's own it has the names alone.
    """
    stated = stated_before(run)
    items = [(item.id, item.content_sha256, item.pool) for item in run.listed]
    passages = ((one.id, one.title, one.text) for one in run.dataset.corpus)
    return {
        "gates": [_written(gate) for gate in gates],
        **{name: fact(stated, name) for name in _STATED},
        "items": {"count": len(items), "sha256": _sha256(items)},
        "corpus": _sha256(passages) if run.dataset.corpus else None,
        "earlier runs": _earlier_runs(run, gates),
        **{name: _plain(getattr(run.settings, key)) for name, key in _SETTINGS.items()},
        "version of pytest-safescale": versions_used()["pytest-safescale"],
    }


def _earlier_runs(run: Run, gates: Sequence[Gate]) -> dict[str, str | None]:
    """Return which runs the gates hold this one against, by what they call them."""
    places = {one: getattr(run.settings, one) for gate in gates if (one := gate.earlier_run)}
    return {called: _run_id(Path(place), called) for called, place in places.items() if place}


def _run_id(path: Path, called: str) -> str | None:
    file = path / "run.json" if path.is_dir() else path
    return read_content(file, named=f"--safescale-{called}: {file}")["manifest"].get("run_id")


def _written(gate: Gate) -> dict[str, Any]:
    """Return a gate as it is written; of a certificate what it says, wherever its file lies."""
    table = gate.model_dump(mode="json", exclude_defaults=True)
    if gate.certified is not None:
        promised = vars(gate.thresholds)
        rows = [(name, str(promised[name])) for name in sorted(promised) if name != "served"]
        table["certified"] = _sha256(rows)
    return table


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _sha256(rows: Iterable[Sequence[str]]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(list(row)).encode() + b"\n")
    return digest.hexdigest()


def other_items(run: Run, asked: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    """Say which cases were asked about other items than those that were fixed.

    ``asked`` are the items, each with the hash of its content: each process of a run reads the
    data itself.
    """
    content = {item.id: item.content_sha256 for item in run.dataset.items}
    other = {item for item, told in asked if told != content.get(item)}
    if other:
        named = sorted(other)
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        yield f"items were asked about that are not as fixed: {', '.join(named[:_NAMED])}{more}"
