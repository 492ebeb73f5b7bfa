"""Runs of other people's tests: with this plugin installed they are what they are without it."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Event = dict[str, Any]

WITHOUT = ("-p", "no:safescale")

RECORDER = '''
"""Writes down every hook call with what it was given, and the state of the process around it."""

import gc
import hashlib
import json
import random
import sys
import threading
import warnings

import pytest

OF_ONE_RUN = ("duration", "start", "stop", "testrun_uid", "node", "plugin_name")
events = []


def shown(value):
    if isinstance(value, (pytest.CollectReport, pytest.TestReport)):
        return shown({**vars(value), "kind": type(value).__name__, "longrepr": str(value.longrepr)})
    if isinstance(value, pytest.CallInfo):
        return {"when": value.when, "excinfo": shown(value.excinfo)}
    if isinstance(value, pytest.ExceptionInfo):
        way = [[str(step.path), step.lineno, step.name] for step in value.traceback]
        return {"value": repr(value.value), "way": way}
    if isinstance(value, (pytest.Item, pytest.Collector)):
        return value.nodeid
    if isinstance(value, dict):
        return {str(key): shown(one) for key, one in value.items() if key not in OF_ONE_RUN}
    if isinstance(value, (list, tuple)):
        return [shown(one) for one in value]
    return value if isinstance(value, (str, int, type(None))) else type(value).__name__


def state():
    return {
        "gc": [gc.isenabled(), gc.get_freeze_count(), *gc.get_threshold(), len(gc.callbacks)],
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "switch": sys.getswitchinterval(),
        "random": hashlib.sha256(repr(random.getstate()).encode()).hexdigest(),
        "warnings": len(warnings.filters),
        "hooks": [sys.gettrace() is None, sys.getprofile() is None],
        "finders": len(sys.meta_path),
    }


def about(given):
    for name in ("item", "report", "node"):
        if hasattr(given.get(name), "nodeid"):
            return given[name].nodeid
    return given.get("nodeid")


def before(name, implementations, given):
    if name == "pytest_plugin_registered":  # pytest tells of each that is installed
        return
    events.append({"hook": name, "test": about(given), "given": shown(given), "state": state()})


def after(outcome, name, implementations, given):
    if name == "pytest_plugin_registered":
        return
    result = shown(outcome.get_result()) if outcome.exception is None else repr(outcome.exception)
    events.append({"hook": f"{name} ended", "test": about(given), "result": result})


def pytest_configure(config):
    random.seed(20)
    config.pluginmanager.add_hookcall_monitoring(before, after)


def pytest_unconfigure(config):
    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    (config.rootpath / f"events-{worker}.json").write_text(json.dumps(events))
'''

SUITE = """
import gc
import unittest
import warnings

import pytest


class Wrong(Exception):
    pytrace = False


@pytest.fixture
def broken():
    pytest.fail("the set-up broke", pytrace=False)


@pytest.fixture
def torn():
    yield
    raise RuntimeError("the tear-down broke")


def helper(text):
    pytest.fail(text, pytrace=False)


def test_passes(): print("told")
def test_asserts(): assert [1, 2, 3] == [1, 4, 3]
def test_fails_without_a_trace(): helper("no trace")
def test_fails_with_a_trace(): pytest.fail("a trace")
def test_raises_what_says_no_trace(): raise Wrong("mine")
def test_expects_to_fail(): pytest.xfail("known")
def test_skips(): pytest.skip("not today")
def test_is_set_up_in_vain(broken): pass
def test_is_torn_down_in_vain(torn): pass
def test_warns(): warnings.warn("old", DeprecationWarning)
@pytest.mark.xfail(reason="known")
def test_is_expected_to_fail(): assert 0
@pytest.mark.xfail
def test_passes_unexpectedly(): pass
@pytest.mark.xfail(strict=True)
def test_passes_against_the_rule(): pass
@pytest.mark.skip(reason="never")
def test_is_skipped(): pass
@pytest.mark.parametrize("number", [0, 1])
def test_of_two(number): assert number


def test_chains():
    try:
        {}["key"]
    except KeyError as error:
        raise ValueError("chained") from error


if hasattr(pytest, "Subtests"):  # from pytest 9 on

    def test_has_parts(subtests):
        for number in range(3):
            with subtests.test(number=number):
                if number == 1:
                    helper("a part")
        with subtests.test("asserts"):
            assert number == 3


def test_sees_the_collector_as_python_starts_it():
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


class TestOfTheStandardLibrary(unittest.TestCase):
    def test_unequal(self): self.assertEqual([1], [2])

    def test_parts(self):
        for number in range(2):
            with self.subTest(number=number):
                self.assertEqual(number, 0)
"""


CASES = """
def test_answers(safescale_case):
    safescale_case.judge()
"""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a run of the project showed to anyone who looked."""

    events: dict[str, list[Event]]
    """By process: hook calls, with what they were given and the process's state."""
    terminal: list[str]
    files: dict[str, str]
    """The JUnit file, and what is kept for the next run."""


@pytest.fixture
def run_project(pytester: pytest.Pytester) -> Callable[..., Seen]:
    """Run pytest in a project of somebody else, as it came, in a process of its own."""
    project = pytester.path / "project"

    def run(*arguments: str) -> Seen:
        shutil.rmtree(project, ignore_errors=True)
        project.mkdir()
        (project / "conftest.py").write_text(RECORDER, encoding="utf-8")
        (project / "test_foreign.py").write_text(SUITE, encoding="utf-8")
        (project / "test_cases.py").write_text(CASES, encoding="utf-8")
        fixed = ("-p", "no:randomly", f"--rootdir={project}", f"--junitxml={project / 'junit.xml'}")
        result = pytester.runpytest_subprocess(*fixed, *arguments)
        events = {}
        for path in sorted(project.glob("events-*.json")):
            events[path.stem] = json.loads(_comparable(path.read_text(encoding="utf-8")))
        cached = sorted((project / ".pytest_cache" / "v" / "cache").glob("*"))
        files = {path.name: path.read_text(encoding="utf-8") for path in cached}
        lines = _comparable(result.stdout.str()).splitlines()
        return Seen(
            events=events,
            terminal=[re.sub(r" in [0-9].*", "", line) for line in lines],
            files={**files, "junit": _timeless(project / "junit.xml")},
        )

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("-rA", "--tb=long", "--showlocals", "-v"),
        ("--tb=native", "--maxfail=4"),
        ("-n1",),
    ],
    ids=" ".join,
)
@pytest.mark.slow
def test_installed_and_unused_it_changes_nothing_that_anyone_can_see(
    run_project: Callable[..., Seen], arguments: tuple[str, ...]
) -> None:
    installed = run_project("project/test_foreign.py", *arguments)
    without = run_project("project/test_foreign.py", *arguments, *WITHOUT)
    assert "test_foreign.py::test_asserts" in str(installed.events)
    assert installed.terminal == without.terminal
    assert installed.files == without.files
    assert installed.events.keys() == without.events.keys()
    for process, events in installed.events.items():
        ours, theirs = _by_test(events), _by_test(without.events[process])
        for test in (*ours, *theirs):
            assert ours.get(test) == theirs.get(test)


USED = ("--safescale-model=lexical", "--safescale-limit=3", "--safescale-conditions=closed_book")


@pytest.mark.slow
def test_beside_cases_other_tests_are_reported_as_they_are_alone(
    run_project: Callable[..., Seen],
) -> None:
    alone = _by_test(run_project("project/test_foreign.py", *WITHOUT).events["events-main"])
    both = ("project/test_cases.py", "project/test_foreign.py", *USED)
    beside = _by_test(run_project(*both).events["events-main"])
    assert any("test_cases.py::test_answers[lexical" in str(test) for test in beside)
    for test in filter(None, alone):
        ours, theirs = ([_without_threads(event) for event in of[test]] for of in (beside, alone))
        assert ours == theirs


def _without_threads(event: Event) -> Event:
    """Return an event without what an engine and its libraries bring into a process."""
    state = {key: event.get("state", {}).get(key) for key in ("gc", "switch", "random", "hooks")}
    return {**event, "state": state}


def _by_test(events: list[Event]) -> dict[str | None, list[Event]]:
    """Return the events of each test in their order; with xdist others come in any order."""
    found: dict[str | None, list[Event]] = {}
    for event in events:
        found.setdefault(event["test"], []).append(event)
    return {**found, None: sorted(found[None], key=str)}


def _comparable(text: str) -> str:
    """Return a text without addresses in memory, and without this plugin in the list of plugins."""
    return re.sub(r"0x[0-9a-f]+|safescale-[0-9.]+, ", "", text)


def _timeless(junit: Path) -> str:
    if not junit.exists():
        return ""
    tree = ElementTree.parse(junit)
    for element in tree.iter():
        for name in ("time", "timestamp"):
            element.attrib.pop(name, None)
    return _comparable(ElementTree.tostring(tree.getroot(), encoding="unicode"))
