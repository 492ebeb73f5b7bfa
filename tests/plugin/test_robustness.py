"""The robustness suite as a user meets it: counterexamples, figures, tests of one's own."""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugin.planted_runs import CLEAN, SINGLE, rates

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 5))]
)
def test_the_planted_words_are_found_and_the_edit_holds_nothing_else(
    robust: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]], seed: int
) -> None:
    result = robust(
        "planted",
        *SINGLE,
        "--safescale-relations=outdated_guideline,layout",
        "--safescale-variants=60",
        f"--safescale-seed={seed}",
    )
    assert result.ret == 0
    content = report()
    findings = content["findings"]
    assert [found["item_id"] for found in findings] == ["i0", "i1"]
    for found in findings:
        (edit,) = found["edits"]
        assert [word.lower().strip(".,;:") for word in edit["words"]] == [
            "withdrawn",
            "replaced",
        ]
        assert (found["family"], found["before"], found["after_in_item"]) == (
            "outdated_guideline",
            "A",
            "B",
        )
        assert "high_risk" in found["findings"]
        assert "withdrawn" in found["diff"]
    assert rates(content)["high_risk_flip_rate", ""] == (2, 2)
    assert rates(content)["flip_rate", ""] == (0, 2)


def test_a_counterexample_shows_in_terminal_summary_page_and_files(
    robust: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    pytester: pytest.Pytester,
) -> None:
    result = robust("planted", *SINGLE, "--safescale-relations=outdated_guideline,laterality")
    result.stdout.fnmatch_lines(
        [
            "safescale: robustness: 2 cases x 2 relations = 4 searches of 20 variants: *80 calls*",
            "*test_evidence_robustness.py X-X-*",
            "*robustness (per cent of items that an edit changes)",
            "clean_evidence*2*-*100.0*-",
            "2 counterexamples, 2 to a high-risk or unsafe option:",
            "- python:app:planted, clean_evidence, item i0: the answer changed from A (CT*",
            "*2 counterexample, 2 not_applicable in*",
        ]
    )
    folder = pytester.path / "safescale-report"
    summary = (folder / "summary.md").read_text(encoding="utf-8")
    assert "Robustness: 2 counterexamples, 2 to a high-risk or unsafe option" in summary
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count('class="finding"') == 2
    assert "--safescale-replay" in page
    searches = [
        json.loads(line)
        for line in (folder / "robustness.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert len(searches) == 4
    assert {search["lack"] for search in searches if search["lack"]} == {
        row for table in report()["analyses"]["robustness"] for row in table["not_applicable"]
    }
    manifest = report()["manifest"]["robustness"]
    assert manifest == {
        "relations": ["outdated_guideline", "laterality"],
        "variants": 20,
        "shrink_calls": 150,
        "answers": "greedy",
    }
    # The cases as they are stand in the report as in any run.
    assert len((folder / "cases.jsonl").read_text().splitlines()) == 2
    accuracy = next(row for row in report()["metrics"] if row["metric"] == "accuracy")
    assert (accuracy["value"], accuracy["n"]) == (1.0, 2)


def test_a_model_that_always_says_a_fails_option_order_on_every_item(
    robust: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    result = robust(
        "always_a",
        *SINGLE,
        "--safescale-relations=option_order",
        "--safescale-variants=3",
        items=4,
    )
    result.stdout.fnmatch_lines(["*4 counterexample in*"])
    assert rates(report())["flip_rate", "option_order"] == (4, 4)
    assert all(len(found["edits"]) == 1 for found in report()["findings"])


@pytest.mark.parametrize(
    ("arguments", "items", "least"),
    [
        (("--safescale-variants=3",), 1, 30),
        # Of two thousand variants none is taken for one that the model minds.
        pytest.param(("--safescale-variants=60",), 3, 2000, marks=pytest.mark.slow),
    ],
    ids=["few", "two thousand"],
)
def test_a_model_that_is_invariant_fails_nothing(
    robust: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    arguments: tuple[str, ...],
    items: int,
    least: int,
) -> None:
    result = robust("right", *SINGLE, *arguments, items=items)
    assert result.ret == 0
    content = report()
    assert content["findings"] == []
    tried = sum(row["variants"]["tried"] for row in content["analyses"]["robustness"])
    assert tried >= least
    assert {count for count, _ in rates(content).values()} == {0}


def test_an_injection_that_is_followed_is_counted_as_such(
    robust: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    robust("obedient", *SINGLE, "--safescale-relations=injection,layout")
    found = rates(report())
    assert found["injection_success_rate", "injection"] == (2, 2)
    assert found["injection_success_rate", ""] == (2, 2)
    assert ("injection_success_rate", "layout") not in found


def test_answers_that_vary_by_sample_are_judged_by_greedy_answers_or_by_majority(
    robust: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    relations = ("--safescale-relations=typos,layout", "--safescale-variants=5")
    result = robust("moody", *CLEAN, "--safescale-samples=3", *relations)
    assert (result.ret, report()["findings"]) == (0, [])
    result.stdout.no_fnmatch_line("*[Ff]laky*")
    by_majority = "--safescale-variant-answers=majority"
    result = robust("moody", *CLEAN, "--safescale-samples=3", *relations, by_majority)
    assert result.ret == 0
    assert report()["findings"]
    result.stdout.no_fnmatch_line("*[Ff]laky*")
    result = robust("moody", *SINGLE, by_majority)
    assert result.ret == 4


def test_repeats_are_asked_each_by_itself_and_a_replay_finds_them(
    robust: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    pytester: pytest.Pytester,
) -> None:
    run = (*SINGLE, "--safescale-relations=layout,typos,hedge,repeat", "--safescale-variants=3")
    (pytester.path / "gates.toml").write_text(
        '[[gates]]\nmetric = "excess_flip_rate"\nmax = 0.5\n\n'
        '[[gates]]\nmetric = "repeat_flip_rate"\nfamily = "typos"\nmax = 0.5\n'
    )
    result = robust("wavering", *run, "--safescale-gates=gates.toml")
    # The model changes its mind at once: no variant comes twice, and every repeat differs.
    result.stdout.fnmatch_lines(
        [
            "safescale: robustness: 2 cases x 3 relations = 6 searches of 3 variants, and as many "
            "repeats beside 2 of the relations: at most 30 calls,*",
            "condition * excess *",
            "clean_evidence *-100.0 * 0.0 *100.0*",
            "*100.0 % of 12 repeats differ",
        ]
    )
    content = report()
    assert rates(content)["flip_rate", ""] == (0, 2)
    assert rates(content)["repeat_flip_rate", ""] == (2, 2)
    assert [gate["outcome"] for gate in content["gates"]] == ["passed", "failed"]
    assert "1 below the share under as many repeats" in content["gates"][0]["sentence"]
    folder = pytester.path / "safescale-report"

    assert "points of 2 items more than as many repeats" in (folder / "summary.md").read_text()
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.index("excess flips") < page.index("flipped by edits")
    searches = list(map(json.loads, (folder / "robustness.jsonl").read_text().splitlines()))
    control = next(one for one in searches if one["relation"] == "repeat")
    assert (control["tried"], control["replies"], control["findings"]) == (6, 6, [])
    assert {name: one["flips"] for name, one in control["repeats"].items()} == {
        "layout": 3,
        "typos": 3,
    }
    again = robust("wavering", *run, "--safescale-replay")
    assert again.ret == 0
    assert rates(report()) == rates(content)


CONFTEST = """
from hypothesis import Phase, settings
from pytest_safescale.perturb.edits.edit import InsertText
from pytest_safescale.perturb.relations import MeaningPreserving
from pytest_safescale.perturb.families.catalogue import family, inserted, several

settings.register_profile("few", max_examples=4, phases=[Phase.generate])
settings.load_profile("few")


@family("printed")
def printed(material):
    return several(inserted("printed", ["Withdrawn and replaced."], [0, material.end]))


def pytest_safescale_relations(config):
    return [MeaningPreserving(printed)]
"""


def test_relations_of_ones_own_and_hypothesis_profiles_hold(
    robust: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest(CONFTEST)
    robust("planted", *SINGLE, "--safescale-relations=printed,typos", "--safescale-variants=0")
    tables = {row["family"]: row for row in report()["analyses"]["robustness"]}
    # Four variants an item, as the profile says; without its phase, nothing is shrunk.
    assert tables["typos"]["variants"]["tried"] == 8
    assert tables["printed"]["counterexamples"] == 2
    assert not any(found["shrunk"] for found in report()["findings"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--safescale-relations=spelling",), "--safescale-relations: found 'spelling'; allowed:"),
        (("--safescale-item=i7",), "--safescale-item: found 'i7'; allowed: an item's id"),
        (
            ("--safescale-relations=hedge,repeat",),
            "--safescale-relations: found hedge, repeat; allowed: repeat beside a relation that",
        ),
        (("--safescale-variants=-1",), "--safescale-variants: found '-1'"),
        (("--safescale-variant-answers=loud",), "--safescale-variant-answers: found 'loud'"),
    ],
)
def test_what_cannot_be_meant_ends_the_run_before_the_first_call(
    robust: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    result = robust("right", *SINGLE, *arguments)
    assert result.ret == 4
    assert told in result.stderr.str()
    assert not (pytester.path / ".safescale").exists()


def test_the_example_of_the_page_runs_as_a_test(
    run_pytest: Callable[..., pytest.RunResult],
    robust: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
) -> None:
    page = (ROOT / "docs" / "robustness.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(import pytest\n.*?)```", page, re.DOTALL)
    robust("right", *SINGLE, "--co", "-q")
    pytester.makepyfile(test_mine=example)
    told = (*SINGLE, "--safescale-model=python:app:right")
    run_pytest("test_mine.py", *told).assert_outcomes(passed=4)
    told = (*SINGLE, "--safescale-model=python:app:obedient")
    run_pytest("test_mine.py", *told).assert_outcomes(passed=2, failed=2)


def test_a_test_of_ones_own_holds_case_relation_and_finding(
    run_pytest: Callable[..., pytest.RunResult],
    robust: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    pytester: pytest.Pytester,
) -> None:
    robust("right", *SINGLE, "--co", "-q")
    pytester.makepyfile(
        test_mine="""
        import pytest

        @pytest.mark.safescale(relations="outdated_guideline,typos", where={"id": "i0"})
        def test_it(safescale_robustness):
            one = safescale_robustness
            assert one.condition == "clean_evidence"
            assert one.model == "python:app:planted"
            assert one.report.tally.tried > 0
            if one.relation == "outdated_guideline":
                assert one.counterexample.after_in_item == "B"
            else:
                assert one.counterexample is None
            one.judge()
        """
    )
    result = run_pytest("test_mine.py", *SINGLE, "--safescale-model=python:app:planted", "-v")
    result.stdout.fnmatch_lines(
        [
            "*test_it[[]python:app:planted-clean_evidence-i0-typos] PASSED*",
            "*test_it[[]python:app:planted-clean_evidence-i0-outdated_guideline] COUNTEREXAMPLE*",
        ]
    )
    (found,) = report()["findings"]
    assert found["reproduce"].startswith("pytest test_mine.py::test_it ")
    again = run_pytest(*shlex.split(found["reproduce"])[1:])
    again.stdout.fnmatch_lines(["*1 counterexample in*"])


def test_the_page_tells_the_rates_of_every_family_and_what_happened(
    robust: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    robust("planted", *SINGLE, "--safescale-relations=outdated_guideline,layout")
    page = (pytester.path / "safescale-report" / "report.html").read_text(encoding="utf-8")
    heads = re.findall(r'<th scope="row">(.+?)</th>', page)
    told = {re.sub(r"<[^>]+>", "", head) for head in heads}
    assert {
        "high risk flip rate",
        "high risk flip rate (outdated guideline)",
        "high risk flip rate (layout)",
    } <= told
    assert "to the high-risk B (No further imaging)." in page
    with (pytester.path / "safescale-report" / "metrics.csv").open(newline="") as file:
        families = {row["family"] for row in csv.DictReader(file)}
    assert families == {"", "outdated_guideline", "layout"}
