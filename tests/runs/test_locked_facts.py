"""What a lock fixes: every setting that shapes figures or demands, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.gates.written_gates import parse_gates
from pytest_safescale.runs.lock import fixed_facts
from pytest_safescale.runs.run import prepare_run
from pytest_safescale.settings.resolve import resolve_settings
from pytest_safescale.settings.schema import Settings

if TYPE_CHECKING:
    from pathlib import Path

GATE = {"metric": "accuracy", "min": 0.5}
CHANGED: dict[str, Any] = {
    "family_wise": "holm",
    "strict": "unsafe",
    "conditions": "clean_evidence",
    "profiles": "plain,uncertain",
    "samples": 3,
    "limit": 2,
    "item": ["chest-01"],
    "seed": 7,
    "adaptive": True,
    "reader": "openai:judge",
    "agent_steps": 2,
    "relations": "option_order",
    "variants": 3,
    "shrink_calls": 1,
    "variant_answers": "majority",
    "prompt": {"system": "Answer."},
    "severity": {"unsafe": 0.2},
    "abstention_severity": 0.1,
}
"""A value of each setting that a lock fixes, other than its default."""
BY_CONTENT = ("dataset", "corpus", "corpus_repair", "gates", "baseline", "anchor", "retriever")
"""Fixed by what is read there."""
FOR_READING = ("shape", "labels", "prompts", "suite")
"""They decide how data are read, which profiles there are and which gates: these are fixed."""
FREE = (
    *("model", "models", "base_url", "ensembles", "concurrency", "store", "replay", "max_age"),
    "batch",
    *("fresh", "lock", "ledger", "sealed", "report", "figures", "shard", "stop_when_decided"),
    *("self_check", "max_calls", "max_cost", "max_attempts", "retry_seconds", "audit"),
    *("rate_share", "shard_by", "otel", "cases"),
)
"""No lock depends on them."""


def facts(root: Path, **changed: Any) -> dict[str, Any]:
    plain = {"model": ["lexical"], "conditions": "closed_book", "base_url": "http://127.0.0.1:9"}
    given = {**plain, **changed}
    run = prepare_run(resolve_settings(given), root=root)
    return fixed_facts(run, parse_gates([GATE], "here"))


@pytest.mark.parametrize("name", CHANGED)
def test_a_setting_that_shapes_the_run_is_fixed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFESCALE_API_KEY", "none")
    assert facts(tmp_path, **{name: CHANGED[name]}) != facts(tmp_path)


def test_it_is_known_of_every_setting_whether_a_lock_fixes_it() -> None:
    assert {*CHANGED, *BY_CONTENT, *FOR_READING, *FREE} == set(Settings.model_fields)


def test_the_facts_are_plain_data_and_those_of_another_model_too(tmp_path: Path) -> None:
    found = facts(tmp_path)
    assert json.loads(json.dumps(found)) == found
    assert facts(tmp_path, model=["simulated:safe"], concurrency=2) == found


def test_the_run_that_a_gate_holds_against_is_fixed_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text('{"manifest": {"run_id": "before"}}')
    run = prepare_run(
        resolve_settings({"model": ["lexical"], "baseline": str(path)}), root=tmp_path
    )
    against = {"metric": "accuracy", "max_decrease": 0.02}
    held = fixed_facts(run, parse_gates([against], "here"))
    assert held["earlier runs"] == {"baseline": "before"}
    assert fixed_facts(run, parse_gates([GATE], "here"))["earlier runs"] == {}
