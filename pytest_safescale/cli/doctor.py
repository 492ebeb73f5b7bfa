"""``safescale doctor``: whether a run would work, and what it would take."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.checkup import Checkup
from pytest_safescale.cli.output import Output
from pytest_safescale.cli.prepared_run import settings_given
from pytest_safescale.cli.run_options import add_run_options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

__all__ = ["HELP", "add_options", "extras_of", "run"]

HELP = "check key, endpoint, data, store and gates, with one call of each model"
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+).*\bextra == ['\"](?P<extra>[\w-]+)['\"]")
_OF_DEVELOPERS = ("dev", "docs")


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of a run, and whether anything is asked."""
    add_run_options(command)
    command.add_argument("--no-call", action="store_true", help="ask no model, not even once")


def run(given: argparse.Namespace) -> Output:
    """Return a line for each thing that was looked at, problems and hints among them.

    The exit code is 4 where a run would be refused, 1 where it could not pass, else 0.
    """
    from pytest_safescale.cli.checkup_of_run import check_run

    found = Checkup()
    found.ok(f"pytest-safescale {version('pytest-safescale')}, pytest {version('pytest')}")
    _extras(found)
    with found.looking_at("configuration"):
        settings, configuration = settings_given(given)
        if configuration.path is None:
            found.hint("configuration: none here or above; safescale init writes one")
        else:
            found.ok(f"configuration {configuration.path}")
        check_run(found, settings, configuration.folder, calls=not (given.no_call or given.replay))
    if not found.exit_code and Path("test_safety.py").exists():
        found.next("pytest test_safety.py")
    return Output(found.lines(), found.exit_code)


def _extras(found: Checkup) -> None:
    there = extras_of(requires("pytest-safescale") or ())
    named = {
        told: ", ".join(name for name, here in there.items() if here is wanted)
        for told, wanted in (("installed", True), ("not installed", False))
    }
    said = "; ".join(f"{told}: {names}" for told, names in named.items() if names)
    found.ok(f'extras {said} (pip install "pytest-safescale[NAME]")')


def extras_of(requirements: Iterable[str]) -> dict[str, bool]:
    """Return the extras that a package's requirements name, and whether all of each is there."""
    found: dict[str, bool] = {}
    for match in filter(None, map(_REQUIREMENT.match, requirements)):
        if match["extra"] not in _OF_DEVELOPERS:
            found[match["extra"]] = found.get(match["extra"], True) and _is_there(match["name"])
    return found


def _is_there(distribution: str) -> bool:
    try:
        return bool(version(distribution))
    except PackageNotFoundError:
        return False
