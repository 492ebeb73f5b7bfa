"""``safescale view``: a local page over the report folders below a directory."""

from __future__ import annotations

import os
import sys
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.output import Output
from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from pytest_safescale.view.pages import Pages
    from pytest_safescale.view.server import ViewServer

__all__ = ["HELP", "add_options", "has_display", "run"]

HELP = "look at the reports below a directory in a browser: runs, trends, comparisons, cases"
_PORTS = range(65536)
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the directory, the port, and whether a browser is opened."""
    command.add_argument(
        "directory",
        nargs="?",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the directory with the report folders; default: this one",
    )
    command.add_argument(
        "--port", type=int, default=0, help="the port on 127.0.0.1; default: a free one"
    )
    command.add_argument("--no-browser", action="store_true", help="open no browser")


def run(given: argparse.Namespace) -> Output:
    """Serve until ctrl-C; raises SettingsError for what is no directory or no port to be had."""
    from pytest_safescale.cli.progress import tell
    from pytest_safescale.view.pages import Pages

    pages = Pages(_directory(given.directory))
    with _server(given.port, pages) as server, suppress(KeyboardInterrupt):
        tell(f"{server.address} shows {given.directory}; ctrl-C ends it", sys.stdout)
        if not given.no_browser and has_display(sys.platform, os.environ):
            _open(server.address)
        server.serve_forever()
    return Output([])


def _directory(path: Path) -> Path:
    if not path.is_dir():
        raise SettingsError(f"DIR: found {path}, which is no directory; allowed: one with reports")
    return path.resolve()


def _server(port: int, pages: Pages) -> ViewServer:
    from pytest_safescale.view.server import ViewServer

    if port not in _PORTS:
        raise SettingsError(f"--port: found {port}; allowed: 0 (a free one) to {_PORTS[-1]}")
    try:
        return ViewServer(pages, port)
    except OSError as error:
        raise SettingsError(
            f"--port: found {port}, which cannot be had: {error.strerror or error}; allowed: one "
            "that is free, or none for any"
        ) from error


def has_display(platform: str, environment: Mapping[str, str]) -> bool:
    """Say whether a browser can be shown: a browser in the terminal would be in the way there."""
    return platform in {"darwin", "win32"} or any(environment.get(name) for name in _DISPLAYS)


def _open(address: str) -> None:
    """Open the user's browser where there is one; the address was told in any case."""
    with suppress(webbrowser.Error):
        webbrowser.open(address)
