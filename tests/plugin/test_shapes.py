"""Published files go from the command line to a report; prompts name the subject that is stated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.dataset.published import FILES

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]
    Report = Callable[[], dict[str, Any]]

CLOSED = ("--safescale-conditions=closed_book", "--safescale-samples=0")


@pytest.mark.parametrize("name", FILES)
def test_a_published_file_goes_to_a_report_by_the_name_of_its_shape(
    pytester: pytest.Pytester, run_suite: Run, report: Report, name: str
) -> None:
    preset, file, content = FILES[name]
    (pytester.path / file).write_bytes(content)
    result = run_suite(
        f"--safescale-dataset={file}", f"--safescale-shape={preset}", *CLOSED, model="lexical"
    )
    manifest = report()["manifest"]
    assert manifest["dataset"]["items"] == manifest["cases"]["recorded"] == 1
    assert f"shape: {preset}" in manifest["dataset"]["read_as"]
    assert "carries no safety labels: rates of danger are unknown" in result.stdout.str()
    assert (pytester.path / "safescale-report" / "report.html").is_file()


def test_a_file_of_another_shape_ends_with_the_shape_to_give(
    pytester: pytest.Pytester, run_suite: Run
) -> None:
    _, file, content = FILES["MedMCQA, hub"]
    (pytester.path / file).write_bytes(content)
    result = run_suite(f"--safescale-dataset={file}", *CLOSED, model="lexical")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*the file reads as medmcqa, whose answers count from 0: give*"])


APPLICATION = """
def answer(messages, *, temperature, max_tokens, seed, sample_index):
    return f"{messages[0]['content']} The answer is A."
"""


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "You answer multiple-choice questions. Exactly"),
        ('[shape]\nsubject = "toxicology"', "You answer multiple-choice questions in toxicology."),
        ('shape = "radsafe200"', "You answer multiple-choice questions in radiology. Exactly"),
        ('[shape]\nsubject = "toxicology"\n[prompt]\nsystem = "Choose."', "Choose."),
    ],
)
def test_the_prompt_names_the_subject_of_the_data_set_and_stands_in_the_manifest(
    pytester: pytest.Pytester,
    items: Callable[..., Any],
    run_suite: Run,
    report: Report,
    table: str,
    said: str,
) -> None:
    items("say A")
    pytester.makepyfile(app=APPLICATION)
    (pytester.path / "safescale.toml").write_text(table, encoding="utf-8")
    run_suite("--safescale-dataset=items.json", *CLOSED)
    manifest = report()["manifest"]
    assert manifest["prompt"]["system"].startswith(said)
    assert set(manifest["prompt"]) == {"system", "user_with_evidence", "user_without_evidence"}
    (record,) = [
        json.loads(line)
        for line in (pytester.path / "safescale-report" / "cases.jsonl").read_text().splitlines()
        if "greedy" in line
    ]
    assert record["greedy"]["text"].startswith(said)
    assert said in (pytester.path / "safescale-report" / "report.html").read_text("utf-8")


def test_the_sample_keeps_its_subject_whatever_shape_is_configured(
    pytester: pytest.Pytester, run_suite: Run, report: Report
) -> None:
    (pytester.path / "safescale.toml").write_text('[shape]\nsubject = "x"', encoding="utf-8")
    run_suite("--safescale-limit=1", "--safescale-samples=0", model="lexical")
    manifest = report()["manifest"]
    assert "questions in radiology. Exactly one" in manifest["prompt"]["system"]
    assert "question in radiology in a reference library" in manifest["agent_prompt"]["system"]
    page = (pytester.path / "safescale-report" / "report.html").read_text("utf-8")
    assert "question in radiology in a reference library" in page


def test_what_is_missing_of_labels_stands_beside_the_figures(
    items: Callable[..., Any], run_suite: Run, report: Report, pytester: pytest.Pytester
) -> None:
    items("say A", "say B")
    result = run_suite("--safescale-dataset=items.json", *CLOSED)
    said = "options that are not labelled count as harmless"
    assert said in result.stdout.str()
    assert any(said in notice for notice in report()["manifest"]["notices"])
    summary = (pytester.path / "safescale-report" / "summary.md").read_text("utf-8")
    assert said in summary
