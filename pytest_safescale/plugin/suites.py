"""Running a suite that came with the package: ``--safescale-suite NAME``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_safescale.data import data_folder
from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["select"]


def select(config: pytest.Config, names: Sequence[str]) -> None:
    """Collect the named suites: alone, or beside the paths the user gave."""
    if not names or hasattr(config, "workerinput"):
        return  # an xdist worker is handed the paths by the controller
    folder = data_folder("suites")
    known = sorted(path.stem.removeprefix("test_") for path in folder.glob("test_*.py"))
    for name in names:
        if name not in known:
            raise SettingsError(f"--safescale-suite: found {name!r}; allowed: {', '.join(known)}")
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args.clear()
    config.args.extend(str(folder / f"test_{name}.py") for name in names)
