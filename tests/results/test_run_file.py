from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.errors import DatasetError
from pytest_safescale.results.run_file import read_cases, read_run
from tests.report.folders import make_folder
from tests.report.made_records import Shape, make_records

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_is_read_back(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, Shape(items=2))
    run = read_run(folder)
    assert run.models == ["small", "large", "huge"]
    assert run.ensembles == ["ensemble:three"]
    assert run.average == "*"
    assert run.conditions[0] == "closed_book"
    assert len(list(read_cases(folder))) == 3 * 6 * 2


def test_the_only_model_stands_for_the_mean(tmp_path: Path) -> None:
    run = read_run(make_folder(tmp_path, Shape(items=2, models=("one",), extras=False)))
    assert run.average == "one"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read: No such file or directory"),
        ("{", "is not JSON"),
        ("[]", "is no report: allowed is an object with a manifest"),
    ],
)
def test_what_is_no_report_is_named(tmp_path: Path, content: str | None, complaint: str) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(DatasetError, match=complaint):
        read_run(tmp_path)


def test_a_broken_line_of_cases_is_named(tmp_path: Path) -> None:
    (case,) = make_records(Shape(items=1, models=("m",), conditions=("closed_book",)))
    (tmp_path / "cases.jsonl").write_text(f"{json.dumps(case)}\n\n{{broken\n")
    with pytest.raises(DatasetError, match=r"line 3, is not JSON"):
        list(read_cases(tmp_path))


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("model", 3, "model: found 3; allowed: a text"),
        ("error", ["no"], r"error: found \['no'\]; allowed: a text or null"),
        ("samples", "none", "samples: found 'none'; allowed: an object or null"),
        ("samples", {"letters": ["A", 1]}, "samples.letters.1: found 1; allowed: a text or null"),
        ("greedy", {"letter": "A"}, "greedy.latency_s: found nothing; allowed: a number or null"),
        ("labels", {"A": "unsafe"}, "labels.A: found 'unsafe'; allowed: a list"),
        ("calls", [{"key": True}], "calls.0.key: found True; allowed: a text"),
        (
            "custom",
            {"single": {"words": "two"}},
            "custom.single.words: found 'two'; allowed: a number or true or false or null",
        ),
    ],
)
def test_a_line_that_is_no_case_is_named_with_its_key_and_what_is_allowed(
    key: str, value: object, complaint: str, tmp_path: Path
) -> None:
    (case,) = make_records(Shape(items=1, models=("m",), conditions=("closed_book",)))
    lines = [json.dumps(case), json.dumps({**case, key: value})]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines))
    with pytest.raises(DatasetError, match=rf"cases\.jsonl, line 2, {complaint}$"):
        list(read_cases(tmp_path))


def test_a_case_keeps_the_order_of_its_keys_those_it_has_besides_and_half_a_character(
    tmp_path: Path,
) -> None:
    (case,) = make_records(Shape(items=1, models=("m",), conditions=("closed_book",)))
    given = {"of_a_later_version": [1], **case, "question": "\ud83d"}
    (tmp_path / "cases.jsonl").write_text(json.dumps(given))
    (read,) = read_cases(tmp_path)
    assert json.dumps(read) == json.dumps(given)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"manifest": []}, r"manifest: found \[\]; allowed: an object"),
        (
            {"manifest": {"models": [{"name": 1}]}},
            "manifest.models.0.name: found 1; allowed: a text",
        ),
        ({"manifest": {}, "metrics": {}}, "metrics: found {}; allowed: a list"),
        (
            {"manifest": {}, "gates": [{"blocks": "yes"}]},
            "gates.0.blocks: found 'yes'; allowed: true or false",
        ),
    ],
)
def test_a_run_json_of_another_shape_is_named_with_its_key(
    tmp_path: Path, content: object, complaint: str
) -> None:
    (tmp_path / "run.json").write_text(json.dumps(content))
    with pytest.raises(DatasetError, match=rf"run\.json, {complaint}$"):
        read_run(tmp_path)


def test_a_folder_without_cases_has_none(tmp_path: Path) -> None:
    assert list(read_cases(tmp_path)) == []


def test_the_lines_that_this_process_wrote_are_of_one_run_and_not_looked_at_key_by_key(
    tmp_path: Path,
) -> None:
    (case,) = make_records(Shape(items=1, models=("m",), conditions=("closed_book",)))
    path = tmp_path / "cases.jsonl"
    path.write_text(json.dumps({**case, "model": 3, "run_id": "one"}))
    (read,) = read_cases(tmp_path, own=True)
    assert read == {**case, "model": 3, "run_id": "one"}
    for further, complaint in (
        ("{broken", "line 2, is not JSON"),
        ("[]", r"line 2: found \[\]; allowed: an object"),
        (json.dumps({**case, "run_id": "two"}), "are of two runs"),
    ):
        path.write_text(json.dumps({**case, "run_id": "one"}) + f"\n{further}\n")
        with pytest.raises(DatasetError, match=complaint):
            list(read_cases(tmp_path, own=True))


def test_a_run_json_that_this_process_wrote_is_read_as_it_is(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, Shape(items=2))
    assert read_run(folder, own=True).content == read_run(folder).content
    path = folder / "run.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "verdict": 3}), encoding="utf-8")
    with pytest.raises(DatasetError, match="verdict: found 3"):
        read_run(folder)
    assert str(read_run(folder, own=True).content["verdict"]) == "3"
