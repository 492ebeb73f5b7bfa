"""The command line as pytest has it: the options are added, and what the user gave is read."""

from __future__ import annotations

from argparse import SUPPRESS
from typing import TYPE_CHECKING, Any

from pytest_safescale.plugin import internals
from pytest_safescale.settings.options import OPTIONS, REPEATABLE

if TYPE_CHECKING:
    from argparse import Namespace

    import pytest

__all__ = ["add_options", "given_options", "selects_suite"]

PREFIX = "safescale_"
FLAG = "--safescale-"
RUN_ID = f"{PREFIX}run_id"
STARTED_BY = f"{PREFIX}started_by"
_OF_STARTERS = {RUN_ID: str, STARTED_BY: int}
"""Options that whoever starts a shard gives, and no user: the run's id, and the starter's process.

They switch nothing on by themselves.
"""
CONFIGURATIONS = ("safescale.toml", "pyproject.toml")


def add_options(parser: pytest.Parser) -> None:
    """Add ``--safescale-*``; values stay text, the settings check and convert them."""
    group = parser.getgroup("safescale", "safety tests of clinical language models")
    for name, metavar, text in OPTIONS:
        dest = PREFIX + name.replace("-", "_")
        if metavar is None:
            group.addoption(
                f"{FLAG}{name}", dest=dest, action="store_true", default=None, help=text
            )
        else:
            action = "append" if name in REPEATABLE else "store"
            group.addoption(
                f"{FLAG}{name}",
                dest=dest,
                action=action,
                metavar=metavar,
                default=None,
                help=text,
            )
    for dest, kind in _OF_STARTERS.items():
        group.addoption(
            f"--{dest.replace('_', '-')}", dest=dest, type=kind, default=None, help=SUPPRESS
        )


def given_options(option: Namespace) -> dict[str, Any]:
    """Return the options the user gave, by the names the settings have."""
    names = (name.replace("-", "_") for name, _, _ in OPTIONS)
    values = {name: getattr(option, PREFIX + name, None) for name in names}
    return {name: value for name, value in values.items() if value not in (None, [])}


def selects_suite(config: pytest.Config) -> bool:
    """Say whether the configuration selects a suite to run, as ``testpaths`` selects tests.

    It does where pytest is called without paths. Nothing is imported where there is no file.
    """
    if internals.called_with_paths(config):
        return False
    places = dict.fromkeys([config.invocation_params.dir, config.rootpath])
    folders = {folder for place in places for folder in (place, *place.parents)}
    if not any((folder / name).is_file() for folder in folders for name in CONFIGURATIONS):
        return False
    from pytest_safescale.settings import configuration

    found = configuration.readable_configurations(*places)
    return any(values.get("suite") for values in found)
