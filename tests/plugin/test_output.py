"""What the plugin writes to the terminal stands on lines of its own."""

from __future__ import annotations

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
