"""How one case of a run is repeated: a part of the manifest."""

from __future__ import annotations

from typing_extensions import TypedDict

__all__ = ["RepeatOfRun"]


class RepeatOfRun(TypedDict):
    """What a command needs that asks one case of the run again, from any folder."""

    folder: str
    """Where pytest was started: configuration, store and relative paths are found from there."""
    root: str
    """From there to the folder that the ids of tests are told from."""
    suites: list[str]
    models: dict[str, str]
    """The specification of each model by its name."""
    options: list[str]
    """The run's own options that shape a case."""
    environment: list[str]
    """The names of the variables that hold its keys; never their values."""
