"""What the hooks of a conftest give: each of them a list, or the run does not begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["things_of"]


def things_of(hook: str, told: Iterable[object], what: str) -> list[Any]:
    """Return all that a hook's implementations gave, in one list; raises SettingsError.

    ``what`` names the things in a sentence. A generator is taken too: it is read here.
    """
    things: list[Any] = []
    for given in told:
        if isinstance(given, str | bytes | dict) or not hasattr(given, "__iter__"):
            raise SettingsError(f"{hook}: found {given!r}; allowed: a list of {what}")
        things += given
    return things
