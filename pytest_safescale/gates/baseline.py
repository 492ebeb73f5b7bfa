"""An earlier run to compare with, item by item."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import DatasetError, SettingsError
from pytest_safescale.manifests import differing, fact, newly_served
from pytest_safescale.scoring.shared import ItemMark, shared_items
from pytest_safescale.shards import shard_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.scoring.shared import SharedItems

__all__ = [
    "Baseline",
    "check_comparable",
    "differences",
    "item_marks",
    "read_baseline",
    "twins",
]

_ALIKE = ("prompt", "agent's prompt", "decoding", "ranker", "pytest-safescale version")
"""What should be alike for a comparison to be about the model alone, beside the items."""
_LONGEST = 24
_LONG = ("question", "evidence", "calls")
_READ = (
    "model",
    "condition",
    "item_id",
    "truth",
    "options",
    "labels",
    "greedy",
    "error",
    "samples",
    "samples_error",
)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """An earlier run's manifest and case records."""

    path: str
    manifest: Mapping[str, Any]
    records: Sequence[Mapping[str, Any]]


def read_baseline(path: Path, *, option: str = "--safescale-baseline") -> Baseline:
    """Return the run of a ``run.json`` (or its folder), with the ``cases.jsonl`` beside it.

    ``option`` is what the user named it with. Raises DatasetError where one of the files cannot be
    read, and SettingsError for a shard: a part of a run says nothing of the whole.
    """
    file = path / "run.json" if path.is_dir() else path
    try:
        run = json.loads(file.read_text(encoding="utf-8"))
        with (file.parent / "cases.jsonl").open(encoding="utf-8", newline="\n") as lines:
            records = [_needed(json.loads(line)) for line in lines if line.strip()]
        manifest = run["manifest"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(
            f"{option}: {file} and the cases.jsonl beside it cannot be read: {error}"
        ) from error
    if not records:
        raise DatasetError(f"{option}: {file.parent / 'cases.jsonl'} holds no cases")
    if shard := shard_in(manifest):
        raise SettingsError(
            f"{option}: {file} is of shard {shard}; allowed: a whole run, such as safescale merge "
            "makes of its shards"
        )
    return Baseline(path=str(path), manifest=manifest, records=records)


def _needed(record: dict[str, Any]) -> dict[str, Any]:
    """Return a case without its long texts: a run holds its baseline from beginning to end."""
    kept = {name: value for name, value in record.items() if name not in _LONG}
    kept |= {name: record[name] for name in _READ}
    if kept["samples"]:
        kept["samples"] = {"letters": kept["samples"]["letters"]}
    return kept


def item_marks(records: Iterable[Mapping[str, Any]]) -> list[ItemMark]:
    """Return the items that case records are about, each once."""
    marks = {
        record["item_id"]: ItemMark(
            record["item_id"], record["truth"], record.get("item_sha256") or ""
        )
        for record in records
    }
    return list(marks.values())


def check_comparable(
    baseline: Baseline,
    *,
    items: Sequence[ItemMark],
    conditions: Sequence[str],
    models: Sequence[str],
    option: str = "--safescale-baseline",
) -> SharedItems:
    """Return the items that a run shares with the baseline.

    Raises SettingsError, so before the first call of a run, where a comparison would mean nothing:
    no item, no condition or no model in common.
    """
    earlier = item_marks(baseline.records)
    shared = shared_items(items, earlier)
    place = f"{option}: {baseline.path}"
    if not shared.ids:
        changed = len(shared.changed)
        known = f", {changed} of them with an id of this run and another content" if changed else ""
        raise SettingsError(
            f"{place} has {len(earlier)} items{known}, and none of this run's {len(items)}; "
            "allowed: a run of the same items"
        )
    had = _of(baseline.records, "condition")
    if not set(had).intersection(conditions):
        raise SettingsError(
            f"{place} was run under {', '.join(had)}; allowed: a run under at least one of "
            f"{', '.join(conditions)}"
        )
    known_models = _of(baseline.records, "model")
    if not twins(models, known_models):
        raise SettingsError(
            f"{place} holds {', '.join(known_models)}; allowed: a model of the same name as one of "
            f"{', '.join(models)}, or one model in each run"
        )
    return shared


def _of(records: Iterable[Mapping[str, Any]], name: str) -> list[str]:
    return list(dict.fromkeys(record[name] for record in records))


def differences(
    now: Mapping[str, Any], before: Mapping[str, Any], shared: SharedItems
) -> list[str]:
    """Say what, beside the model, differs between two runs, and how a model was served."""
    told = [*_items(now, before, shared)]
    for name in differing(now, before, _ALIKE):
        values = _values(fact(now, name), fact(before, name))
        told.append(f"the baseline was run with another {name}{values}")
    for ours, theirs, what in _names(now, before):
        if lacking := [name for name in ours if name not in theirs]:
            told.append(f"not in the baseline, and not compared: {what} {', '.join(lacking)}")
        if lacking := [name for name in theirs if name not in ours]:
            told.append(f"in the baseline alone, and not compared: {what} {', '.join(lacking)}")
    return [*told, *newly_served(now["models"], before.get("models") or ())]


def _items(now: Mapping[str, Any], before: Mapping[str, Any], shared: SharedItems) -> Iterable[str]:
    other = fact(now, "data set") != fact(before, "data set")
    counts = {
        "changed": len(shared.changed),
        "in this run alone": shared.only_now,
        "in the baseline alone": shared.only_before,
    }
    apart = [f"{count} {words}" for words, count in counts.items() if count]
    if other or apart:
        word = "data set" if other else "choice of items"
        yield (
            f"the baseline was run with another {word}: {len(shared.ids)} items are compared"
            f"{', left out: ' if apart else ''}{', '.join(apart)}"
        )
    if shared.unproven:
        yield (
            f"{len(shared.unproven)} items are compared by id and correct letter alone: "
            "no hash of their content is recorded"
        )


def _values(now: Any, before: Any) -> str:
    if isinstance(now, dict) and isinstance(before, dict):
        keys = [key for key in {**now, **before} if now.get(key) != before.get(key)]
        told = (f"{key} {before.get(key)}, here {now.get(key)}" for key in keys)
        return f" ({'; '.join(told)})"
    short = max(len(str(now)), len(str(before))) <= _LONGEST
    return f" ({before}, here {now})" if short else ""


def _names(
    now: Mapping[str, Any], before: Mapping[str, Any]
) -> Iterable[tuple[Sequence[str], Sequence[str], str]]:
    conditions = [manifest.get("conditions") or () for manifest in (now, before)]
    yield conditions[0], conditions[1], "condition"
    models = [[model["name"] for model in run.get("models") or ()] for run in (now, before)]
    replaced = twins(*models)
    if set(replaced) != set(replaced.values()):
        return
    yield models[0], models[1], "model"


def twins(now: Sequence[str], before: Sequence[str]) -> dict[str, str]:
    """Return which model of this run is compared with which of the baseline.

    Models of the same name; where each run has one model, that one replaces the other.
    """
    same = {name: name for name in now if name in before}
    return same or (dict(zip(now, before, strict=True)) if len(now) == len(before) == 1 else {})
