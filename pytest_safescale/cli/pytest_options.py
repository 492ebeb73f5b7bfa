"""The settings of a run that pytest's command line means, read before pytest is started."""

from __future__ import annotations

import os
import shlex
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.settings.schema import Settings

__all__ = ["PytestCall", "read_pytest_options"]


@dataclass(frozen=True, kw_only=True)
class PytestCall:
    """How pytest is to be called, and what that means."""

    words: tuple[str, ...]
    """As they were given."""
    settings: Settings
    project: Path
    """The folder of the configuration, else the one to stand in: what a run needs is in it."""
    junit: Path | None
    """Where pytest is to write JUnit XML."""


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingsError(message)


def read_pytest_options(words: Sequence[str]) -> PytestCall:
    """Return the settings of these words, over ``PYTEST_ADDOPTS``, ``addopts`` and configuration.

    Raises SettingsError.
    """
    from pytest_safescale.settings.addopts import addopts_near
    from pytest_safescale.settings.configuration import absolute_paths, find_configuration
    from pytest_safescale.settings.options import OPTIONS
    from pytest_safescale.settings.resolve import resolve_settings

    here = Path.cwd()
    before = [*addopts_near(here), *shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))]
    given, _ = _parser().parse_known_args([*before, *words])
    names = [name.replace("-", "_") for name, _, _ in OPTIONS]
    options: dict[str, Any] = {name: vars(given)[name] for name in names}
    configuration = find_configuration(here)
    settings = resolve_settings(absolute_paths(options, here), configuration.values)
    places = {"store": here / settings.store, "report": here / settings.report}
    return PytestCall(
        words=tuple(words),
        settings=settings.model_copy(update=places),
        project=here if configuration.path is None else configuration.folder,
        junit=None if given.junit is None else here / given.junit,
    )


def _parser() -> ArgumentParser:
    from pytest_safescale.settings.options import OPTIONS, REPEATABLE

    parser = _Parser(add_help=False, allow_abbrev=False)
    for name, metavar, _ in OPTIONS:
        more: dict[str, Any] = {} if metavar is not None else {"action": "store_true"}
        if name in REPEATABLE:
            more["action"] = "append"
        parser.add_argument(f"--safescale-{name}", dest=name.replace("-", "_"), **more)
    parser.add_argument("--junitxml", "--junit-xml", dest="junit")
    return parser
