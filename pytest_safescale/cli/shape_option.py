"""The option ``--shape`` of every command that reads a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pytest_safescale.settings.schema import Settings

__all__ = ["add_shape_option", "settings_with_shape"]


def add_shape_option(command: argparse.ArgumentParser) -> None:
    """Add the name of a published shape."""
    command.add_argument(
        "--shape",
        metavar="NAME",
        help="the published shape of the file, such as medqa; default: the configured shape",
    )


def settings_with_shape(given: argparse.Namespace, names: Sequence[str] = ()) -> Settings:
    """Return the configured settings; without a shape of its own the command reads as a run would.

    A command that has an option ``--seed`` has its own seed. ``names`` are those options of a run
    that the command takes too.

    Raises SettingsError for a configuration or a shape that cannot be used.
    """
    from pytest_safescale.settings.configuration import absolute_paths, find_configuration
    from pytest_safescale.settings.resolve import resolve_settings

    own = {"shape": given.shape, "seed": getattr(given, "seed", None)}
    keys = (name.replace("-", "_") for name in names)
    own |= absolute_paths({key: vars(given)[key] for key in keys}, Path.cwd())
    return resolve_settings(own, find_configuration(Path.cwd()).values)
