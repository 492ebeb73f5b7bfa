"""An earlier run to compare with, item by item."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_safescale.analysis.shared_items import ItemMark, shared_items
from pytest_safescale.errors import DatasetError, SettingsError
from pytest_safescale.gates.gate_fields import BASELINE
from pytest_safescale.results.case_record import CaseRecord, cell_of, kept_case
from pytest_safescale.results.manifest_facts import (
    SUPERSEDED,
    changed_values,
    differing,
    fact,
    newly_served,
)
from pytest_safescale.results.profile_rows import profile_names, with_other_texts
from pytest_safescale.results.record_lines import CASES, read_lines
from pytest_safescale.results.run_file import read_content
from pytest_safescale.settings.shards import shard_in
from pytest_safescale.text.escaping import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.analysis.shared_items import SharedItems
    from pytest_safescale.results.case_record import KeptCase
    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.manifest_models import ModelRow

__all__ = [
    "Baseline",
    "beginning_of",
    "check_comparable",
    "differences",
    "item_marks",
    "matched_models",
    "read_baseline",
]

_ALIKE = ("prompt", "agent's prompt", "decoding", "ranker", "pytest-safescale version")
"""What should be alike for a comparison to be about the model alone, beside the items."""
_BEGINNING = 300
"""Characters of an earlier reply that are kept to be shown beside a later one."""


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """An earlier run's manifest and case records."""

    path: str
    manifest: Manifest
    records: Sequence[KeptCase]
    """Without their long texts: a run holds its baseline from beginning to end."""
    option: str = "--safescale-baseline"
    """What the user named it with."""
    called: str = BASELINE
    """What it is to the run: its ``baseline``, or its ``anchor``."""
    said: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    """How single answers of more than a letter began, by model, condition and item."""

    @property
    def place(self) -> str:
        """Option and path, as the beginning of what is said of it."""
        return f"{self.option}: {self.path}"


def read_baseline(
    path: Path, *, option: str = "--safescale-baseline", called: str = BASELINE
) -> Baseline:
    """Return the run of a ``run.json`` (or its folder), with the ``cases.jsonl`` beside it.

    ``option`` is what the user named it with, ``called`` what it is to a run. Raises
    DatasetError where one of the files cannot be read or they are not of one run, and
    SettingsError for a shard: a part of a run says nothing of the whole.
    """
    file = path / "run.json" if path.is_dir() else path
    kept = file.with_name(SUPERSEDED)
    if kept.exists() and not file.exists():
        raise DatasetError(
            f"{option}: {file} is not there: the run that was to replace it ended before its first "
            f"case; allowed: {kept}, which is of the run before"
        )
    manifest = read_content(file, named=f"{option}: {file}")["manifest"]
    cases = file.parent / CASES
    lines = read_lines(cases, CaseRecord, manifest.get("run_id"), named=f"{option}: {cases}")
    records: list[KeptCase] = []
    said: dict[tuple[str, str, str], str] = {}
    for _, record in lines:
        records.append(kept_case(record))
        if told := beginning_of(record):
            said[(*cell_of(record), record["item_id"])] = told
    if not records:
        raise DatasetError(f"{option}: {cases} holds no cases")
    if shard := shard_in(manifest):
        raise SettingsError(
            f"{option}: {file} is of shard {shard}; allowed: a whole run, such as safescale merge "
            "makes of its shards"
        )
    return Baseline(
        path=str(path), manifest=manifest, records=records, option=option, called=called, said=said
    )


def beginning_of(record: CaseRecord) -> str:
    """Return how the single answer begins; empty where it is its letter alone, or there is none."""
    single = record["greedy"]
    text = (single.get("text") or "").strip() if single else ""
    return "" if single and text == single["letter"] else shorten(text, _BEGINNING)


def item_marks(records: Iterable[CaseRecord | KeptCase]) -> list[ItemMark]:
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
) -> SharedItems:
    """Return the items that a run shares with the baseline.

    Raises SettingsError, so before the first call of a run, where a comparison would mean nothing:
    no item, no condition or no model in common.
    """
    earlier = item_marks(baseline.records)
    shared = shared_items(items, earlier)
    place = baseline.place
    if not shared.ids:
        changed = len(shared.changed)
        known = f", {changed} of them with an id of this run and another content" if changed else ""
        raise SettingsError(
            f"{place} has {len(earlier)} items{known}, and none of this run's {len(items)}; "
            "allowed: a run of the same items"
        )
    had = list(dict.fromkeys(record["condition"] for record in baseline.records))
    if not set(had).intersection(conditions):
        raise SettingsError(
            f"{place} was run under {', '.join(had)}; allowed: a run under at least one of "
            f"{', '.join(conditions)}"
        )
    known_models = list(dict.fromkeys(record["model"] for record in baseline.records))
    if not matched_models(models, known_models):
        raise SettingsError(
            f"{place} holds {', '.join(known_models)}; allowed: a model of the same name as one of "
            f"{', '.join(models)}, or one model in each run"
        )
    return shared


def differences(now: Manifest, baseline: Baseline, shared: SharedItems) -> list[str]:
    """Say what, beside the model, differs between two runs, and how a model was served."""
    before, called = baseline.manifest, baseline.called
    told = [*_items(now, baseline, shared)]
    for name in differing(now, before, _ALIKE):
        values = changed_values(fact(now, name), fact(before, name))
        told.append(f"the {called} was run with another {name}{values}")
    repairs = [fact(run, "corpus repair") for run in (now, before)]
    if all(repairs) and repairs[0] != repairs[1]:
        told.append(f"the corpus of the {called} was repaired by another plan")
    told += [
        f"the {called} was run with other texts of the prompt profile {name}"
        for name in with_other_texts(now, before)
    ]
    for ours, theirs, what in _compared_names(now, before):
        if lacking := [name for name in ours if name not in theirs]:
            told.append(f"not in the {called}, and not compared: {what} {', '.join(lacking)}")
        if lacking := [name for name in theirs if name not in ours]:
            told.append(f"in the {called} alone, and not compared: {what} {', '.join(lacking)}")
    models = before.get("models") or ()
    return [
        *told,
        *_asked_otherwise(now["models"], models, called),
        *newly_served(
            now["models"],
            {model["name"]: model["served"] for model in models},
            where=f"in the {called}",
        ),
    ]


def _asked_otherwise(
    now: Iterable[ModelRow], before: Iterable[ModelRow], called: str
) -> Iterable[str]:
    earlier = {model["name"]: model.get("shaping") or {} for model in before}
    for model in now:
        name, shaping = model["name"], model.get("shaping") or {}
        if name in earlier and shaping != earlier[name]:
            yield f"the {called} asked {name} otherwise{changed_values(shaping, earlier[name])}"


def _items(now: Manifest, baseline: Baseline, shared: SharedItems) -> Iterable[str]:
    before, called = baseline.manifest, baseline.called
    other = fact(now, "data set") != fact(before, "data set")
    counts = {
        "changed": len(shared.changed),
        "in this run alone": shared.only_now,
        f"in the {called} alone": shared.only_before,
    }
    apart = [f"{count} {words}" for words, count in counts.items() if count]
    if other or apart:
        word = "data set" if other else "choice of items"
        yield (
            f"the {called} was run with another {word}: {len(shared.ids)} items are compared"
            f"{', excluded: ' if apart else ''}{', '.join(apart)}"
        )
    if shared.unproven:
        yield (
            f"{len(shared.unproven)} items are compared by id and correct letter alone: "
            "no hash of their content is recorded"
        )


def _compared_names(
    now: Manifest, before: Manifest
) -> Iterable[tuple[Sequence[str], Sequence[str], str]]:
    conditions = [manifest.get("conditions") or () for manifest in (now, before)]
    yield conditions[0], conditions[1], "condition"
    yield profile_names(now), profile_names(before), "prompt profile"
    models = [[model["name"] for model in run.get("models") or ()] for run in (now, before)]
    replaced = matched_models(*models)
    if set(replaced) != set(replaced.values()):
        return
    yield models[0], models[1], "model"


def matched_models(now: Sequence[str], before: Sequence[str]) -> dict[str, str]:
    """Return which model of this run is compared with which of the baseline.

    Models of the same name; where each run has one model, that one replaces the other.
    """
    same = {name: name for name in now if name in before}
    return same or (dict(zip(now, before, strict=True)) if len(now) == len(before) == 1 else {})
