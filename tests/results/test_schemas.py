"""The shipped JSON Schemas are what the typed shapes say, and what runs of each kind write."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pydantic
import pytest
from jsonschema import Draft202012Validator

from pytest_safescale.cli.command import main
from pytest_safescale.results.schemas import SCHEMAS, made_schema, schema_path, schema_text
from pytest_safescale.runs.case import RECORD_SCHEMA
from tests.runs.kept_run import KEPT, unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WRITES_AS_TODAY = tuple(map(int, pydantic.VERSION.split(".")[:2])) >= (2, 11)
"""Older releases of pydantic write the same schema in other words."""


def shipped(name: str) -> Any:
    return json.loads(schema_path(name).read_text("utf-8"))


def closed(schema: Any) -> Any:
    """Return a schema that allows no key that it does not name."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    own = {key: closed(part) for key, part in schema.items()}
    return {"additionalProperties": False, **own} if "properties" in own else own


def faults(folder: Path) -> list[str]:
    """Return what in a report folder is not as the schemas say, or is no part of them."""
    run = json.loads((folder / "run.json").read_text("utf-8"))
    lines = (folder / "cases.jsonl").read_text("utf-8").splitlines()
    assert lines
    some = lines[:: max(1, len(lines) // 20)]
    told = [("run", run), *(("cases", json.loads(line)) for line in some)]
    judges = {name: Draft202012Validator(closed(shipped(name))) for name in SCHEMAS}
    return [
        f"{name}: {list(error.absolute_path)}: {error.message[:200]}"
        for name, content in told
        for error in judges[name].iter_errors(content)
    ]


@pytest.mark.skipif(not WRITES_AS_TODAY, reason="pydantic wrote schemas otherwise")
@pytest.mark.parametrize("name", SCHEMAS)
def test_a_changed_shape_is_shipped_with_a_changed_schema(name: str) -> None:
    assert schema_path(name).read_text("utf-8") == schema_text(made_schema(name)), (
        "write it anew: .venv/bin/python -m tests.results.write_schemas; raise the version where "
        "readers of the last one would break"
    )


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_names_its_version_as_the_files_do(name: str) -> None:
    Draft202012Validator.check_schema(shipped(name))
    version = shipped(name)["$id"].rpartition(":")[2]
    assert version == str(RECORD_SCHEMA)
    assert schema_path(name).name == f"{name}-{version}.schema.json"


def test_a_run_of_before_is_as_the_schemas_say(tmp_path: Path) -> None:
    assert faults(unpack(tmp_path)) == []


@pytest.mark.slow
def test_scored_results_are_as_the_schemas_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpack(tmp_path / "kept")
    for name in ("safescale.toml", "items.jsonl"):
        shutil.copy(KEPT / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["score", "kept", "--dataset", "items.jsonl", "--out", "again"]) == 0
    assert faults(tmp_path / "again") == []


@pytest.mark.slow
def test_a_run_with_gates_profiles_an_agent_and_searches_is_as_the_schemas_say(
    pytester: pytest.Pytester, run_pytest: Callable[..., pytest.RunResult]
) -> None:
    run_pytest(
        "--safescale-suite=radsafe200", "--safescale-suite=evidence_robustness", "-q",
        "--safescale-model=simulated:paper", "--safescale-limit=1", "--safescale-samples=2",
        "--safescale-conditions=closed_book,agentic_rag", "--safescale-prompts=plain,verify",
        "--safescale-relations=option_order", "--safescale-variants=2",
        "--safescale-gates=default",
    )  # fmt: skip
    folder = pytester.path / "safescale-report"
    assert faults(folder) == []
    run = json.loads((folder / "run.json").read_text("utf-8"))
    assert run["gates"]
    assert run["manifest"]["profiles"]
    assert run["manifest"]["robustness"]
    run["gates"][0]["value"] = "much"
    run["metrics"][0]["new"] = 1
    (folder / "run.json").write_text(json.dumps(run), "utf-8")
    assert [fault.partition(":")[0] for fault in faults(folder)] == ["run", "run"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_command_prints_what_is_shipped(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", name]) == 0
    assert json.loads(capsys.readouterr().out) == shipped(name)


def test_a_file_without_a_schema_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "metrics"]) == 4
    assert "invalid choice: 'metrics' (choose from" in capsys.readouterr().err
