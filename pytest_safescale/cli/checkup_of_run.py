"""A run looked at before it begins: data, models, store, gates, and what it would take."""

from __future__ import annotations

import os
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_safescale.cli.checkup import CANNOT_PASS
from pytest_safescale.cli.planned_gates import gates_of, plans_of, require_possible
from pytest_safescale.cli.prepared_run import prepared_run
from pytest_safescale.cli.progress import tell
from pytest_safescale.cli.store import count_told, size_told
from pytest_safescale.errors import CallFailed, SafescaleError
from pytest_safescale.text.escaping import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.cli.checkup import Checkup
    from pytest_safescale.dataset.item import Dataset
    from pytest_safescale.models.model import Model
    from pytest_safescale.runs.one_call import Tried
    from pytest_safescale.runs.plan import PlanRow
    from pytest_safescale.settings.schema import Settings

__all__ = ["check_run"]

_OLD_DAYS = 30
_LOOKED_AT = 10
"""Cases of a cell whose prompts are built for the plan."""
_SHOWN = 60
"""Characters of a reply that cannot be read."""


def check_run(found: Checkup, settings: Settings, folder: Path, *, calls: bool) -> None:
    """Look at everything that a run with these settings needs.

    ``folder`` is that of the configuration; ``calls`` is whether each model is asked once.
    """
    dataset = None
    with found.looking_at("data"):
        dataset = _data(found, settings, folder)
    tried: dict[str, Tried] = {}
    for spec in _asked(settings):
        with found.looking_at("model"):
            tried |= _model(found, spec, settings, folder, dataset if calls else None)
    if not settings.model:
        found.problem("model: none is named; give --model SPEC, or the key model")
    with found.looking_at("store"):
        _store(found, settings)
    if dataset is not None:
        with found.looking_at("gates"):
            _plan(found, settings, folder, tried)


def _data(found: Checkup, settings: Settings, folder: Path) -> Dataset:
    from pytest_safescale.runs.data_of_run import data_of_run

    dataset = data_of_run(settings, folder)
    passages = f", {len(dataset.corpus)} passages" if dataset.corpus else ""
    found.ok(f"data {dataset.name}: {len(dataset.items)} items{passages}")
    for notice in dataset.notices:
        found.hint(f"data: {notice}")
    if not dataset.labelled:
        found.hint("data: no option carries a label, so that rates of danger will be unknown")
    return dataset


def _asked(settings: Settings) -> Sequence[str]:
    """Return the specifications of the models that are asked: the bases of those with layers."""
    named = []
    for spec in (*settings.model, *([settings.reader] if settings.reader else [])):
        table = settings.models.get(spec)
        named.append(table.base if table is not None and table.base else spec)
    return list(dict.fromkeys(named))


def _model(
    found: Checkup, spec: str, settings: Settings, folder: Path, dataset: Dataset | None
) -> Mapping[str, Tried]:
    """Look at a model, and ask it once where there is an item to ask."""
    from pytest_safescale.models.build import build_model
    from pytest_safescale.models.redacted import GuardedModel
    from pytest_safescale.runs.one_call import try_model

    model = build_model(spec, settings, root=folder)
    info = model.info
    if info.answers_by_itself:
        found.ok(f"model {spec}: {info.nature.value}, which needs no endpoint and no key")
        return {}
    where = _where(model)
    if info.provider == "openai":
        found.ok(f"key of {spec}: set in {_variable(spec, settings)}")
    if dataset is None:
        found.hint(f"model {spec}{where}: not asked, so that nothing is known of it")
        return {}
    from pytest_safescale.conditions.prompt import default_prompt
    from pytest_safescale.runs.case import Decoding

    tell(f"safescale: {spec} is asked once{where}")
    decoding = Decoding(seed=settings.seed)
    try:
        tried = try_model(model, dataset.items[0], default_prompt(dataset.subject), decoding)
    except CallFailed as failure:
        raised = model.untold_traceback() if isinstance(model, GuardedModel) else ""
        found.problem(f"model {spec}: {failure}\n{raised}".rstrip())
        return {}
    _tell_tried(found, model, tried, where)
    return {spec: tried}


def _where(model: Model) -> str:
    host = urlsplit(model.info.base_url)
    port = f":{host.port}" if host.port else ""
    return f" at {host.hostname}{port}" if host.hostname else ""


def _variable(spec: str, settings: Settings) -> str:
    from pytest_safescale.models.environment import key_of

    table = settings.models.get(spec)
    return key_of(spec, table.api_key_env if table is not None else None)[1]


def _tell_tried(found: Checkup, model: Model, tried: Tried, where: str) -> None:
    info, usage = model.info, tried.usage
    priced = info.price_in or info.price_out
    cost = f"cost {tried.money:.6f} in your unit" if priced else "cost unknown, as no price is set"
    about = "about " if usage.estimated_tokens else ""
    found.ok(
        f"model {info.name}: one call{where} was answered in {tried.seconds:.1f} s; {about}"
        f"{usage.prompt_tokens} tokens in, {usage.completion_tokens} out, {cost}"
    )
    if info.provider == "openai":
        refused = model.facts.refused()
        taken = [name for name in ("temperature", "seed", "max_tokens") if not _in(name, refused)]
        found.ok(f"model {info.name} takes {', '.join(taken) or 'no parameter that was tried'}")
        if refused:
            found.hint(
                f"model {info.name} refuses {', '.join(refused)}: requests refused before: "
                f"{tried.requests - 1}; a run leaves these out or names them otherwise"
            )
    if tried.answer.letter is None:
        found.hint(
            f"model {info.name}: its reply is {tried.answer.state.value}: "
            f"{shorten(tried.reply.text, _SHOWN)!r} (docs/replies.md)"
        )


def _in(name: str, refused: Sequence[str]) -> bool:
    return any(one.split()[0] == name for one in refused)


def _store(found: Checkup, settings: Settings) -> None:
    from pytest_safescale.calls.store_contents import store_contents

    path = settings.store
    if not path.exists():
        there = next(place for place in path.absolute().parents if place.exists())
        if settings.replay:
            found.problem(f"store {path}: there is none to answer from")
        elif os.access(there, os.W_OK):
            found.ok(f"store {path}: none yet; the first reply makes it")
        else:
            found.problem(f"store {path}: {there} cannot be written to")
        return
    contents = store_contents(path)
    if not contents.parts:
        found.ok(f"store {path}: no replies yet")
        return
    first = min(part.first for part in contents.parts)
    last = max(part.last for part in contents.parts)
    found.ok(
        f"store {path}: {count_told(contents.replies)}, {size_told(contents.bytes)}, from "
        f"{_day(first)} to {_day(last)}"
    )
    if settings.max_age is None and time.time() - first > _OLD_DAYS * 86_400:
        found.hint(
            f"store: replies are taken whatever their age, the oldest of {_day(first)}; "
            "--safescale-max-age 30d asks again"
        )


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).date().isoformat()


def _plan(found: Checkup, settings: Settings, folder: Path, tried: Mapping[str, Tried]) -> None:
    from pytest_safescale.runs.assumed_truth import Assumptions
    from pytest_safescale.runs.outlook_of_gates import gates_outlook
    from pytest_safescale.runs.plan import plan_run
    from pytest_safescale.runs.plan_words import parallel_sentences, plan_sentences

    gates, certificates = gates_of(settings)
    try:
        planned, named = prepared_run(settings, folder), settings
    except SafescaleError:  # told already, of the model or the data that it is about
        named = settings.model_copy(update={"model": (), "reader": None})
        planned = prepared_run(named, folder)
    require_possible(planned, named, gates, certificates)
    rows = plan_run(planned, looked_at=_LOOKED_AT)
    outlook = gates_outlook(gates, plans_of(planned, named, rows, Assumptions()))
    if outlook.impossible:
        found.problem(
            f"gates: {_impossible(outlook.lines)} (safescale plan says more)", CANNOT_PASS
        )
    elif gates:
        found.ok(f"gates: {len(gates)}, each of which such a run can pass")
    else:
        found.hint("gates: none are configured, so that nothing blocks (docs/gates.md)")
    for sentence in (
        *plan_sentences(rows),
        *parallel_sentences(planned),
        *_times(settings, rows, tried),
    ):
        found.ok(f"a run: {sentence}")


def _impossible(lines: Sequence[str]) -> str:
    told = " ".join(line.strip() for line in lines)
    return told[told.index("Whatever is answered") :]


def _times(
    settings: Settings, rows: Sequence[PlanRow], tried: Mapping[str, Tried]
) -> Iterator[str]:
    """Say how long the calls take at the pace of the one that was made."""
    for name, one in tried.items():
        table = settings.models.get(name)
        most = (table.max_parallel if table is not None else None) or settings.concurrency
        at_once = min(most, settings.concurrency)
        calls = [
            sum(getattr(row, end) for row in rows if row.model == name)
            for end in ("fewest_calls", "most_calls")
        ]
        if not calls[1]:
            continue
        low, high = (_duration(one.seconds * count / at_once) for count in calls)
        span = low if low == high else f"{low} to {high}"
        yield f"{name}: about {span}, at {one.seconds:.1f} s a call and {at_once} at once"


def _duration(seconds: float) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{max(1, round(seconds))} s"
