"""A run over a repaired corpus: its plan of calls, its shards, its replay and its baseline."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from pytest_safescale.dataset.corpus_repair import PLAN_KIND
from pytest_safescale.runs.plan import plan_run
from pytest_safescale.runs.run import prepare_run
from pytest_safescale.settings.resolve import resolve_settings
from tests.runs.sharded import SAMPLE, data_of, read, refused, run_in

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = """
samples = 0
conditions = ["closed_book", "top_1"]
model = ["lexical"]
corpus_repair = "plan.json"
"""
GATE = """
[[gates]]
metric = "accuracy"
condition = "{}"
min = 0.01
"""


def write_plan(folder: Path, *dropped: str) -> None:
    corpus = (SAMPLE / "corpus.jsonl").read_bytes()
    plan = {
        "kind": PLAN_KIND,
        "corpus": {"sha256": hashlib.sha256(corpus).hexdigest()},
        "actions": [{"action": "drop", "passage": passage} for passage in dropped],
    }
    (folder / "plan.json").write_text(json.dumps(plan), "utf-8")


def planned(folder: Path, conditions: str, **more: Any) -> dict[str, tuple[int, int]]:
    """Return cases and calls by condition, of the sample's first ten items."""
    settings = resolve_settings(
        {"model": ["lexical"], "limit": 10, "samples": 0, "conditions": conditions, **more}
    )
    rows = plan_run(prepare_run(settings, root=folder))
    return {row.condition: (row.cases, row.most_calls) for row in rows}


def test_what_a_plan_changes_nothing_for_takes_no_call(tmp_path: Path) -> None:
    write_plan(tmp_path)
    plan = {"corpus_repair": str(tmp_path / "plan.json")}
    found = planned(tmp_path, "closed_book,standard_rag,agentic_rag", **plan)
    assert found == {
        "closed_book": (10, 10),
        "standard_rag": (10, 10),
        "standard_rag_repaired": (10, 0),
        "agentic_rag": (10, 40),
        "agentic_rag_repaired": (10, 0),
    }
    # Without the condition beside it, it takes what that would.
    assert planned(tmp_path, "agentic_rag_repaired", **plan) == {"agentic_rag_repaired": (10, 40)}


def test_an_agent_is_asked_anew_from_the_turn_that_reads_other_passages(tmp_path: Path) -> None:
    settings = resolve_settings({"model": ["lexical"], "limit": 10, "conditions": "agentic_rag"})
    corpus = prepare_run(settings, root=tmp_path).dataset.corpus
    write_plan(tmp_path, *(one.id for one in corpus[:-5]))
    plan = {"corpus_repair": str(tmp_path / "plan.json")}
    found = planned(tmp_path, "agentic_rag", **plan)
    # The first turn has read nothing yet; two turns and the answer are asked anew.
    assert found == {"agentic_rag": (10, 40), "agentic_rag_repaired": (10, 30)}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--conditions=closed_book"], "none of the conditions retrieves (closed_book); allowed: "),
        (["--conditions=top_10_repaired"], "unknown condition 'top_10_repaired' (did you mean "),
        (["--corpus-repair=none.json"], "none.json cannot be used"),
        (["--corpus-repair=."], "cannot be used"),
    ],
)
def test_what_cannot_be_is_refused_before_any_call(
    arguments: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_plan(tmp_path)
    first = ["plan", "--model=lexical", "--samples=0", "--limit=2", "--corpus-repair=plan.json"]
    assert main([*first, "--conditions=top_1", *arguments]) == 4
    assert told in capsys.readouterr().err


@pytest.mark.slow
def test_shards_replay_and_baseline_are_of_the_same_repair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    passages = [
        json.loads(line)["id"] for line in (SAMPLE / "corpus.jsonl").read_text("utf-8").splitlines()
    ]
    write_plan(tmp_path, *passages[:40])
    (tmp_path / "safescale.toml").write_text(data_of(tmp_path, 8) + CONFIGURATION, "utf-8")
    assert run_in(tmp_path, "--safescale-report=one") == 0
    one = read(tmp_path / "one")
    assert one["manifest"]["corpus_repair"]["actions"]["drop"] == 40
    rows = [row for row in one["comparisons"] if row["left"] == "top_1_repaired"]
    assert rows
    assert {row["right"] for row in rows} == {"top_1"}

    assert run_in(tmp_path, "--safescale-report=one", "--safescale-replay") == 0
    again = read(tmp_path / "one")
    assert again["manifest"]["calls"]["made"] == 0
    assert again["comparisons"] == one["comparisons"]

    for number in (1, 2):
        arguments = (f"--safescale-report=s{number}", f"--safescale-shard={number}/2")
        assert run_in(tmp_path, *arguments) == 0
    (tmp_path / "gates.toml").write_text(GATE.format("top_1_repaired"), "utf-8")
    assert main(["merge", "s1", "s2", "--out=whole", "--gates=gates.toml"]) == 0
    whole = read(tmp_path / "whole")
    assert whole["comparisons"] == one["comparisons"]
    assert whole["manifest"]["corpus_repair"] == one["manifest"]["corpus_repair"]
    capsys.readouterr()
    (tmp_path / "gates.toml").write_text(GATE.format("closed_book_repaired"), "utf-8")
    assert "closed_book_repaired" in refused(
        capsys, "s1", "s2", "--out=other", "--gates=gates.toml"
    )
    assert main(["score", "one", "--dataset=items.json", "--out=scored"]) == 0
    scored = read(tmp_path / "scored")
    assert scored["manifest"]["corpus_repair"] == one["manifest"]["corpus_repair"]
    assert scored["comparisons"] == one["comparisons"]

    write_plan(tmp_path, *passages[:20])
    assert run_in(tmp_path, "--safescale-report=s2", "--safescale-shard=2/2") == 0
    capsys.readouterr()
    assert "corpus repair" in refused(capsys, "s1", "s2", "--out=other")
    assert run_in(tmp_path, "--safescale-report=later", "--safescale-baseline=one") == 0
    against = json.dumps(read(tmp_path / "later")["manifest"])
    assert "the corpus of the baseline was repaired by another plan" in against
