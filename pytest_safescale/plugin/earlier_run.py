"""An earlier run verdict goes when a run begins, however early that one ends."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.errors import SettingsError
from pytest_safescale.plugin import options
from pytest_safescale.plugin.internals import in_worker_process, runs_tests
from pytest_safescale.report.folder import ReportFolder
from pytest_safescale.settings.configuration import (
    absolute_paths,
    find_configuration,
    readable_configurations,
)
from pytest_safescale.settings.schema import Settings

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

__all__ = ["take_away_early", "take_away_refused"]

DEFAULT = Settings.model_fields["report"].default
_NOT_STARTED = "pytest could not start it, and its output says why"


def take_away_early(given: Namespace, start: Path) -> None:
    """Take it away before pytest loads conftests and refuses options, either of which may fail.

    ``given`` holds the options as far as they are known. A baseline in the report's own folder is
    read first: that run verdict goes later.
    """
    if in_worker_process() or not runs_tests(given):
        return
    typed = absolute_paths(options.given_options(given), start)
    try:
        found = find_configuration(start)
    except SettingsError:
        found = None
    if "report" not in typed and (found is None or found.path is None):
        return  # the tests may have a configuration that names another folder
    values = {"report": start / DEFAULT, **(found.values if found else {}), **typed}
    folder = Path(values["report"])
    earlier = [Path(str(values.get(name) or os.devnull)) for name in ("baseline", "anchor")]
    with suppress(OSError, ValueError):  # a place that cannot be is refused by the settings
        places = (place for run in earlier for place in (run.resolve(), run.resolve().parent))
        if folder.resolve() not in places:
            ReportFolder(folder, run_id="").refuse(_NOT_STARTED)


def take_away_refused(given: Namespace, places: Sequence[Path], reason: str) -> None:
    """Take it away where a run is refused, and say why; ``places`` may hold a configuration.

    Where they hold several, or one that cannot be read, each folder may be the one of the report.
    """
    if not runs_tests(given):
        return
    typed = absolute_paths(options.given_options(given), places[0])
    found = list(readable_configurations(*places)) or [{}]
    named = ({**values, **typed}.get("report", places[0] / DEFAULT) for values in found)
    for folder in dict.fromkeys(place for place in named if isinstance(place, str | Path)):
        ReportFolder(Path(folder), run_id="").refuse(reason)
