"""What the shards have of the environment: keys above all, by their names and in no file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_safescale.errors import SettingsError
from pytest_safescale.models.environment import KEY_VARIABLES
from pytest_safescale.settings.model_settings import FROM_ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_safescale.settings.schema import Settings

__all__ = ["environment_of"]

_ALWAYS = (*KEY_VARIABLES, "SAFESCALE_BASE_URL", "OPENAI_BASE_URL", "PYTEST_ADDOPTS", "HF_TOKEN")


def environment_of(settings: Settings, named: Sequence[str]) -> dict[str, str]:
    """Return the variables that a run of these settings reads, and those named beside, with values.

    Raises SettingsError for one that is named and not set.
    """
    for name in named:
        if name not in os.environ:
            raise SettingsError(f"--env: found {name!r}, which is not set; allowed: one that is")
    wanted = dict.fromkeys([*_ALWAYS, *_of_models(settings), *named])
    return {name: os.environ[name] for name in wanted if name in os.environ}


def _of_models(settings: Settings) -> Iterator[str]:
    for table in settings.models.values():
        if table.api_key_env is not None:
            yield table.api_key_env
        for value in (*table.headers.values(), *table.query.values()):
            if value.startswith(FROM_ENVIRONMENT):
                yield value.removeprefix(FROM_ENVIRONMENT)
