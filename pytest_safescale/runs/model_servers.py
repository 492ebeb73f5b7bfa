"""The servers that a run starts for its models: up before the first call, down after the last."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.errors import EndpointRefused, SettingsError
from pytest_safescale.layers.layered_model import LayeredModel
from pytest_safescale.models.served_here import port_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_safescale.models.model import Model
    from pytest_safescale.runs.run import Run
    from pytest_safescale.settings.serve_settings import ServeSettings

__all__ = ["ModelServers"]

_LOOK_S = 0.2
_ANSWER_S = 5.0
_END_S = 20.0
"""How long a server may take to end before it is killed."""


@dataclass(frozen=True, kw_only=True)
class _Server:
    name: str
    serve: ServeSettings
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def is_ready(self) -> bool:
        """Say whether it answers; raises EndpointRefused where it has ended."""
        if (code := self.process.poll()) is not None:
            raise EndpointRefused(
                f"models.{self.name}.serve: its server ended with exit code {code} before it "
                f"answered: {_last_line(self.log)}; its log is {self.log}"
            )
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_S)
        try:
            connection.request("GET", self.serve.health)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class ModelServers:
    """The servers of one run, started and stopped by one of its processes."""

    def __init__(self, run: Run, folder: Path) -> None:
        """``folder`` is where their logs go."""
        self._run = run
        self._folder = folder
        self._servers: list[_Server] = []

    def start(self, tell: Callable[[str], None]) -> None:
        """Start every server that the run's cases need, and wait until each can be asked.

        Raises SettingsError for a command that cannot be started, and EndpointRefused for a server
        that ends or does not answer in time; none is left then.
        """
        if self._run.settings.replay:
            return
        try:
            for name, serve in _served(self._run):
                self._servers.append(self._started(name, serve))
            for server in self._servers:
                tell(f"waiting for the server of {server.name}: {server.log}")
                _wait_for(server)
        except BaseException:
            self.stop()
            raise

    def _started(self, name: str, serve: ServeSettings) -> _Server:
        port = port_of(name, serve)
        # A model's name may hold what no file name may.
        log = self._folder / f"server-{''.join(c if c.isalnum() else '-' for c in name)}.log"
        words = serve.words(port)
        try:
            with log.open("wb") as output:
                process = subprocess.Popen(  # noqa: S603 (the user's own command)
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C ends the run first, and the run ends it
                )
        except OSError as error:
            raise SettingsError(
                f"models.{name}.serve: {words[0]} cannot be started: {error.strerror}"
            ) from error
        return _Server(name=name, serve=serve, port=port, process=process, log=log)

    def stop(self) -> list[str]:
        """End every server and all that it has started; returns what to tell of those that died."""
        servers, self._servers = self._servers, []
        told = [
            f"the server of {server.name} ended during the run with exit code {code}: "
            f"{_last_line(server.log)}; its log is {server.log}"
            for server in servers
            if (code := server.process.poll()) is not None
        ]
        for server in servers:
            _signal(server, signal.SIGTERM)
        for server in servers:
            with suppress(subprocess.TimeoutExpired):
                server.process.wait(_END_S)
            _signal(server, signal.SIGKILL)
            server.process.wait()
        return told


def _signal(server: _Server, number: signal.Signals) -> None:
    """Send a signal to a server and all processes that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(server.process.pid, number)


def _wait_for(server: _Server) -> None:
    end = time.monotonic() + server.serve.ready_s
    while not server.is_ready():
        if time.monotonic() > end:
            raise EndpointRefused(
                f"models.{server.name}.serve: its server did not answer GET {server.serve.health} "
                f"with 200 within {server.serve.ready_s:g} s: {_last_line(server.log)}; its log is "
                f"{server.log}"
            )
        time.sleep(_LOOK_S)


def _served(run: Run) -> Iterator[tuple[str, ServeSettings]]:
    """Give the models that the run's cases need and that it serves itself."""
    tables = run.settings.models
    for name in dict.fromkeys(model.info.name for model in _needed(run)):
        if name in tables and (serve := tables[name].serve) is not None:
            yield name, serve


def _needed(run: Run) -> Iterator[Model]:
    asked = {case.model.info.name: case.model for case in run.cases}
    for model in asked.values():
        if isinstance(model, LayeredModel):
            yield from (model.base, *model.helpers)
        else:
            yield model
    if run.reader is not None:
        yield run.reader
    if run.embedder is not None:
        yield run.embedder


def _last_line(log: Path) -> str:
    with suppress(OSError):
        lines = log.read_bytes()[-2000:].decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
    return "it has no log"
