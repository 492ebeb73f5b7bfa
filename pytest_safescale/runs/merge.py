"""The shards of a run become one report, as one run would have written it."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.custom_metrics import specs_in
from pytest_safescale.analysis.metrics import ENSEMBLE
from pytest_safescale.conditions.catalogue import known_conditions
from pytest_safescale.conditions.profiles import BUILT_IN
from pytest_safescale.errors import SettingsError, UsageError
from pytest_safescale.gates.completeness import Completeness
from pytest_safescale.gates.gate_fields import ANCHOR, BASELINE
from pytest_safescale.gates.requirements import (
    require_earlier_runs,
    require_known_names,
    require_reachable,
)
from pytest_safescale.gates.written_gates import load_gates, parse_gates, robustness_gates
from pytest_safescale.packaged import data_folder
from pytest_safescale.report.folder import ReportFolder
from pytest_safescale.report.staged_folder import check_apart, staged_folder
from pytest_safescale.results.baseline import check_comparable, item_marks, read_baseline
from pytest_safescale.results.certificate_file import GateCertificates
from pytest_safescale.results.profile_rows import conditions_with_profiles, profile_names
from pytest_safescale.results.record_book import ANSWERED, RecordBook, failed_tests_named
from pytest_safescale.runs.conclude import assess
from pytest_safescale.runs.second_reader import second_reader_part
from pytest_safescale.runs.shard_folders import read_shards, records_in_order, searches_in_order
from pytest_safescale.runs.shortfalls import shortfall_notices
from pytest_safescale.settings.shards import shard_notice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.gates.spec import Gate
    from pytest_safescale.results.baseline import Baseline
    from pytest_safescale.results.conclusion import Conclusion
    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.manifest_counts import Calls, Cost, FailedTests, Tokens
    from pytest_safescale.results.manifest_models import ModelRow
    from pytest_safescale.results.manifest_shards import ShardSummary
    from pytest_safescale.runs.shard_folders import ShardFolder

__all__ = ["Merged", "merge_shards"]


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What came of joining the shards."""

    conclusion: Conclusion
    unanswered: str | None
    """Why no case was answered; ``None`` where one was."""

    def blocked(self) -> bool:
        """Say whether the whole run fails."""
        return self.conclusion.blocked() or self.unanswered is not None


def merge_shards(
    folders: Sequence[Path],
    out: Path,
    *,
    gates: str | None = None,
    baseline: Path | None = None,
    anchor: Path | None = None,
) -> Merged:
    """Write the report of the whole run to ``out``; returns what it says.

    ``gates`` is a file or ``default``; without it the shards' own are judged. ``baseline`` is a
    run.json; without it the shards' own. Raises UsageError for shards that are not one run, and
    for gates or a baseline that cannot be used; ``out`` then holds no run verdict, of an earlier
    merge either.
    """
    for folder in folders:
        check_apart(folder, out)
    run_id = secrets.token_hex(16)
    try:
        return _merged(
            folders, out, run_id, gates=gates, earlier={BASELINE: baseline, ANCHOR: anchor}
        )
    except UsageError as error:
        ReportFolder(out, run_id=run_id).refuse(f"safescale merge: {error}")
        raise


def _merged(
    folders: Sequence[Path],
    out: Path,
    run_id: str,
    *,
    gates: str | None,
    earlier: Mapping[str, Path | None],
) -> Merged:
    shards = read_shards(folders)
    _check_lock(shards[0].manifest, gates)
    certificates = GateCertificates()
    chosen = _gates(shards[0], gates, certificates)
    certificates.require(chosen, shards[0].manifest)
    runs = [run for called, path in earlier.items() if (run := _earlier(shards, called, path))]
    require_earlier_runs(chosen, given={run.called for run in runs})
    if gates is not None:  # the shards' own were checked before their runs
        first = shards[0].manifest
        require_known_names(chosen, **_names_for_gates(first))
        require_reachable(
            chosen,
            models=[model["name"] for model in first["models"]],
            conditions=conditions_with_profiles(first),
            family_wise=first["family_wise"] == "holm",
        )
    with staged_folder(out) as stage:
        report, book = ReportFolder(stage, run_id=run_id), RecordBook()
        try:
            for record in records_in_order(shards):
                book.add(record)
                report.add(record)
            for search in searches_in_order(shards):
                book.searches.add(search)
                report.add_search(search)
            book.searches.settings = shards[0].manifest.get("robustness") or {}
            conclusion = assess(
                book,
                {**_manifest(shards, book, run_id), **_held(gates)},
                completeness=_completeness(shards, book),
                gates=chosen,
                earlier=runs,
            )
            report.finish(conclusion)
        finally:
            report.close()
    return Merged(conclusion=conclusion, unanswered=book.unanswered)


def _check_lock(manifest: Manifest, gates: str | None) -> None:
    """Refuse gates other than those that were fixed."""
    if "lock" in manifest and gates is not None:
        raise SettingsError(
            f"--gates: found {gates}, and the shards' gates are fixed by their lock "
            f"{manifest['lock']['sha256'][:12]}; allowed: no --gates"
        )


def _gates(shard: ShardFolder, given: str | None, certificates: GateCertificates) -> list[Gate]:
    specs = specs_in(shard.manifest)
    if given is not None:
        suites, searches = data_folder("suites"), "robustness" in shard.manifest
        return load_gates(
            given,
            suites / "gates.toml",
            specs,
            certificates.read,
            and_of_searches=robustness_gates(suites, searches=searches),
        )
    tables = shard.manifest["shard"]["gates"]
    return parse_gates(tables, f"{shard.name}/run.json", specs, certificates.read)


def _held(given: str | None) -> Manifest:
    """Return how the default set is held where it takes the place of the shards' gates."""
    return {"family_wise": "holm"} if given == "default" else {}


def _names_for_gates(manifest: Manifest) -> dict[str, list[str]]:
    """Return the conditions, models and prompt profiles that gates may name."""
    models = [model["name"] for model in manifest["models"]]
    votes = [f"{ENSEMBLE}{one['name']}" for one in manifest["ensembles"]]
    return {
        "conditions": list(
            dict.fromkeys(
                [
                    *known_conditions(with_repaired="corpus_repair" in manifest),
                    *manifest["conditions"],
                ]
            )
        ),
        "models": [*models, *votes],
        "profiles": list(dict.fromkeys([*BUILT_IN, *profile_names(manifest)])),
    }


def _earlier(shards: Sequence[ShardFolder], called: str, given: Path | None) -> Baseline | None:
    """Return a run to compare with; refused where it has nothing in common with the whole."""
    first = shards[0].manifest
    shard = first["shard"]
    stated = shard.get("anchor") if called == ANCHOR else shard["baseline"]
    if given is None and stated is not None and not Path(stated).exists():
        raise SettingsError(
            f"--{called}: found none, and that of the shards, {stated}, is not there; "
            "allowed: the run.json they were compared with"
        )
    path = given or stated
    if not path:
        return None
    found = read_baseline(Path(path), option=f"--{called}", called=called)
    check_comparable(
        found,
        items=item_marks(record for folder in shards for record in folder.records()),
        conditions=conditions_with_profiles(first),
        models=[model["name"] for model in first["models"]],
    )
    return found


def _completeness(shards: Iterable[ShardFolder], book: RecordBook) -> Completeness:
    expected: Counter[tuple[str, str]] = Counter()
    for folder in shards:
        expected.update(folder.expected)
    places = {name: at for folder in shards for name, at in folder.places.items()}
    order = sorted(places, key=lambda name: places[name])
    return Completeness(expected=expected, recorded=book.recorded, order=order)


def _manifest(shards: Sequence[ShardFolder], book: RecordBook, run_id: str) -> Manifest:
    """Return the manifest of the whole; what the shards share is taken from the first."""
    parts = [folder.manifest for folder in shards]
    merged = parts[0].copy()
    merged.pop("shard", None)
    merged.pop("failed_tests", None)
    cases = sum(part["cases"]["of_the_run"] for part in parts)
    behind, from_store = book.behind_figures(), book.from_store()
    calls: Calls = _sum([part["calls"] for part in parts])
    tokens: Tokens = _sum([part["tokens"] for part in parts])
    cost: Cost = _sum([part["cost"] for part in parts])
    return {
        **merged,
        "calls": {
            **calls,
            "replies": behind["replies"],
            "replies_from_store": sum(from_store.values()),
            "from_store_by_day": from_store,
        },
        "tokens": {**tokens, "behind_figures": behind["tokens"]},
        "cost": {**cost, "behind_figures": behind["money"]},
        "run_id": run_id,
        "notices": _notices(shards),
        "start": min(part["start"] for part in parts),
        "end": max(part["end"] for part in parts),
        "models": [_model(model, parts, book) for model in merged["models"]],
        **_beside(merged, parts, book),
        "concurrency": max(part["concurrency"] for part in parts),
        "replay": all(part["replay"] for part in parts),
        "cases": {**merged["cases"], "of_the_run": cases, "recorded": len(book)},
        "errors": book.errors,
        **_lock(merged, parts),
        **_second_reader(merged, book),
        **({"failed_tests": failed} if (failed := _failed(parts, book.unanswered)) else {}),
        "merged": [_shard_summary(folder) for folder in shards],
    }


def _beside(merged: Manifest, parts: Sequence[Manifest], book: RecordBook) -> Manifest:
    """Return the models that were asked for others; nothing where there are none."""
    rows = merged.get("models_beside")
    return {"models_beside": [_model(row, parts, book) for row in rows]} if rows else {}


def _lock(merged: Manifest, parts: Sequence[Manifest]) -> Manifest:
    """Return the lock of the shards, with what any of them no longer found as it fixes."""
    if "lock" not in merged:
        return {}
    changed = (told for part in parts for told in part["lock"].get("changed", []))
    return {"lock": {**merged["lock"], "changed": list(dict.fromkeys(changed))}}


def _second_reader(merged: Manifest, book: RecordBook) -> Manifest:
    stated = merged.get("second_reader")
    if stated is None:
        return {}
    tokens = book.tokens_of(stated["name"])
    return {"second_reader": second_reader_part(stated, book.second_readings, tokens)}


def _failed(parts: Iterable[Manifest], unanswered: str | None) -> FailedTests | None:
    """Return the tests that failed, as one run would state them."""
    told = [part["failed_tests"] for part in parts if part.get("failed_tests")]
    tests = sum(one["tests"] for one in told)
    named = {test["test"]: test["reason"] for one in told for test in one["first"]}
    if ANSWERED in named:  # of a shard alone; the whole may have answers
        tests -= sum(test["test"] == ANSWERED for one in told for test in one["first"])
        del named[ANSWERED]
    if unanswered is not None:
        tests, named[ANSWERED] = tests + 1, unanswered
    return failed_tests_named(named, tests) if tests else None


def _notices(shards: Iterable[ShardFolder]) -> list[str]:
    """Return what the shards say, but for what is told of a part alone or anew of the whole."""
    found = []
    for folder in shards:
        manifest = folder.manifest
        own = {
            shard_notice(folder.shard),
            *shortfall_notices(manifest),
        }
        found += [notice for notice in manifest["notices"] if notice not in own]
    return list(dict.fromkeys(found))


def _model(model: ModelRow, parts: Iterable[Manifest], book: RecordBook) -> ModelRow:
    """Return a model as all shards state it; each may have asked a server of its own."""
    urls = (
        stated["base_url"]
        for part in parts
        for stated in part["models"]
        if stated["name"] == model["name"]
    )
    return {
        **model,
        "base_url": ", ".join(dict.fromkeys(filter(None, urls))),
        "served": book.served_as(model["name"]),
        "tokens": book.tokens_of(model["name"]),
    }


def _shard_summary(folder: ShardFolder) -> ShardSummary:
    manifest = folder.manifest
    return {
        "shard": str(folder.shard),
        "run_id": manifest["run_id"],
        "start": manifest["start"],
        "end": manifest["end"],
        "calls": manifest["calls"],
        "concurrency": manifest["concurrency"],
    }


def _sum(parts: Sequence[Any]) -> Any:
    """Add up numbers, key by key where they are in objects."""
    if isinstance(parts[0], dict):
        return {key: _sum([part[key] for part in parts]) for key in parts[0]}
    return sum(parts)
