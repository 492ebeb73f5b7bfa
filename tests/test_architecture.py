"""The package's layers, held by the imports that are really there."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_safescale

PACKAGE = Path(pytest_safescale.__file__).parent
ROOT = PACKAGE.parent

MAY_IMPORT = {
    "errors": set(),
    "data": set(),
    "shards": {"errors"},
    "manifests": set(),
    "settings": {"errors", "shards"},
    "items": {"errors", "data"},
    "scoring": {"errors", "items"},
    # What a condition shows a model is messages, and an agent's turn is a model's reply.
    "conditions": {"errors", "items", "models.model"},
    # The embedded reader counts tokens as the conditions do; specifications come from settings.
    "models": {"errors", "items", "settings", "conditions"},
    "calls": {"errors", "models.model"},
    "case": {"errors", "items", "conditions", "models.model", "calls", "scoring"},
    "run": {
        "errors",
        "settings",
        "items",
        "conditions",
        "models",
        "calls",
        "case",
        "scoring.custom",
        "scoring.metrics",
        "shards",
    },
    "plan": {"errors", "conditions", "models.model", "calls", "case", "run"},
    "outlook": {"gates"},
    "plan_command": {"*"},
    "perturb": {"errors", "items", "scoring"},
    "robust": {"errors", "items", "conditions", "case", "perturb", "scoring"},
    "gates": {"errors", "settings", "scoring", "manifests", "shards"},
    "report": {"errors", "scoring", "gates", "data", "shards"},
    "run_manifest": {"calls", "conditions", "gates", "models.model", "report", "run", "shards"},
    "conclude": {
        "errors",
        "manifests",
        "run",
        "run_manifest",
        "gates",
        "report",
        "scoring",
        "shards",
    },
    "self_check": {"case", "gates", "items", "models.model", "report", "run", "scoring"},
    "score_manifest": {"items", "conditions", "run", "run_manifest", "scoring", "report"},
    "score": {
        "errors",
        "items",
        "conditions",
        "scoring",
        "report",
        "conclude",
        "score_manifest",
    },
    "shard_folders": {"errors", "manifests", "report", "shards"},
    "merge": {
        "conditions",
        "errors",
        "data",
        "conclude",
        "gates",
        "manifests",
        "report",
        "scoring",
        "shard_folders",
        "shards",
    },
    "merge_command": {"*"},
    "compare": {"*"},
    "plugin": {"*"},
    "cli": {"*"},
}
"""What each part may import of this package, besides itself."""

ONLY_HOME = {
    "httpx": "models/http.py",
    "httpx_aiohttp": "models/http.py",
    "aiohttp": "models/http.py",
    "hypothesis": "perturb/",
    "pytest": "plugin/",
    "xdist": "plugin/",
    "sqlite3": "calls/store.py",
    "tenacity": "calls/caller.py",
    "bm25s": "conditions/ranking.py",
    "huggingface_hub": "items/hub.py",
}
"""The one place that may import a library."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def _part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    part = _part(path)
    if part == "__init__":
        return
    allowed = MAY_IMPORT[part] | {part}
    for name in _imports(path):
        if not name.startswith("pytest_safescale."):
            continue
        inner = name.removeprefix("pytest_safescale.")
        assert "*" in allowed or any(
            inner == layer or inner.startswith(f"{layer}.") for layer in allowed
        ), f"{path.name} imports {name}, but {part} may import {sorted(allowed)}"


@pytest.mark.parametrize("library", ONLY_HOME)
def test_a_library_has_one_home(library: str) -> None:
    users = {
        str(path.relative_to(PACKAGE))
        for path in MODULES
        if any(name.split(".")[0] == library for name in _imports(path))
    }
    strangers = {user for user in users if not user.startswith(ONLY_HOME[library])}
    assert not strangers


def test_every_layer_of_the_table_exists() -> None:
    assert {_part(path) for path in MODULES} == {*MAY_IMPORT, "__init__"}


def test_modules_stay_short() -> None:
    long = {path.name: n for path in MODULES if (n := len(path.read_text().splitlines())) > 420}
    assert not long


HEAVY = ("aiohttp", "bm25s", "httpx", "hypothesis", "jinja2", "numpy", "pydantic", "scipy")


def _loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.splitlines()[-1].split())


def test_an_unrelated_pytest_run_loads_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text("def test_it(): pass\n")
    run = f"import pytest; pytest.main(['-q', '-p', 'no:hypothesispytest', {str(tmp_path)!r}])"
    loaded = _loaded_after(run)
    assert "pytest_safescale.plugin" in loaded
    assert not loaded.intersection(HEAVY)
    assert {name for name in loaded if name.startswith("pytest_safescale")} == {
        "pytest_safescale",
        "pytest_safescale.plugin",
        "pytest_safescale.plugin.hookspecs",
        "pytest_safescale.plugin.options",
    }


@pytest.mark.parametrize(
    ("module", "light_of"),
    [
        ("items.item", {"numpy", "httpx", "hypothesis"}),
        ("scoring.verdict", {"numpy", "scipy", "httpx", "hypothesis"}),
        ("case", {"numpy", "scipy", "httpx", "hypothesis"}),
    ],
)
def test_what_runs_per_case_loads_no_array_library(module: str, light_of: set[str]) -> None:
    loaded = _loaded_after(f"import pytest_safescale.{module}")
    assert not loaded.intersection(light_of)


def test_every_exported_name_exists_and_the_list_is_sorted() -> None:
    assert pytest_safescale.__all__ == sorted(pytest_safescale.__all__)
    for name in pytest_safescale.__all__:
        assert getattr(pytest_safescale, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pytest_safescale.nothing
