"""Canaries: what the plugin takes from inside pytest and xdist is as it expects."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from pytest_safescale.plugin import internals

PLUGIN = Path(internals.__file__).parent
INSIDE = {
    "args", "args_source", "callspec", "exitstatus", "Failed", "getplugin", "known_args_namespace",
    "longreprtext", "reprcrash", "testscollected", "toterminal", "wasxfail", "workerinput",
}  # fmt: skip
"""What pytest and xdist document for no one, or for their own side alone."""
ALLOWED = {
    ("worker_messages.py", "node.workerinput"),  # as xdist documents it for pytest_configure_node
    ("case_selection.py", "marker.args"),  # a mark's
    ("recording.py", "session.exitstatus"),  # read as it is told in pytest_sessionfinish
}


@pytest.mark.parametrize("path", sorted(PLUGIN.glob("*.py")), ids=lambda path: path.name)
def test_one_module_alone_reaches_inside(path: Path) -> None:
    if path.name == "internals.py":
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        (path.name, ast.unparse(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in INSIDE
    }
    assert inside <= ALLOWED
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not [node for node in imported if str(node.module).startswith("_pytest")]


def test_each_option_that_only_shows_something_is_one_of_pytest(pytester: pytest.Pytester) -> None:
    known = vars(pytester.parseconfig().option)
    assert set(internals._ONLY_SHOWING) <= set(known)
    assert internals.runs_tests(pytester.parseconfig().option)
    for option in ("--collect-only", "--fixtures", "--fixtures-per-test", "--markers"):
        assert not internals.runs_tests(pytester.parseconfig(option).option)


def test_places_are_told_apart_by_whether_they_stand_on_the_command_line(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeini("[pytest]\ntestpaths = here")
    pytester.mkdir("here")
    named, configured = pytester.parseconfig("here::test_it"), pytester.parseconfig()
    assert internals.called_with_paths(named)
    assert not internals.called_with_paths(configured)
    for config in (named, configured):
        assert internals.places_of_tests(config) == [pytester.path / "here"]
        internals.collect_from(config, pytester.path / "suite")
    assert internals.places_of_tests(named) == [pytester.path / "here", pytester.path / "suite"]
    assert internals.places_of_tests(configured) == [pytester.path / "suite"]


@pytest.mark.parametrize("processes", [(), ("-n1",)])
def test_a_worker_knows_that_it_is_one_before_and_after_its_configuration(
    pytester: pytest.Pytester, processes: tuple[str, ...]
) -> None:
    pytester.makeconftest("""
        from pytest_safescale.plugin import internals
        EARLY = internals.in_worker_process()
    """)
    pytester.makepyfile("""
        import xdist
        from conftest import EARLY
        from pytest_safescale.plugin import internals

        def test_it(request):
            told = internals.worker_input(request.config)
            worker = xdist.is_xdist_worker(request)
            assert worker == EARLY == internals.is_worker(request.config) == (told is not None)
            assert not worker or (told["workerid"], told["workercount"]) == ("gw0", 1)
    """)
    pytester.runpytest_subprocess(*processes).assert_outcomes(passed=1)


def test_the_terminal_is_reached_while_a_test_runs(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from pytest_safescale.plugin import internals

        def test_it(request):
            reporter = internals.terminal(request.config)
            with internals.uncaptured(request.config):
                reporter.ensure_newline()
                reporter.section("seen")
                reporter.write_line(f"{reporter.verbosity} {bool(reporter.isatty)}")
            print("hidden")
    """)
    result = pytester.runpytest_subprocess()
    result.stdout.fnmatch_lines(["*= seen =*", "0 False"])
    result.stdout.no_fnmatch_line("*hidden*")


def test_a_test_has_its_parameters(pytester: pytest.Pytester) -> None:
    items = pytester.getitems("""
        import pytest

        @pytest.mark.parametrize("number", [7])
        def test_one(number): pass

        def test_two(): pass
    """)
    assert [dict(internals.parameters(item)) for item in items] == [{"number": 7}, {}]


def test_a_run_is_ended_as_failed_or_with_another_exit_code(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    pytester.makeconftest("""
        from pytest_safescale.plugin import internals

        def pytest_runtestloop(session):
            raise internals.failed_run(session, "so it is")
    """)
    failed = pytester.runpytest_subprocess()
    assert failed.ret == pytest.ExitCode.TESTS_FAILED
    failed.assert_outcomes()
    pytester.makeconftest("""
        import pytest
        from pytest_safescale.plugin import internals

        def pytest_sessionfinish(session):
            internals.end_with(session, pytest.ExitCode.TESTS_FAILED)
    """)
    ended = pytester.runpytest_subprocess()
    assert ended.ret == pytest.ExitCode.TESTS_FAILED
    ended.assert_outcomes(passed=1)


def test_a_report_of_our_own_is_counted_noted_and_kept_for_no_later_run(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile("def test_it(): assert False")
    pytester.makeconftest("""
        import pytest
        from pytest_safescale.plugin import outcomes

        @pytest.hookimpl(wrapper=True)
        def pytest_runtestloop(session):
            result = yield
            outcomes.emit(session, "gate", failed="it does not hold")
            outcomes.emit(session, "other", noted="it may not hold")
            return result
    """)
    result = pytester.runpytest_subprocess("-rx")
    result.assert_outcomes(failed=2, xfailed=1)
    result.stdout.fnmatch_lines(["*[[]100%]", "XFAIL safescale::other - it may not hold"])
    kept = json.loads((pytester.path / ".pytest_cache/v/cache/lastfailed").read_text("utf-8"))
    assert [name.partition("::")[2] for name in kept] == ["test_it"]


def test_a_failure_has_a_message(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        def test_raised(): raise ValueError("why")

        def test_plain(): pytest.fail("plainly", pytrace=False)
    """)
    reports = pytester.inline_run().getreports("pytest_runtest_logreport")
    failed = [one for one in reports if isinstance(one, pytest.TestReport) and one.failed]
    raised, plain = map(internals.crash_message, failed)
    assert (raised, plain.removeprefix("Failed: ")) == ("ValueError: why", "plainly")


def test_all_that_a_failure_shows_can_be_changed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        def test_failing():
            word = "secret"
            assert word == "another", f"it was {word}"

        def test_skipped():
            pytest.skip("a secret reason")

        def test_noted():
            pytest.xfail("a secret finding")
    """)
    pytester.makeconftest("""
        import pytest
        from pytest_safescale.plugin import internals

        def change(text):
            return text.replace("secret", "public")

        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_makereport(item, call):
            report = yield
            if call.excinfo is not None:
                internals.change_texts(report, change, change)
            return report
    """)
    result = pytester.runpytest_subprocess("-rfsx", "-l")
    result.assert_outcomes(failed=1, skipped=1, xfailed=1)
    result.stdout.no_fnmatch_line("*secret*")
    result.stdout.fnmatch_lines_random(
        [
            "E*AssertionError: it was public",
            "FAILED *::test_failing - Assert*",
            "SKIPPED *: a public reason",
            "XFAIL *::test_noted - *a public finding",
        ]
    )
