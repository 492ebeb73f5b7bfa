"""How many rounds of requests a case takes is told from the fewest to the most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.runs.rounds import rounds_of
from pytest_safescale.runs.run import prepare_run
from pytest_safescale.settings.resolve import resolve_settings

if TYPE_CHECKING:
    from pathlib import Path

TWO_TURNS = {"prompts": {"twice": {"steps": ["Look again."]}}, "profiles": ["twice"]}
RETRIED = {"provider": "lexical", "max_tokens_retry": 500}
CHECKED = {
    "provider": "layered",
    "base": "m",
    "layers": ["evidence_check"],
    "evidence_check": {"model": "m"},
}
DENSE = {"retriever": "openai:embedder", "base_url": "http://127.0.0.1:9/v1"}


def rounds(root: Path, model: dict[str, Any] | None = None, **given: Any) -> tuple[int, int | None]:
    tables = {"m": {"provider": "lexical"}, "asked": model or {"provider": "lexical"}}
    settings = {"model": ("asked",), "limit": 1, "samples": 0, "conditions": "closed_book"}
    configured = {"models": tables, **given}
    run = prepare_run(
        resolve_settings(
            {name: one for name, one in settings.items() if name not in given}, configured
        ),
        root=root,
    )
    (case,) = run.cases
    return tuple(rounds_of(run, case))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, (1, 1)),
        ({"samples": 20}, (1, 1)),  # beside the single answer, all at once
        ({"conditions": ["standard_rag"]}, (1, 1)),
        (TWO_TURNS, (2, 2)),
        # Six searches, the report that is demanded, and the question.
        ({"conditions": ["agentic_rag"]}, (2, 8)),
        ({"conditions": ["agentic_rag"], **TWO_TURNS}, (3, 9)),
        # The corpus, the query, the question.
        ({"conditions": ["standard_rag"], **DENSE}, (3, 3)),
        ({"conditions": ["agentic_rag"], **DENSE}, (2, None)),
    ],
)
def test_a_case_takes_a_round_for_whatever_waits_for_a_reply(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, Any],
    told: tuple[int, int | None],
) -> None:
    monkeypatch.setenv("SAFESCALE_API_KEY", "none")
    assert rounds(tmp_path, **given) == told


def test_what_is_cut_may_be_asked_once_more(tmp_path: Path) -> None:
    assert rounds(tmp_path, RETRIED) == (1, 2)


def test_samples_one_after_the_other_may_take_a_round_each(tmp_path: Path) -> None:
    # Of twenty, nineteen may settle the case; else the last one follows.
    assert rounds(tmp_path, samples=20, adaptive=True) == (1, 2)


def test_layers_may_ask_after_the_base(tmp_path: Path) -> None:
    least, most = rounds(tmp_path, CHECKED, conditions=["clean_evidence"])
    assert (least, most) == (1, 3)
