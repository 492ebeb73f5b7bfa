"""A certificate read back, and held against what a run states before its first call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.errors import DatasetError, SettingsError
from pytest_safescale.gates.written_gates import parse_gates
from pytest_safescale.results.certificate_file import (
    GateCertificates,
    read_certificate,
    require_certified,
)

if TYPE_CHECKING:
    from pathlib import Path

NAMED = "gate 'g': c.json"
MODEL = {"name": "m", "provider": "openai", "model": "big", "revision": "", "shaping": {"top": [1]}}
ASKED: dict[str, Any] = {
    "dataset": {"name": "items.json", "sha256": "d1"},
    "corpus": {"name": "guides.jsonl", "passages": 3},
    "ranker": "bm25",
    "prompt_sha256": "p1",
    "agent_prompt_sha256": "a1",
    "decoding": {"samples": 5, "adaptive": False, "seed": 42, "answer_tokens": 10},
    "label_rule": "majority",
    "models": [MODEL],
}
SHOWN = {
    "items": 3,
    "answered": 2,
    "dangerous": 0,
    "missing": 0,
    "coverage": 2 / 3,
    "coverage_low": 0.1,
    "coverage_high": 0.9,
    "danger": 0.0,
    "danger_low": 0.0,
    "danger_high": 0.7,
}
ROW = {
    "model": "m",
    "condition": "closed_book",
    "threshold": 0.8,
    "calibration_items": 3,
    "calibration_missing": 0,
    "passed_over": [],
    "tested": [],
    "shown": SHOWN,
    "without": SHOWN,
    "items_needed": None,
}
CELL = ("m", "closed_book")


def certificate(**other: Any) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "kind": "safescale certificate",
        "note": "no clinical claim",
        "notices": [],
        "runs": ["r1"],
        **ASKED,
        "conditions": ["closed_book"],
        "score": "agreement",
        "risk": "high_risk_error_rate",
        "over": "answered",
        "bound": 0.05,
        "delta": 0.05,
        "split": {"calibration": 0.5, "seed": 42, "by": "item id"},
        "certificates": [ROW],
        **other,
    }


def held(content: Any, manifest: Any, *cells: tuple[str, str]) -> str:
    """Return why the certificate is refused; empty where it is not."""
    try:
        require_certified(content, manifest, cells or [CELL], named=NAMED)
    except SettingsError as refused:
        return str(refused)
    return ""


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps(certificate()), encoding="utf-8")
    assert read_certificate(path, named=NAMED) == certificate()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, f"{NAMED} cannot be read: No such file"),
        ("{", f"{NAMED} is no JSON: "),
        ("[1]", f"{NAMED} is no certificate; allowed: what safescale certify wrote"),
        ({"kind": "other"}, f"{NAMED} is no certificate"),
        (certificate(schema_version=2), f"{NAMED}, schema_version: found 2; allowed: 1"),
        (certificate(bound="low"), f"{NAMED}, bound: found 'low'; allowed: a number"),
        (certificate(risk="accuracy"), f"{NAMED}, risk: found 'accuracy'; allowed: high_risk_err"),
        (certificate(over="most"), f"{NAMED}, over: found 'most'; allowed: answered, all"),
        (certificate(score="mood"), f"{NAMED}, score: found 'mood'; allowed: agreement, "),
        (
            certificate(split={"calibration": 0.5, "seed": 1, "by": "day"}),
            f"{NAMED}, split.by: found 'day'; allowed: item id, cluster",
        ),
        (certificate(delta=0), f"{NAMED}, delta: found 0; allowed: above 0 and below 1"),
        (certificate(bound=float("nan")), f"{NAMED}, bound: found nan; allowed: above 0"),
        (
            certificate(certificates=[{**ROW, "threshold": float("nan")}]),
            f"{NAMED}, threshold: found nan; allowed: 0 to 1, or null",
        ),
        (certificate(certificates=[]), f"{NAMED}, certificates: found none; allowed: at least one"),
        (
            certificate(certificates=[ROW, {**ROW, "threshold": 0.1}]),
            f"{NAMED}: found m, closed_book twice; allowed: once",
        ),
        (
            certificate(certificates=[{**ROW, "calibration_items": 0}]),
            f"{NAMED}, calibration_items: found 0; allowed: at least 1",
        ),
    ],
)
def test_what_is_no_certificate_is_refused_in_one_sentence(
    tmp_path: Path, content: Any, told: str
) -> None:
    path = tmp_path / "c.json"
    if content is not None:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(DatasetError) as refused:
        read_certificate(path, named=NAMED)
    assert str(refused.value).startswith(told)
    assert "\n" not in str(refused.value)


def test_a_certificate_of_the_same_data_model_and_prompts_is_taken() -> None:
    assert held(certificate(), ASKED) == ""
    # Another name or address of the same data, another seed, and further models are no difference.
    other = {
        **ASKED,
        "dataset": {"name": "copy.json", "sha256": "d1", "items": 9},
        "decoding": {**ASKED["decoding"], "seed": 7},
        "models": [{**MODEL, "base_url": "elsewhere", "shaping": {"top": (1,)}}, {"name": "n"}],
    }
    assert held(certificate(), other) == ""
    old = certificate()
    del old["corpus"], old["ranker"]
    assert held(old, ASKED) == ""


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"dataset": {"name": "b.json", "sha256": "d2"}},
            "it has another data set (items.json, here b.json)",
        ),
        ({"prompt_sha256": "p2"}, "it has another prompt (p1, here p2)"),
        ({"agent_prompt_sha256": "a2"}, "it has another agent's prompt (a1, here a2)"),
        (
            {"decoding": {**ASKED["decoding"], "samples": 20}},
            "it has another decoding (samples 5, here 20)",
        ),
        ({"label_rule": "any"}, "it has another rule for labels (majority, here any)"),
        ({"ranker": None}, "it has another ranker (bm25, here None)"),
        (
            {"corpus": {"name": "guides.jsonl", "passages": 4}},
            "it has another corpus (passages 3, here 4)",
        ),
    ],
)
def test_one_of_other_data_or_prompts_is_refused(changed: dict[str, Any], told: str) -> None:
    found = held(certificate(), {**ASKED, **changed})
    assert found == (
        f"{NAMED} is not about this run: {told}; allowed: what safescale certify made of runs "
        "like this one"
    )


def test_a_plan_of_repairs_concerns_the_cells_over_the_repaired_corpus_alone() -> None:
    repair = {"name": "plan.json", "sha256": "r1", "actions": {"drop": 1}, "passages": 2}
    cell = ("m", "top_1_repaired")
    rows = [ROW, {**ROW, "condition": cell[1]}]
    certified = certificate(corpus_repair=repair, certificates=rows)
    assert held(certified, {**ASKED, "corpus_repair": repair}, cell) == ""
    assert held(certified, ASKED) == ""
    other = {**ASKED, "corpus_repair": {**repair, "sha256": "r2"}}
    assert held(certified, other) == ""
    assert held(certified, other, cell) == (
        f"{NAMED} is about a corpus that another plan repaired than this run's; allowed: a "
        "certificate of runs with the same plan"
    )


def test_single_answers_do_not_depend_on_samples() -> None:
    few = {**ASKED, "decoding": {**ASKED["decoding"], "samples": 20}}
    assert held(certificate(score="logprob"), few) == ""
    longer = {**ASKED, "decoding": {**ASKED["decoding"], "answer_tokens": 20}}
    assert "answer_tokens 10, here 20" in held(certificate(score="logprob"), longer)


def test_one_of_another_model_or_condition_is_refused() -> None:
    other = {**ASKED, "models": [{**MODEL, "model": "small"}]}
    assert held(certificate(), other) == (
        f"{NAMED} is about another model m than this run (model big, here small); allowed: a "
        "certificate of the same model"
    )
    assert held(certificate(), ASKED, ("n", "closed_book")) == (
        f"{NAMED}: found no certificate of n, closed_book; allowed: m, closed_book"
    )
    assert "found no certificate of m, standard_rag" in held(
        certificate(), ASKED, CELL, ("m", "standard_rag")
    )
    # One that was refused a threshold is still about its cell.
    refused = certificate(certificates=[{**ROW, "threshold": None, "shown": None}])
    assert held(refused, ASKED) == ""


def test_a_gate_is_held_against_the_cells_of_its_profiles(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    profile: Any = {"name": "verify", "texts": {}, "sha256": "v1"}
    cell = {**ROW, "condition": "closed_book/verify"}
    content = certificate(profiles=[profile], certificates=[cell])
    path.write_text(json.dumps(content), encoding="utf-8")
    certificates = GateCertificates()
    gates = parse_gates([{"certified": str(path)}], "here", certificates=certificates.read)
    run: Any = {**ASKED, "conditions": ["closed_book"], "profiles": [profile]}
    certificates.require(gates, run)
    plain: Any = {**run, "profiles": []}
    with pytest.raises(SettingsError, match="found no certificate of m, closed_book; allowed"):
        certificates.require(gates, plain)
    # A profile that the run does not ask is no other text of it: the gate has no case there.
    named = {"certified": str(path), "profile": "verify"}
    certificates.require(parse_gates([named], "here", certificates=certificates.read), plain)
    other: Any = {**run, "profiles": [{**profile, "sha256": "v2"}]}
    with pytest.raises(SettingsError, match="about other texts of the prompt profile verify"):
        certificates.require(gates, other)
