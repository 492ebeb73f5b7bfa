"""Whatever this plugin says to pytest: to its terminal, as an outcome, or as the end of a run.

Sentences hold words from outside. All of them pass here on their way, so that they are text and
nothing else wherever pytest, its plugins and the logs of CI show them.
"""

from __future__ import annotations

from copy import copy
from traceback import clear_frames
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.text.escaping import terminal_line, terminal_text

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ending",
    "failure",
    "header",
    "let_go",
    "noted_report",
    "noting",
    "refusal",
    "skipping",
    "write",
]


def write(reporter: pytest.TerminalReporter, lines: Iterable[str], *, title: str = "") -> None:
    """Write lines to the terminal, under a title where one is given."""
    reporter.ensure_newline()
    terminal = reporter.config.get_terminal_writer()
    if terminal.width_of_current_line:  # the reporter does not know of letters from xdist's workers
        terminal.line()
    if title:
        reporter.section(title)
    for line in lines:
        reporter.write_line(terminal_line(line))


def header(lines: Iterable[str]) -> list[str]:
    """Return lines as pytest's header takes them."""
    return list(map(terminal_line, lines))


def failure(sentence: str) -> BaseException:
    """Return what fails a test when it is raised: a sentence, or lines, and no traceback."""
    return pytest.fail.Exception(terminal_text(sentence), pytrace=False)


def skipping(sentence: str) -> BaseException:
    """Return what skips a test when it is raised."""
    return pytest.skip.Exception(terminal_text(sentence))


def noting(sentence: str) -> BaseException:
    """Return what notes a finding when it is raised, as ``pytest.xfail`` does.

    It leaves the sources out that nobody is shown: reading and formatting them takes longer than
    all else that is done for a case.
    """
    return pytest.xfail.Exception(terminal_text(sentence), pytrace=False)


def noted_report(
    item: pytest.Item, call: pytest.CallInfo[None], sentence: str
) -> pytest.TestReport:
    """Return the report of a test that noted a finding, with the sentence in a traceback's place.

    Of what is noted nobody is shown more. To format the places that it came through takes longer
    than all else that is done for a case, and pytest keeps them to the end.
    """
    plain = copy(call)
    plain.excinfo = None
    report = pytest.TestReport.from_item_and_call(item, plain)
    report.outcome, report.longrepr = "failed", sentence
    return report


def let_go(call: pytest.CallInfo[None]) -> None:
    """Free what a test raised and all that it came through, once it has been reported.

    The call, the exception and the frames between them hold each other, and with them the case:
    a hundred objects that would wait for the garbage collector and call it that much oftener.
    """
    if call.excinfo is not None:
        clear_frames(call.excinfo.tb)
        call.excinfo = None


def refusal(error: object) -> pytest.UsageError:
    """Return the error of unusable input, which ends pytest with exit code 4."""
    return pytest.UsageError(terminal_text(str(error)))


def ending(reason: str, code: int = pytest.ExitCode.USAGE_ERROR) -> BaseException:
    """Return what ends the run when it is raised."""
    return pytest.exit.Exception(terminal_text(reason), code)
