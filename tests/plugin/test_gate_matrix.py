"""Every form of gate on every way in which replies can be missing, in whole runs of pytest.

One run asks a model for each way and judges every gate of the table (``tests.gates.matrix``). The
gates of searches, whose runs are small, are judged in a run for each decision too, so that the exit
code is told; for all others ``test_gate_criteria`` tells it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from tests.gates.matrix import (
    AMOUNTS,
    CELLS,
    DECISIONS,
    DIVIDED,
    ITEMS,
    ROWS,
    SAMPLES,
    SEARCHED,
    STATES,
    WHOLE,
    Cell,
)
from tests.inner_runs import run_pytest
from tests.plugin.conftest import ITEM

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterable
    from pathlib import Path

    Sessions = Callable[[str, str, str], "Session"]

APPLICATION = """
import re

WHOLE, DIVIDED, EVIDENCE = {facts}


def say(state, places, whole, messages, sample):
    text = messages[-1]["content"]
    item = int(re.search(r"number (\\d+)", text)[1])
    if f"\\n{{EVIDENCE}}\\n" in text:
        return "A"
    if item in places:
        if state == "failed" or (state == "short" and sample == {last}):
            raise RuntimeError("the application broke")
        if state == "unreadable":
            return "The film is dull."
        if state == "abstained":
            return "I cannot answer that."
    letter = WHOLE[whole][item]
    if whole == "now" and item in DIVIDED and sample == {last}:
        return "C"
    return "I cannot answer that." if letter == "-" else letter
"""
MODEL = """

def {name}(messages, *, temperature, sample_index, **_):
    return say({state!r}, {places}, {whole!r}, messages, sample_index if temperature else 0)
"""
CONFTEST = """
from pytest_safescale import CaseMetric


def says_b(case):
    return case["greedy"]["letter"] == "B"


def pytest_safescale_metrics(config):
    return [
        CaseMetric(name="says_b_rate", definition="Share of B.", value=says_b),
        CaseMetric(name="says_b", definition="Mean of B.", value=lambda case: int(says_b(case))),
    ]
"""
LACKING = [(state, amount) for state in STATES for amount in AMOUNTS]
EVERY = "every"
CODES = {"passed": 0, "failed": 1, "inconclusive": 1}
MODELS = ["right", "other"] + [
    f"{before}{state}_{amount}" for before in ("", "before_") for state, amount in LACKING
]
ENSEMBLES = "".join(
    f'[[ensembles]]\nname = "{state}_{amount}"\nmodels = ["python:app:right", '
    f'"python:app:other", "python:app:{state}_{amount}"]\n'
    for state, amount in LACKING
)
RUNS = {
    "asked": (
        *("--safescale-suite=radsafe200", "--safescale-baseline=before"),
        *("--safescale-conditions=closed_book,clean_evidence", f"--safescale-samples={SAMPLES}"),
    ),
    "searched": (
        *("--safescale-suite=evidence_robustness", "--safescale-variants=1"),
        *("--safescale-relations=outdated_guideline", "--safescale-shrink-calls=0"),
        *("--safescale-conditions=clean_evidence", "--safescale-samples=0"),
    ),
}
"""Searches have runs of their own, of fewer items."""


def application(side: str) -> str:
    """Return the source in which the models of one side lack what they are called after."""
    text = APPLICATION.format(
        facts=repr((WHOLE, DIVIDED, ITEM["evidence_clean"])), last=SAMPLES - 1
    )
    for whole in ("right", "other"):
        text += MODEL.format(name=whole, state="", places=(), whole=whole)
    for name in MODELS[2:]:
        state, amount = name.removeprefix("before_").split("_")
        lacks = name.startswith("before_") == (side == "before")
        places = AMOUNTS[amount] if lacks else ()
        text += MODEL.format(name=name, state=state, places=places, whole=side)
    return text


def write_items(path: Path, places: Iterable[int]) -> None:
    records = [
        {
            **ITEM,
            "question_id": f"i{n:02d}",
            "question": f"{ITEM['question']} This is number {n}.",
            "key_fact": ITEM["evidence_clean"],
        }
        for n in places
    ]
    path.write_text(json.dumps(records), encoding="utf-8")


def name_of(cell: Cell) -> str:
    return f"{cell.row}.{cell.state}.{cell.amount}"


def toml(cell: Cell) -> str:
    vote = ROWS[cell.row.rstrip("!")].kind == "vote"
    model = f"ensemble:{cell.model}" if vote else f"python:app:{cell.model}"
    searched = ROWS[cell.row.rstrip("!")].kind == "search"
    condition = "clean_evidence" if searched else "closed_book"
    table = {"name": name_of(cell), "model": model, "condition": condition, **cell.gate}
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    return "\n".join(["[[gates]]", *lines, ""])


def run_of(name: str) -> str:
    return "searched" if ROWS[name].kind == "search" else "asked"


@dataclass(frozen=True, kw_only=True)
class Session:
    """What one run of pytest said."""

    code: int
    lines: list[str]
    """Of the terminal."""
    gates: dict[str, dict[str, Any]]
    """Of run.json, by name."""
    junit: dict[str, ElementTree.Element]
    """Test cases by name."""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for the runs that ask, after their baseline."""
    folder = write_project(tmp_path_factory.mktemp("asked"), "before", range(ITEMS))
    (folder / "safescale.toml").write_text(ENSEMBLES, encoding="utf-8")
    before = (
        *("--safescale-suite=radsafe200", "--safescale-conditions=closed_book"),
        *(f"--safescale-samples={SAMPLES}", "--safescale-report=before"),
    )
    done = ask(folder, MODELS, *before)
    assert done.returncode == 0, done.stdout
    (folder / "app.py").write_text(application("now"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for the runs that search."""
    return write_project(tmp_path_factory.mktemp("searched"), "now", SEARCHED)


def write_project(folder: Path, side: str, places: Iterable[int]) -> Path:
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "app.py").write_text(application(side), encoding="utf-8")
    write_items(folder / "items.json", places)
    return folder


def ask(folder: Path, models: Iterable[str], *options: str) -> subprocess.CompletedProcess[str]:
    asked = (f"--safescale-model=python:app:{name}" for name in models)
    return run_pytest(folder, "-v", *asked, *options, "--safescale-dataset=items.json")


@pytest.fixture(scope="module")
def session_of(request: pytest.FixtureRequest) -> Sessions:
    """Return a run in which the gates of one decision by the table are judged, made once."""
    known: dict[tuple[str, str, str], Session] = {}

    def session(run: str, decision: str, workers: str) -> Session:
        key = (run, EVERY if workers or run == "asked" else decision, workers)
        if key not in known:
            known[key] = session_in(request.getfixturevalue(run), *key)
        return known[key]

    return session


def session_in(folder: Path, run: str, decision: str, workers: str) -> Session:
    name = f"{decision}{workers}"
    cells = [
        cell
        for row, found in CELLS.items()
        for cell in found
        if run_of(row) == run and decision in (cell.decision, EVERY)
    ]
    (folder / f"{name}.toml").write_text("\n".join(map(toml, cells)), encoding="utf-8")
    models = MODELS if run == "asked" else list(dict.fromkeys(cell.model for cell in cells))
    done = ask(
        folder,
        models,
        *RUNS[run],
        f"--safescale-gates={name}.toml",
        f"--safescale-report={name}",
        f"--junitxml={name}.xml",
        *([workers] if workers else []),
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    content = json.loads((folder / name / "run.json").read_text(encoding="utf-8"))
    tests = ElementTree.parse(folder / f"{name}.xml").getroot().iter("testcase")
    assert len(content["gates"]) == len(cells)
    return Session(
        code=done.returncode,
        lines=done.stdout.splitlines(),
        gates={gate["name"]: gate for gate in content["gates"]},
        junit={str(test.get("name")): test for test in tests},
    )


def quick_where_searched(rows: Iterable[str]) -> list[Any]:
    """Mark all rows as slow but those of the searches, whose runs are the smaller ones."""
    slow = [pytest.mark.slow]
    return [pytest.param(row, marks=slow if run_of(row) == "asked" else []) for row in rows]


@pytest.mark.parametrize("workers", ["", "-n2"], ids=["one", "n2"])
class TestSessions:
    """In one process and in two."""

    @pytest.mark.parametrize("row", quick_where_searched(ROWS))
    @pytest.mark.slow
    def test_a_form_says_what_the_rule_demands_wherever_it_is_told(
        self, session_of: Sessions, row: str, workers: str
    ) -> None:
        for cell in CELLS[row]:
            session = session_of(run_of(row), cell.decision, workers)
            gate = session.gates[name_of(cell)]
            assert gate["outcome"] == cell.decision, gate["sentence"]
            assert gate["blocks"] == bool(CODES[cell.decision])
            case = session.junit[f"gate[{gate['id']}]"]
            assert [child.tag for child in case] == ["failure"] * gate["blocks"]
            word, other = ("FAILED", "PASSED") if gate["blocks"] else ("PASSED", "FAILED")
            lines = [line for line in session.lines if f"::gate[{gate['id']}]" in line]
            assert any(word in line for line in lines), lines
            assert not any(other in line for line in lines), lines
            if gate["blocks"]:
                told = f"{cell.decision}: {gate['sentence']}"
                assert told in f"{case[0].text} {case[0].get('message')}"
                assert any(told in line for line in session.lines)

    @pytest.mark.parametrize("row", quick_where_searched(ROWS))
    def test_one_that_missing_replies_leave_open_names_them_and_how_many_decide(
        self, session_of: Sessions, row: str, workers: str
    ) -> None:
        for cell in CELLS[row]:
            if cell.decision != "inconclusive" or cell.state == "abstained":
                continue
            gate = session_of(run_of(row), cell.decision, workers).gates[name_of(cell)]
            if "not decidable" in gate["sentence"]:
                # Nothing is left to take a figure from, or too little for a bound.
                assert cell.amount == "all" or ROWS[row].why
                continue
            lacking = {f"i{place:02d}" for place in AMOUNTS[cell.amount]}
            assert set(gate["missing_items"]) <= lacking
            assert all(name in gate["sentence"] for name in gate["missing_items"][:5])
            if ROWS[row].proven:
                assert 1 <= gate["tipping_point"] <= gate["missing"]
                assert f"undecided: {gate['tipping_point']} of them" in gate["sentence"]


@pytest.mark.parametrize("decision", DECISIONS.values())
def test_the_exit_code_is_that_of_the_gates(session_of: Sessions, decision: str) -> None:
    session = session_of("searched", decision, "")
    assert session.code == CODES[decision]
    failures = [case for case in session.junit.values() if case.find("failure") is not None]
    assert len(failures) == (len(session.gates) if CODES[decision] else 0)


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS)
def test_one_process_and_two_judge_alike(session_of: Sessions, run: str) -> None:
    both = session_of(run, EVERY, "-n2")
    one = [session_of(run, decision, "") for decision in DECISIONS.values()]
    assert both.gates == {name: gate for session in one for name, gate in session.gates.items()}
    assert both.code == max(session.code for session in one) == 1
