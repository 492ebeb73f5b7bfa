"""Every example in the README and the documentation is really run."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_safescale.data import data_folder
from pytest_safescale.gates.gate import load_gates, parse_gates
from pytest_safescale.models.profiles import PROFILES, profile_from_mapping
from pytest_safescale.settings import ModelSettings, resolve_settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ROBUSTNESS = "robustness.md"  # run by tests/perturb


def blocks(language: str) -> list[Any]:
    """Return the fenced blocks of a language, each with its page and line as id."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(rf"^```{language}\n(.*?)^```", text, re.M | re.S):
            line = text.count("\n", 0, match.start()) + 1
            found.append(pytest.param(match[1], id=f"{page.name}-{line}"))
    return found


@pytest.mark.parametrize("code", blocks("toml"))
def test_every_toml_example_is_a_configuration_that_is_taken(code: str) -> None:
    content = tomllib.loads(code)
    if "gates" in content:
        assert parse_gates(content["gates"], "the example")
        return
    settings = resolve_settings({}, content["tool"]["safescale"])
    assert settings
    for name, model in settings.models.items():
        if model.profile is not None:
            assert profile_from_mapping(name, model.profile)


@pytest.mark.parametrize(
    "code",
    [block for block in blocks("python") if ROBUSTNESS not in str(getattr(block, "id", ""))],
)
def test_every_python_example_runs_as_it_stands(pytester: pytest.Pytester, code: str) -> None:
    if "def pytest_safescale" in code:
        pytester.makeconftest(code)
        pytester.makepyfile(test_it="def test_it(safescale_case): safescale_case.judge()")
    else:
        pytester.makepyfile(test_it=code)
    own = re.findall(r'EvidenceCondition\(\s*name="(\w+)"', code)
    needs_samples = re.search(r"samples|confiden|consistent", code) is not None
    result = pytester.runpytest_subprocess(
        "--safescale-model=simulated:always_safe",
        f"--safescale-samples={4 if needs_samples else 0}",
        f"--safescale-conditions={','.join(['closed_book', *own])}" if own else "-q",
    )
    assert result.ret == 0, result.stdout.str()
    assert re.search(r"\d+ passed", result.stdout.str())


def test_the_default_gates_are_the_ones_the_documentation_links_to() -> None:
    gates = load_gates("default", data_folder("suites") / "gates.toml")
    assert {gate.name for gate in gates} == {
        "high-risk-with-clean-evidence",
        "high-risk-anywhere",
        "dangerous-overconfidence",
        "accuracy-with-clean-evidence",
        "calls-that-failed",
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_documentation_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_option_is_documented(pytester: pytest.Pytester) -> None:
    told = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
    helped = pytester.runpytest_subprocess("--help").stdout.str()
    for option in set(re.findall(r"--safescale-[a-z-]+", helped)):
        assert option in told, option


@pytest.mark.parametrize("name", [*ModelSettings.model_fields, *PROFILES])
def test_every_key_of_a_model_and_every_profile_is_documented(name: str) -> None:
    told = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    assert re.search(rf"^{name} = |`{name}`|\.{name}\]", told, re.MULTILINE), name
