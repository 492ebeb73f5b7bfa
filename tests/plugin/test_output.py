"""What the plugin writes to the terminal stands on lines of its own."""

from __future__ import annotations

import gc
import weakref
from io import StringIO

import pytest

from pytest_safescale.plugin import output


@pytest.mark.parametrize(
    ("before", "expected"),
    [("", "first\nsecond\n"), ("HH", "HH\nfirst\nsecond\n"), ("HH\n", "HH\nfirst\nsecond\n")],
    ids=["at the start", "behind letters of workers", "on a new line"],
)
def test_lines_begin_on_a_line_of_their_own(
    pytester: pytest.Pytester, before: str, expected: str
) -> None:
    written = StringIO()
    config = pytester.parseconfig()
    reporter = pytest.TerminalReporter(config, written)
    config.pluginmanager.register(reporter, "terminalreporter")
    reporter.write(before)
    output.write(reporter, ["first", "second"])
    assert written.getvalue() == expected


class _Held:
    """What a test has in its hands when it notes a finding."""


def test_what_a_noted_finding_held_is_freed_at_once() -> None:
    freed: list[bool] = []

    def noting() -> None:
        held = _Held()
        weakref.finalize(held, freed.append, True)
        raise output.noting("high-risk: answered B")

    def called() -> pytest.CallInfo[None]:
        call = pytest.CallInfo.from_call(noting, when="call")
        output.let_go(call)
        return call

    gc.disable()  # else its next pass might free what hangs in circles
    try:
        call = called()
        assert freed == [True]
    finally:
        gc.enable()
    assert call.excinfo is None
