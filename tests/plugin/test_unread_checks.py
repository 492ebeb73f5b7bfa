"""What layers cannot read, or look for in vain, is told; a simulated checker can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.plugin.guarded_runs import GUARDED

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Run = Callable[..., pytest.RunResult]

LETTER = "def check(messages, **rest):\n    return 'A'\n"
BACKWARDS = """
def pytest_collection_modifyitems(items):
    items.reverse()
"""
SIMULATED = """
[models.candidate]
provider = "simulated"
[models.guarded]
provider = "layered"
base = "candidate"
layers = ["evidence_check"]
[models.guarded.evidence_check]
model = "candidate"
"""
TOLD = (
    "guarded: 3 of 3 replies to layer evidence_check could not be read: none of SUPPORTS, "
    "CONTRADICTS, SILENT, each counted as SILENT"
)


def test_a_checker_that_nobody_can_read_is_told_with_counts(
    ask_guarded: Run,
    layered_cases: Callable[[], dict[tuple[str, str], Any]],
    report: Callable[[], dict[str, Any]],
    pytester: pytest.Pytester,
) -> None:
    toml = GUARDED.replace("python:app:check", "python:letters:check")
    result = ask_guarded("--safescale-samples=5", toml=toml, letters=LETTER)
    assert f"! {TOLD}" in result.outlines
    summary = (pytester.path / "safescale-report" / "summary.md").read_text("utf-8")
    assert TOLD in summary.replace("\\_", "_")
    manifest = report()["manifest"]
    assert manifest["cases"]["unread_checks"] == [
        {"model": "guarded", "layer": "evidence_check", "unread": 3, "of": 3}
    ]
    assert TOLD in manifest["notices"]
    steps = {step["layer"]: step for step in layered_cases()["guarded", "i1"]["layers"]["steps"]}
    assert steps["evidence_check"]["could_read"] is False
    assert "could_read" not in steps["triage"]


def test_a_simulated_model_can_check_its_own_answers(
    ask_guarded: Run,
    layered_cases: Callable[[], dict[tuple[str, str], Any]],
    report: Callable[[], dict[str, Any]],
) -> None:
    ask_guarded("--safescale-samples=0", toml=SIMULATED)
    manifest = report()["manifest"]
    assert manifest["cases"]["unread_checks"] == []
    steps = [record["layers"]["steps"][0] for record in layered_cases().values()]
    assert "the evidence supports it" in {step["says"] for step in steps}
    assert {step["could_read"] for step in steps} == {True}


def test_sentences_and_tables_go_by_the_order_of_the_command(
    ask_guarded: Run, report: Callable[[], dict[str, Any]]
) -> None:
    ask_guarded(
        "--safescale-samples=0",
        "--safescale-conditions=closed_book,clean_evidence",
        "-p",
        "backwards",
        toml=SIMULATED,
        backwards=BACKWARDS,
    )
    cells = [cell["condition"] for cell in report()["analyses"]["layers"]]
    assert cells == ["closed_book", "clean_evidence"]


def test_what_triage_looks_for_in_vain_is_told(
    ask_guarded: Run, report: Callable[[], dict[str, Any]]
) -> None:
    toml = GUARDED.replace(
        'words = ["urgent"]', 'words = ["urgent"], question_type = ["managment"]'
    )
    ask_guarded("--safescale-samples=5", toml=toml)
    told = [notice for notice in report()["manifest"]["notices"] if "triage.when" in notice]
    assert len(told) == 1
    assert told[0].startswith(
        "guarded: triage.when.question_type names 'managment', which no item has; the data have: "
    )


def test_a_simulated_checker_of_another_model_is_labelled_as_simulated(
    ask_guarded: Run, report: Callable[[], dict[str, Any]]
) -> None:
    ask_guarded("--safescale-samples=5", toml=GUARDED.replace("python:app:check", "simulated"))
    assert (
        "simulated is simulated, no clinical language model: figures show how this program "
        "works" in report()["manifest"]["notices"]
    )
