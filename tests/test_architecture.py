"""The package's rooms, held by the imports that are really there."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import pytest_safescale

PACKAGE = Path(pytest_safescale.__file__).parent
ROOT = PACKAGE.parent

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "errors": (),
    "cells": (),
    "packaged": (),
    "text": (),
    "dataset": ("errors", "packaged", "text"),
    "answers": ("text", "dataset"),
    "verdicts": ("dataset", "answers"),
    "settings": ("errors", "dataset", "verdicts"),
    "models": ("errors", "cells", "text", "dataset", "settings"),
    "retrieval": ("errors", "text", "dataset", "models"),
    "conditions": ("errors", "cells", "text", "dataset", "answers", "models", "retrieval"),
    "layers": ("errors", "text", "verdicts", "settings", "models"),
    "calls": ("errors", "cells", "text", "models"),
    "statistics": (),
    "analysis": ("errors", "cells", "dataset", "answers", "verdicts", "statistics"),
    "perturb": ("errors", "text", "dataset", "verdicts"),
    "audit": ("errors", "text", "dataset", "verdicts", "settings", "retrieval", "perturb"),
    "gates": ("errors", "cells", "dataset", "verdicts", "settings", "statistics", "analysis"),
    "results": (
        "errors",
        "cells",
        "text",
        "dataset",
        "answers",
        "verdicts",
        "settings",
        "analysis",
        "perturb",
        "gates",
    ),
    "published": (
        "errors",
        "cells",
        "text",
        "dataset",
        "answers",
        "verdicts",
        "statistics",
        "analysis",
        "results",
    ),
    "report": (
        "errors",
        "cells",
        "text",
        "answers",
        "verdicts",
        "settings",
        "statistics",
        "analysis",
        "gates",
        "results",
    ),
    # A run goes through every room.
    "runs": (
        "errors",
        "cells",
        "packaged",
        "text",
        "dataset",
        "answers",
        "verdicts",
        "settings",
        "models",
        "retrieval",
        "conditions",
        "layers",
        "calls",
        "statistics",
        "analysis",
        "perturb",
        "audit",
        "gates",
        "results",
        "published",
        "report",
    ),
    "view": ("errors", "text", "analysis", "results", "report", "runs"),
    "cli": (
        "errors",
        "cells",
        "packaged",
        "text",
        "dataset",
        "settings",
        "models",
        "conditions",
        "calls",
        "statistics",
        "analysis",
        "perturb",
        "audit",
        "gates",
        "results",
        "report",
        "runs",
        "view",
    ),
    "plugin": (
        "errors",
        "packaged",
        "text",
        "dataset",
        "answers",
        "verdicts",
        "settings",
        "models",
        "conditions",
        "calls",
        "statistics",
        "analysis",
        "perturb",
        "gates",
        "results",
        "report",
        "runs",
    ),
}
"""The rooms in the order of imports, and which of those before it each may import."""

ONLY_HOME = {
    "aiohttp": "models/openai/http.py",
    "async_timeout": "models/openai/http.py",
    "bm25s": "retrieval/ranking.py",
    "httpx": "models/openai/http",
    "httpx_aiohttp": "models/openai/http.py",
    "huggingface_hub": "dataset/hub.py",
    "datasketch": "audit/duplicates.py",
    "hypothesis": "perturb/",
    "jinja2": "report/page/shell.py",
    "py3langid": "audit/language.py",
    "opentelemetry": "calls/traces.py",
    "pandas": "results/frames.py",
    "polars": "results/frames.py",
    "pyarrow": "dataset/parquet.py",
    "pytest": "plugin/",
    "ray": "runs/cluster/",
    "resvg_py": "report/page/charts/drawn.py",
    "sqlite3": "calls/database.py",
    "statsmodels": "statistics/agreement.py",
    "tenacity": "calls/retrying.py",
    "tomli": "settings/configuration.py",
    "tomllib": "settings/configuration.py",
    "socketserver": "view/server.py",
    "webbrowser": "cli/view.py",
}
"""The one place that may import a library."""

MODULES = sorted(PACKAGE.rglob("*.py"))


@cache
def _nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def _imports(path: Path) -> set[str]:
    """Return what a module imports, by statement, by name, or for its annotations alone."""
    names: set[str] = set()
    for node in _nodes(path):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and _is_named(node.func, "importlib.import_module"):
            names.update(
                part.value
                for part in node.args
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )
    return names


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_room_may(path: Path) -> None:
    room = _room(path)
    if room == "__init__":
        return
    wanted = {name.split(".")[1] for name in _imports(path) if name.startswith("pytest_safescale.")}
    strangers = wanted - {room, *MAY_IMPORT[room]}
    assert not strangers, f"{path.name} imports of {strangers}; {room}: {MAY_IMPORT[room]}"


def test_imports_go_one_way() -> None:
    rooms = list(MAY_IMPORT)
    for room, others in MAY_IMPORT.items():
        before = rooms[: rooms.index(room)]
        assert [other for other in before if other in others] == list(others), room


def test_a_room_imports_all_that_the_table_says() -> None:
    used = {room: set[str]() for room in MAY_IMPORT}
    for path in MODULES:
        if _room(path) in used:
            used[_room(path)].update(
                name.split(".")[1]
                for name in _imports(path)
                if name.startswith("pytest_safescale.")
            )
    assert {room: set(others) for room, others in MAY_IMPORT.items()} == {
        room: names - {room} for room, names in used.items()
    }


def test_no_modules_import_each_other_in_a_circle() -> None:
    modules = {_dotted(path): path for path in MODULES}
    graph = {
        module: {
            module_of
            for name in _imports(path)
            for module_of in (name, name.rpartition(".")[0])
            if module_of in modules and module_of != module
        }
        for module, path in modules.items()
        if module != "pytest_safescale"  # gathers the public names of all rooms
    }
    for module, others in graph.items():
        others -= {above for above in others if module.startswith(f"{above}.")}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names them


def _dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@pytest.mark.parametrize("library", ONLY_HOME)
def test_a_library_has_one_home(library: str) -> None:
    users = {
        str(path.relative_to(PACKAGE))
        for path in MODULES
        if any(name.split(".")[0] == library for name in _imports(path))
    }
    assert users
    strangers = {user for user in users if not user.startswith(ONLY_HOME[library])}
    assert not strangers


SPEAKERS = {
    # What is written for people and their programs, and the one home of each way to do it.
    "print": {"cli/command.py"},
    "write_line": {"plugin/output.py"},
    "section": {"plugin/output.py"},
    "sep": set(),
    "pytest.fail": set(),
    "pytest.skip": set(),
    "pytest.xfail": set(),
    "pytest.exit": set(),
    "pytest.UsageError": {"plugin/output.py"},
    "pytest.fail.Exception": {"plugin/output.py"},
    "pytest.skip.Exception": {"plugin/output.py"},
    "pytest.xfail.Exception": {"plugin/output.py"},
    "pytest.exit.Exception": {"plugin/output.py"},
    "csv.writer": {"dataset/label_sheets.py"},
    "csv.DictWriter": {"report/audit_folder.py", "report/folder.py"},
    "ET.ElementTree": {"report/junit.py"},
    "ET.tostring": {"report/page/charts/drawn.py"},
    "warnings.warn": set(),
    "write_text": {
        "cli/certify.py",
        "cli/compare.py",
        "cli/lock.py",
        "cli/read.py",
        "plugin/worker_messages.py",
        "report/audit_folder.py",
        "report/folder.py",
        "report/page/all_charts.py",
        "report/page/run_page.py",
        "report/page/side_by_side.py",
    },
}


@pytest.mark.parametrize("call", SPEAKERS)
def test_words_from_outside_have_one_way_into_each_medium(call: str) -> None:
    users = {
        str(path.relative_to(PACKAGE))
        for path in MODULES
        for node in _nodes(path)
        if isinstance(node, ast.Call) and _is_named(node.func, call)
    }
    assert users == SPEAKERS[call]


def _is_named(function: ast.expr, name: str) -> bool:
    """Say whether what is called has this name, or ends in it where it is a method's."""
    told = ast.unparse(function)
    return told == name or ("." not in name and told.endswith(f".{name}"))


def test_every_room_of_the_table_exists() -> None:
    assert {_room(path) for path in MODULES} == {*MAY_IMPORT, "__init__"}


def test_modules_stay_short() -> None:
    long = {path.name: n for path in MODULES if (n := len(path.read_text().splitlines())) > 400}
    assert not long


HEAVY = ("aiohttp", "bm25s", "httpx", "hypothesis", "jinja2", "numpy", "pydantic", "scipy")


MOST_AT_START = 320
"""Modules of ours where a run is switched on: 311 where this was written."""


def _loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.splitlines()[-1].split())


def test_what_the_end_of_a_run_needs_is_not_loaded_at_its_start() -> None:
    loaded = _loaded_after("from pytest_safescale.plugin import recording, switching_on")
    late = {"scipy", "jinja2", "hypothesis", "bm25s", "pytest_safescale.runs.conclude"}
    assert not loaded & {*late, "pytest_safescale.report.page.run_page"}
    # Neither is what few runs need at all: searches, layers, reports of other runs.
    few = {"perturb.edits.edit", "layers.build", "results.run_content", "results.loaded_run"}
    assert not loaded & {f"pytest_safescale.{name}" for name in few}
    ours = [name for name in loaded if name.startswith("pytest_safescale.")]
    assert len(ours) <= MOST_AT_START


LOADED_ANYWAY = {
    "pytest_safescale",
    "pytest_safescale.plugin",
    "pytest_safescale.plugin.hookspecs",
    "pytest_safescale.plugin.internals",
    "pytest_safescale.plugin.options",
    "pytest_safescale.settings",
    "pytest_safescale.settings.options",
}


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("test_other.py", set()),
        # The configuration may name a suite.
        ("", {"pytest_safescale.errors", "pytest_safescale.settings.configuration"}),
    ],
    ids=["a path", "no path"],
)
def test_an_unrelated_pytest_run_loads_nothing_heavy(
    tmp_path: Path, path: str, more: set[str]
) -> None:
    (tmp_path / "test_other.py").write_text("def test_it(): pass\n")
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nname = 'x'\n")
    arguments = ["-q", "-p", "no:hypothesispytest", *([path] if path else [])]
    run = f"import os, pytest; os.chdir({str(tmp_path)!r}); pytest.main({arguments!r})"
    loaded = _loaded_after(run)
    assert not loaded.intersection(HEAVY)
    assert {name for name in loaded if name.startswith("pytest_safescale")} == LOADED_ANYWAY | more


@pytest.mark.parametrize(
    ("module", "light_of"),
    [
        ("dataset.item", {"numpy", "httpx", "hypothesis"}),
        ("verdicts.verdict", {"numpy", "scipy", "httpx", "hypothesis"}),
        ("runs.case", {"numpy", "scipy", "httpx", "hypothesis"}),
    ],
)
def test_what_runs_per_case_loads_no_array_library(module: str, light_of: set[str]) -> None:
    loaded = _loaded_after(f"import pytest_safescale.{module}")
    assert not loaded.intersection(light_of)
