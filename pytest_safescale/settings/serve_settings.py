"""The key ``serve`` of a model's table: the server that a run starts for the model."""

from __future__ import annotations

import shlex
from typing import Annotated

from pydantic import Field, Strict, field_validator, model_validator

from pytest_safescale.settings.layer_settings import Table

__all__ = ["PORT", "ServeSettings"]

PORT = "{port}"
"""Stands in a command for the port that the server is to listen on."""

Amount = Annotated[float, Field(ge=0, lt=1e9)]


class ServeSettings(Table):
    """A table ``[tool.safescale.models.NAME.serve]``; a string stands for its command."""

    command: str
    """What starts the server, as in a shell but without one; ``{port}`` stands for the port."""
    port: Annotated[int, Strict(), Field(ge=1, le=65_535)] | None = None
    """The port, where it is always the same; a free one unless given."""
    health: str = "/health"
    """The path that answers 200 once the server can be asked."""
    ready_s: float = Field(default=1800.0, gt=0)
    """How long it may take until then."""
    resources: dict[str, Amount] = Field(default_factory=dict)
    """What a task of ``safescale run`` takes of a node for it, over ``--resources``."""

    @field_validator("command")
    @classmethod
    def _words(cls, value: str) -> str:
        try:
            words = shlex.split(value)
        except ValueError:
            words = []
        if not words:
            raise ValueError("allowed: a program and its arguments, with quotes that are closed")
        return value

    @field_validator("health")
    @classmethod
    def _path(cls, value: str) -> str:
        if not (value.startswith("/") and value.isascii() and value.isprintable()):
            raise ValueError("allowed: a path of the server, such as /health")
        return value

    @model_validator(mode="after")
    def _some_port(self) -> ServeSettings:
        if self.port is None and PORT not in self.command:
            raise ValueError("port is missing; allowed: a port, or {port} in the command")
        return self

    def words(self, port: int) -> list[str]:
        """Return the program and its arguments."""
        return [word.replace(PORT, str(port)) for word in shlex.split(self.command)]
