"""The run that the options of a command mean, with a plain model where none is named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from pytest_safescale.conditions.condition import Evidence, Resources
    from pytest_safescale.dataset.item import Item
    from pytest_safescale.models.model import Model
    from pytest_safescale.runs.run import Run
    from pytest_safescale.settings.configuration import Configuration
    from pytest_safescale.settings.schema import Settings

__all__ = ["prepared_run", "settings_given", "unknown_conditions"]

PLACEHOLDER = "any model"
"""Stands for the model where none is named: a window of the default size, no price."""


def settings_given(given: argparse.Namespace) -> tuple[Settings, Configuration]:
    """Return the settings of options and configuration; raises SettingsError."""
    from pytest_safescale.settings.configuration import absolute_paths, find_configuration
    from pytest_safescale.settings.options import OPTIONS
    from pytest_safescale.settings.resolve import resolve_settings

    names = [name.replace("-", "_") for name, _, _ in OPTIONS]
    options = absolute_paths({name: vars(given)[name] for name in names}, Path.cwd())
    configuration = find_configuration(Path.cwd())
    return resolve_settings(options, configuration.values), configuration


def prepared_run(settings: Settings, folder: Path) -> Run:
    """Return the run that is meant, of a plain model where none is named; no call is made.

    ``folder`` is where ``python:`` models are imported from. Raises UsageError.
    """
    from pytest_safescale.runs.run import prepare_run

    own = [_OwnCondition(name) for name in unknown_conditions(settings)]
    if settings.model:
        return prepare_run(settings, root=folder, extra_conditions=own)
    # An ensemble is made of models that are named.
    settings = settings.model_copy(update={"model": (PLACEHOLDER,), "ensembles": ()})
    return prepare_run(settings, root=folder, make_model=_placeholder, extra_conditions=own)


class _OwnCondition:
    """Stands for a condition of the user's own, of which only the name is known."""

    summary = "A condition of the user's own."

    def __init__(self, name: str) -> None:
        self.name = name

    def lacks(self, item: Item, *, corpus: bool) -> str | None:  # noqa: ARG002
        """Return that every item has what it takes."""
        return None

    async def gather(self, item: Item, resources: Resources) -> Evidence:  # noqa: ARG002
        """Return no evidence: nobody knows how long it is."""
        from pytest_safescale.conditions.condition import Evidence

        return Evidence()


def unknown_conditions(settings: Settings) -> list[str]:
    """Return the named conditions that are not built in: no conftest is read here."""
    from pytest_safescale.cells import is_repaired
    from pytest_safescale.conditions.catalogue import CONDITIONS

    return [
        name
        for name in dict.fromkeys(settings.conditions)
        if name not in CONDITIONS and not is_repaired(name)
    ]


def _placeholder(spec: str) -> Model:
    from pytest_safescale.models.lexical.model import LexicalReader
    from pytest_safescale.models.model import ModelInfo

    reader = LexicalReader()
    reader.info = ModelInfo(name=spec, provider="lexical", model=spec)
    return reader
