"""How one case or search of a run is asked again: the options that are kept, and where."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_safescale.models.environment import KEY_VARIABLES
from pytest_safescale.plugin import options

if TYPE_CHECKING:
    import pytest

    from pytest_safescale.results.manifest_repeat import RepeatOfRun
    from pytest_safescale.runs.run import Run

__all__ = ["how_to_repeat", "kept_options", "specification_of"]

_OF_THE_RUN = (
    "model",
    "conditions",
    "relations",
    "item",
    "limit",
    "shard",
    "shard_by",
    "suite",
    "replay",
    "batch",
    "report",
    "cases",
    "figures",
    "gates",
    "baseline",
    "anchor",
    "strict",
    "max_calls",
    "max_cost",
    "rate_share",
    "otel",
    "stop_when_decided",
)
"""Options that say something else, or nothing, where one case or search is repeated."""
_OF_ALL_CASES = ("prompts", "lock", "ledger", "self_check", "fresh", "max_age", "family_wise")
"""Those that say nothing of one case."""


def kept_options(config: pytest.Config, *, without: tuple[str, ...] = ()) -> list[str]:
    """Return the options of the command line that a repetition takes too."""
    given = options.given_options(config.option)
    left_out = (*_OF_THE_RUN, *without)
    told = {name.replace("_", "-"): given[name] for name in given if name not in left_out}
    return [
        f"--safescale-{name}" if value is True else f"--safescale-{name}={value}"
        for name, value in told.items()
    ]


def specification_of(run: Run) -> dict[str, str]:
    """Return the specification of each model by its name."""
    return dict(zip((model.info.name for model in run.models), run.settings.model, strict=False))


def how_to_repeat(config: pytest.Config, run: Run) -> RepeatOfRun:
    """Return what the manifest states of it; the address that a variable named is an option."""
    kept = kept_options(config, without=_OF_ALL_CASES)
    address = run.settings.environment_base_url()
    if address and run.settings.base_url is None:
        kept.append(f"--safescale-base-url={address}")
    folder = config.invocation_params.dir
    named = (table.api_key_env for table in run.settings.models.values())
    variables = dict.fromkeys([*KEY_VARIABLES, *(name for name in named if name)])
    return {
        "folder": str(folder),
        "root": os.path.relpath(config.rootpath, folder),
        "suites": list(run.settings.suite),
        "models": specification_of(run),
        "options": [*kept, *(["--safescale-replay"] if run.settings.replay else [])],
        "environment": [name for name in variables if os.environ.get(name)],
    }
