"""Every example in the README and the documentation is really run."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.analysis.metric_table import METRICS
from pytest_safescale.dataset.shape import PRESETS, Shape
from pytest_safescale.gates.certified_thresholds import CertifiedThresholds
from pytest_safescale.gates.written_gates import load_gates, parse_gates, robustness_gates
from pytest_safescale.models.simulated.profiles import PROFILES, profile_from_mapping
from pytest_safescale.packaged import data_folder
from pytest_safescale.settings.model_settings import ModelSettings
from pytest_safescale.settings.resolve import resolve_settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
ROBUSTNESS = "robustness.md"  # run by tests/perturb
NOTEBOOKS = "notebooks.md"  # run by tests/test_notebooks_page.py
PACKAGE = ROOT / "pytest_safescale"
SOURCES = [
    *PACKAGE.rglob("*.py"),
    *(path for name in ("tests", "suites", "benchmarks") for path in (ROOT / name).rglob("*.py")),
]
CERTIFIED = CertifiedThresholds(
    score="agreement",
    risk="high_risk_error_rate",
    over="answered",
    bound=0.05,
    calibration=0.5,
    seed=42,
    thresholds={},
)
"""Stands for the certificates that examples name."""
WRITTEN_BY_RUNS = {"summary.md", "compare.md", "changes.md", "step-summary.md", "FILE.md"}
"""Names of pages that a command writes."""


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
    if code.startswith("# safescale.toml\n"):
        content = {"tool": {"safescale": content}}
    if "gates" in content:
        assert parse_gates(content["gates"], "the example", certificates=lambda _: CERTIFIED)
        return
    settings = resolve_settings({}, content["tool"]["safescale"])
    assert settings
    for name, model in settings.models.items():
        if model.profile is not None:
            assert profile_from_mapping(name, model.profile)


def test_the_presets_are_documented_as_the_tables_they_are() -> None:
    page = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (`\w+ = .*`) \|$", page, re.MULTILINE)
    tables = {name: tomllib.loads("\n".join(re.findall(r"`([^`]+)`", row))) for name, row in rows}
    assert {name: Shape.model_validate(table) for name, table in tables.items()} == PRESETS


@pytest.mark.parametrize(
    "code",
    [
        block
        for block in blocks("python")
        if not str(getattr(block, "id", "")).startswith((ROBUSTNESS, NOTEBOOKS))
    ],
)
def test_every_python_example_runs_as_it_stands(
    pytester: pytest.Pytester, run_pytest: Callable[..., pytest.RunResult], code: str
) -> None:
    if "def pytest_safescale" in code:
        pytester.makeconftest(code)
        pytester.makepyfile(test_it="def test_it(safescale_case): safescale_case.judge()")
    else:
        pytester.makepyfile(test_it=code)
    own = re.findall(r'EvidenceCondition\(\s*name="(\w+)"', code)
    needs_samples = re.search(r"samples|confiden|consistent", code) is not None
    result = run_pytest(
        "--safescale-model=simulated:always_safe",
        "--safescale-limit=4",
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


def test_where_cases_are_put_to_relations_the_default_gates_hold_the_worst_case_too() -> None:
    suites = data_folder("suites")
    more = robustness_gates(suites, searches=True)
    *others, last = load_gates("default", suites / "gates.toml", and_of_searches=more)
    assert len(others) == 5
    assert (last.metric, last.max, last.confidence) == ("worst_case_high_risk_rate", 0.12, 0.95)
    assert robustness_gates(suites, searches=False) is None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_documentation_leads_somewhere(page: Path) -> None:
    for path, anchor in links(page):
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), (path, anchor)


def links(page: Path) -> list[tuple[str, str]]:
    """Return path and anchor of every link that stays within the repository."""
    text = page.read_text(encoding="utf-8")
    return re.findall(r"\]\((?!https?://)([^)#]*)#?([^)]*)\)", text)


def headings(page: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the anchors that a forge makes of the headings, and those that are written out."""
    made = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings(page)}
    return made | set(re.findall(r'<a id="([^"]+)">', page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_that_a_page_names_is_there(page: Path) -> None:
    for name in re.findall(r"`([\w/]+/\w+\.py)`", page.read_text(encoding="utf-8")):
        assert (ROOT / name).exists() or (PACKAGE / name).exists(), name


def test_every_page_and_section_that_code_names_is_there() -> None:
    assert [(source.name, name) for source in SOURCES for name in missing_pages(source)] == []
    assert [(source.name, *named) for source in SOURCES for named in missing_sections(source)] == []


def missing_pages(source: Path) -> list[str]:
    named = re.findall(r"(?<![\w/.-])[\w/.-]+\.md\b", "\n".join(prose(source)))
    return [name for name in named if name not in WRITTEN_BY_RUNS and not (ROOT / name).exists()]


def missing_sections(source: Path) -> list[tuple[str, str]]:
    """Return page and section where no heading is called so, or begins so before a colon."""
    return [
        (name, section)
        for text in prose(source)
        for name, section in named_sections(text)
        if section not in {part for one in headings(ROOT / name) for part in (one, *one.split(":"))}
    ]


def prose(source: Path) -> Iterator[str]:
    """Give the docstrings and comments of a module that names a page, each on one line."""
    text = source.read_text(encoding="utf-8")
    if ".md" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield " ".join(str(node.value.value).split())
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def named_sections(text: str) -> Iterator[tuple[str, str]]:
    """Give page and section wherever a page stands with quoted sections behind it."""
    for name, quoted in re.findall(r'(docs/[\w-]+\.md)((?:(?:,| and) "[^"]+")+)', text):
        for section in re.findall(r'"([^"]+)"', quoted):
            yield name, section


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_defined(metric: str) -> None:
    assert f"`{metric}`" in (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_the_glossary_gives_each_word_one_meaning() -> None:
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    entries = re.findall(r"^\| (?!word|---)([^|]+) \|", page, re.MULTILINE)
    words = [word for entry in entries for word in entry.split(", ")]
    assert len(words) == len(set(words))
    wanted = "evidence outcome verdict profile reading family coverage figure finding criterion"
    assert set(wanted.split()) <= set(words)


def test_every_option_is_documented(run_pytest: Callable[..., pytest.RunResult]) -> None:
    told = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
    helped = run_pytest("--help").stdout.str()
    for option in set(re.findall(r"--safescale-[a-z-]+", helped)):
        assert option in told, option


GATHERED = {"own_layers"}
"""Fields that hold what stands in the file under names of the user's choice."""


@pytest.mark.parametrize(
    "name", [*(name for name in ModelSettings.model_fields if name not in GATHERED), *PROFILES]
)
def test_every_key_of_a_model_and_every_profile_is_documented(name: str) -> None:
    told = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    assert re.search(rf"^{name} = |`{name}`|\.{name}\]", told, re.MULTILINE), name
