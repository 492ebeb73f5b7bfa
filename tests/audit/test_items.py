"""What a corpus is for the items: facts that are told, told for others, and dangers supported."""

from __future__ import annotations

import random

from pytest_safescale.audit.audit_corpus import audit_corpus
from pytest_safescale.dataset.corpus import CorpusPassage
from tests.audit.planted import Planted, background, for_items, sample


def audited(planted: Planted, background_size: int = 100) -> dict[str, set[tuple[str, ...]]]:
    raw = [*planted.passages, *background(background_size, random.Random(1))]
    passages = [
        CorpusPassage(id=one["id"], title="", text=one["text"], line=line, fields={})
        for line, one in enumerate(raw, start=1)
    ]
    audit = audit_corpus(
        passages, lambda _: None, items=sample().items, this_year=2026, max_age_years={}
    )
    assert audit.coverage is not None
    found: dict[str, set[tuple[str, ...]]] = {name: set() for name in audit.looked_for}
    for one in audit.findings:
        found[one.finding].add((one.place.passage if one.place else "", one.item or ""))
    found["served"] = {(one["item"],) for one in audit.coverage["by_item"] if one["passage"]}
    return found


def test_planted_facts_limits_and_dangers_are_found() -> None:
    planted = for_items(12, random.Random(3))
    found = audited(planted)
    told = {one["id"].partition("-")[2] for one in planted.passages if one["id"][0] in "fs"}
    assert {item for (item,) in found["served"]} >= told
    others = {truth[2:] for truth in planted.truths if truth[0] == "applicability"}
    hits = others & found["applicability"]
    assert len(hits) >= 0.7 * len(others)
    assert len(hits) >= 0.9 * len(found["applicability"])
    dangers = {truth[2:] for truth in planted.truths if truth[0] == "wrong_support"}
    assert len(dangers & found["wrong_support"]) >= 0.7 * len(dangers)


def test_items_whose_facts_are_removed_are_told() -> None:
    planted = for_items(12, random.Random(3))
    plain = [one["id"] for one in planted.passages if one["id"][0] == "f"]
    planted.passages = [one for one in planted.passages if one["id"] not in plain]
    uncovered = {item for _, item in audited(planted)["coverage"]}
    assert {id_.partition("-")[2] for id_ in plain} <= uncovered
