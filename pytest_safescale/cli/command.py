"""``safescale``: the command line, and the one place that writes to the terminal for it."""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TextIO

from pytest_safescale.cli import (
    audit,
    certify,
    compare,
    dataset,
    doctor,
    export,
    init,
    lock,
    merge,
    plan,
    read,
    report,
    requests,
    run,
    schema,
    score,
    store,
    verdict,
    view,
)
from pytest_safescale.cli.closed_pipe import until_closed
from pytest_safescale.errors import SafescaleError, SettingsError
from pytest_safescale.text.escaping import terminal_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.cli.output import Output

__all__ = ["main"]

UNUSABLE = 4
"""Pytest's exit code for unusable input, kept by every command."""
INTERRUPTED = 130
"""What shells have of a program that ctrl-C ends."""


class Command(Protocol):
    """What each module of a command holds."""

    HELP: str

    def add_options(self, command: argparse.ArgumentParser, /) -> None:
        """Add what the command takes."""

    def run(self, given: argparse.Namespace, /) -> Output:
        """Return what to show and the exit code; raises SafescaleError."""


COMMANDS: Mapping[str, Command] = {
    "init": init,
    "doctor": doctor,
    "dataset": dataset,
    "plan": plan,
    "lock": lock,
    "read": read,
    "report": report,
    "schema": schema,
    "export": export,
    "verdict": verdict,
    "compare": compare,
    "view": view,
    "run": run,
    "merge": merge,
    "score": score,
    "certify": certify,
    "audit": audit,
    "store": store,
    "requests": requests,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns 0, 1 where a gate does not hold, or 4 and says why on stderr.

    Ctrl-C ends it with 130 and one line.
    """
    try:
        given = _parser().parse_args(arguments)
        output = COMMANDS[given.command].run(given)
    except SafescaleError as error:
        _print(f"safescale: {error}".split("\n"), sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        _print(["safescale: interrupted"], sys.stderr)
        return INTERRUPTED
    _print(output.lines)
    if output.beside is not None:
        _print(output.beside, sys.stderr)
    return output.exit_code


def _print(lines: Iterable[str], where: TextIO | None = None) -> None:
    """Write lines to the terminal, the only way in which a command does."""
    with until_closed(where or sys.stdout):
        print("\n".join(map(terminal_line, lines)), file=where, flush=True)


class _Parser(argparse.ArgumentParser):
    """Refuses a command line as every other unusable input is refused."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message}; see {self.prog} --help")

    def print_help(self, file: Any = None) -> None:
        _print(self.format_help().rstrip().split("\n"), file)


class _Version(argparse.Action):
    """Tells the version, which needs no command."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        _print([f"safescale {version('pytest-safescale')}"])
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="safescale", description="Safety tests of clinical language models.")
    parser.add_argument("--version", action=_Version, nargs=0, help="tell the version, and end")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, module in COMMANDS.items():
        module.add_options(commands.add_parser(name, help=module.HELP))
    return parser
