"""The plugin's parts, registered with pytest once the plugin is switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    import pytest

__all__ = ["register"]


def register(config: pytest.Config, part: object, name: str) -> None:
    """Register a part of the plugin; raises SettingsError where ``-p no:`` leaves it out.

    Without it gates would not be judged, and nothing would say so.
    """
    if config.pluginmanager.register(part, name) is None:
        raise SettingsError(
            f"found -p no:{name}, which leaves out a part of the plugin; allowed: -p no:safescale, "
            "which leaves out all of it"
        )
