"""What models take from the environment: their address, their keys, the values of headers."""

from __future__ import annotations

import os
import re
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pytest_safescale.errors import SettingsError
from pytest_safescale.settings.model_settings import FROM_ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_safescale.settings.model_settings import ModelSettings
    from pytest_safescale.settings.schema import Settings

__all__ = ["KEY_VARIABLES", "base_url_of", "key_of", "secrets_of", "values_of"]

KEY_VARIABLES = ("SAFESCALE_API_KEY", "OPENAI_API_KEY")
_VERSION = re.compile(r"v?\d{4}-\d{2}-\d{2}(?:-\w+)?")
"""A version of an interface, such as ``2024-10-21-preview``: no secret, and a day in any reply."""


def base_url_of(spec: str, given: str | None, settings: Settings) -> str:
    """Return a model's address: its table's, else the run's; raises SettingsError."""
    url = given or settings.environment_base_url()
    if not url:
        raise SettingsError(
            f"{spec} needs an endpoint: give --safescale-base-url, or set SAFESCALE_BASE_URL"
        )
    return url


def key_of(spec: str, variable: str | None) -> tuple[str, str]:
    """Return the key and its variable, from the environment, where alone it may stand.

    Raises SettingsError where it is not set.
    """
    variables = (variable,) if variable else KEY_VARIABLES
    for name in variables:
        if key := os.environ.get(name, "").strip():
            return key, name
    raise SettingsError(
        f"{spec} needs a key: set {' or '.join(variables)} "
        "(any word, such as none, for a server that asks for no key)"
    )


def values_of(spec: str, table: str, stated: Mapping[str, str]) -> dict[str, str]:
    """Return ``headers`` or ``query`` of a model's table with what stands in the environment.

    ``table`` is which of them it is. Raises SettingsError, which shows no value.
    """
    found = {}
    for name, value in stated.items():
        found[name] = resolved = _resolved(value)
        where = f"models.{spec}.{table}, {name}"
        if not resolved:
            variable = value.removeprefix(FROM_ENVIRONMENT)
            raise SettingsError(f"{where}: set the environment variable {variable or '...'}")
        if not (resolved.isascii() and resolved.isprintable()):
            raise SettingsError(
                f"{where}: its value holds a character that no request can carry there, such as "
                "a line break or a typographic one"
            )
    return found


def secrets_of(settings: Settings) -> list[str]:
    """Return what no output may show: keys, values of headers and queries, proxies' passwords."""
    named = (table.api_key_env for table in settings.models.values())
    variables = dict.fromkeys([*KEY_VARIABLES, *(name for name in named if name)])
    keys = (os.environ.get(name, "").strip() for name in variables)
    sent = (value for table in settings.models.values() for value in _sent_values(table))
    return [secret for secret in (*keys, *sent, *_proxy_passwords()) if secret]


def _sent_values(table: ModelSettings) -> Iterator[str]:
    yield from map(_resolved, table.headers.values())
    for value in map(_resolved, table.query.values()):
        if not _VERSION.fullmatch(value):
            yield value


def _resolved(value: str) -> str:
    """Return a value as it is sent; empty where its variable is not set."""
    if not value.startswith(FROM_ENVIRONMENT):
        return value.strip()
    return os.environ.get(value.removeprefix(FROM_ENVIRONMENT), "").strip()


def _proxy_passwords() -> Iterator[str]:
    for proxy in urllib.request.getproxies().values():
        try:
            password = urlsplit(proxy).password or ""
        except ValueError:  # it is no URL; whoever needs it will say so
            continue
        yield from (password, unquote(password))
