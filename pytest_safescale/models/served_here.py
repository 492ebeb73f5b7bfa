"""Models whose server a run starts itself: which port it has, the same in all its processes."""

from __future__ import annotations

import os
import re
import socket
from typing import TYPE_CHECKING

from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    from pytest_safescale.settings.serve_settings import ServeSettings

__all__ = ["address_in_words", "port_of", "url_of"]

_LOOPBACK = "127.0.0.1"
_WORKER = "PYTEST_XDIST_WORKER"


def port_of(name: str, serve: ServeSettings) -> int:
    """Return the port of a model's server; a free one is chosen once.

    It stands in the environment, which xdist's workers have from the process that starts them.
    Raises SettingsError in a worker that was started before the port was chosen.
    """
    if serve.port is not None:
        return serve.port
    variable = f"SAFESCALE_PORT_{re.sub(r'[^A-Za-z0-9]', '_', name)}"
    if _WORKER in os.environ and variable not in os.environ:
        raise SettingsError(
            f"models.{name}.serve: found no port, in a run that tests switch on in xdist's "
            "workers; allowed: a port, or an option such as --safescale-model"
        )
    return int(os.environ.setdefault(variable, str(_free_port())))


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind((_LOOPBACK, 0))
        return int(bound.getsockname()[1])


def url_of(port: int) -> str:
    """Return the base URL of a server here."""
    return f"http://{_LOOPBACK}:{port}/v1"


def address_in_words(name: str) -> str:
    """Return what stands for the address where it is the same whatever the port."""
    return f"http://{_LOOPBACK}:[port of {name}]/v1"
