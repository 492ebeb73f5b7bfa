"""Notes beside the run verdict: lock and attempt, stored, estimated, and second readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.report.attempt_lines import attempt_sentences
from pytest_safescale.report.reading_table import interval_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_safescale.results.manifest import Manifest

__all__ = ["store_sentences", "verdict_notes"]


def verdict_notes(manifest: Manifest) -> list[str]:
    """Return the sentences that stand beside the run verdict, in terminal, summary and page."""
    return [
        *attempt_sentences(manifest),
        *_held_jointly(manifest),
        *store_sentences(manifest),
        *_estimated(manifest),
        *_second_reader(manifest),
        *_twice_in_means(manifest),
    ]


def _held_jointly(manifest: Manifest) -> Iterator[str]:
    """Say at which level gates with confidence are held as one family."""
    if held := manifest.get("held_jointly"):
        yield (
            f"{held['gates']} gates with confidence share one chance to pass wrongly: "
            f"{100 * held['level']:.3g} % at most for any of them (Holm)."
        )


def _twice_in_means(manifest: Manifest) -> Iterator[str]:
    """Say which models stand in means over models beside the model that their layers are around."""
    models = manifest.get("models", ())
    names = {model["name"] for model in models}
    told = [
        f"{model['name']} beside its base {model['model']}"
        for model in models
        if model["provider"] == "layered" and model["model"] in names
    ]
    if told:
        yield f"Means over models, and what is pooled over them, count {', '.join(told)}."


def _second_reader(manifest: Manifest) -> Iterator[str]:
    """Say what a second model read of the replies, and how far it agrees with the rules."""
    reader = manifest.get("second_reader")
    if reader is None:
        return
    read, agreement = reader["unreadable"], reader["agreement"]
    asked, name = read.get("asked", 0), reader["name"]
    kinds = (
        ("letter", "as an answer"),
        ("none", "as an abstention"),
        ("unclear", "not either"),
        ("failed", "not, as the call failed"),
    )
    parts = [f"{read[kind]} {told}" for kind, told in kinds if read.get(kind)]
    told = f": {', '.join(parts)}" if parts else ""
    yield f"{name} read {asked} replies that the rules could not{told}."
    n = agreement["n"]
    if n:
        yield (
            f"{name} reads a seeded sample of readable replies as the rules do: "
            f"{interval_text(agreement['alike'], n)}."
        )
    else:
        yield f"{name} was held against the rules on no readable reply."


def store_sentences(manifest: Manifest) -> Iterator[str]:
    """Say how many replies earlier runs made, and when: what is served may have changed since."""
    calls = manifest.get("calls") or {}
    days, stored = sorted(calls.get("from_store_by_day") or {}), calls.get("replies_from_store")
    if not (stored and days):
        return
    of = f"of {days[0]}" if len(days) == 1 else f"of {days[0]} to {days[-1]}"
    if stored < calls["replies"]:
        yield f"{stored:,} of {calls['replies']:,} replies come from the store, {of} (UTC)."
    elif calls["made"] or manifest["replay"]:
        yield f"All {stored:,} replies come from the store, {of} (UTC)."
    else:
        yield f"All {stored:,} replies come from the store, {of} (UTC): nothing was asked."


def _estimated(manifest: Manifest) -> Iterator[str]:
    """Say whose tokens nobody counted; figures of a budget that hold by them are estimates too."""
    told, priced = [], False
    for model in manifest.get("models", ()):
        tokens = model.get("tokens")
        if tokens and (estimated := tokens.get("estimated_tokens")):
            total = tokens["prompt_tokens"] + tokens["completion_tokens"]
            told.append(f"{estimated} of {total} tokens of {model['name']}")
            priced |= bool(model.get("price_in") or model.get("price_out"))
    this_run = manifest.get("tokens", {}).get("this_run")
    # Of embeddings, or of replies not kept.
    if not told and this_run and this_run.get("estimated_tokens"):
        total = this_run["prompt_tokens"] + this_run["completion_tokens"]
        told = [f"{this_run['estimated_tokens']} of {total} tokens that this run took"]
    if not told:
        return
    budget = (manifest.get("budget") or {}).get("max_cost")
    cost = ", and their cost" if priced else ""
    held = "" if budget is None else "; --safescale-max-cost was held by the estimate"
    yield f"Estimated, because no usable usage was stated: {', '.join(told)}{cost}{held}."
