"""Settings resolved once: command line over configuration over default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, get_args

from pydantic import ValidationError

from pytest_safescale.dataset.shape import Shape
from pytest_safescale.errors import SettingsError
from pytest_safescale.settings.allowed_words import MISSING, allowed_words
from pytest_safescale.settings.audit_settings import AuditGate, AuditSettings
from pytest_safescale.settings.layer_settings import BUILT_IN_LAYERS, WhenSettings
from pytest_safescale.settings.model_settings import ModelSettings
from pytest_safescale.settings.schema import (
    EnsembleSettings,
    LabelSettings,
    ProfileSettings,
    PromptSettings,
    Settings,
    SeveritySettings,
)
from pytest_safescale.settings.serve_settings import ServeSettings

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["resolve_settings"]

_TABLES: Mapping[str, type[BaseModel]] = {
    "shape": Shape,
    "labels": LabelSettings,
    "severity": SeveritySettings,
    "audit": AuditSettings,
    "models": ModelSettings,
    "ensembles": EnsembleSettings,
    "prompt": PromptSettings,
    "prompts": ProfileSettings,
}
_KEYS = {"prompts": "profiles"}
"""Options whose key goes by another name: TOML holds no list beside the tables of a key."""
_OPTIONS = {key: option for option, key in _KEYS.items()}
_UNSEEN = frozenset(("headers", "query"))
"""Keys whose values no message shows."""


def resolve_settings(
    options: Mapping[str, object], configuration: Mapping[str, object] | None = None
) -> Settings:
    """Return the validated settings: command line over configuration over default.

    ``options`` holds the command line's values by field name; ``None`` and empty lists count as
    not given. Raises SettingsError naming the option or key, the value and what is allowed.
    """
    configuration = configuration or {}
    given = {_KEYS.get(key, key): value for key, value in options.items() if _is_given(value)}
    words = configuration.get("labels")
    if isinstance(words, Mapping) and isinstance(given.get("labels"), str):
        # The option is of the rule alone: the words of the table stay.
        given["labels"] = {**words, "rule": given["labels"]}
    try:
        return Settings.model_validate({**configuration, **given})
    except ValidationError as error:
        raise SettingsError(_sentence(error, given)) from None


def _is_given(value: object) -> bool:
    # A flag that is off and a list without a word are what the command line holds by default.
    return value is not None and value is not False and value != []


def _sentence(error: ValidationError, given: Mapping[str, object]) -> str:
    parts = []
    for detail in error.errors(include_url=False):
        name = ".".join(str(part) for part in detail["loc"])
        top = str(detail["loc"][0]) if detail["loc"] else ""
        option = _OPTIONS.get(top, top).replace("_", "-")
        label = f"--safescale-{option}" if top in given else f"key {name!r}"
        if detail["type"] == "extra_forbidden":
            parts.append(f"configuration {label} is unknown; {_nearest(*detail['loc'])}")
        elif detail["type"] == MISSING:
            parts.append(f"configuration {label} {allowed_words(detail)}{_choices(detail['loc'])}")
        else:
            # A table says little, and what is sent to a server may be a secret.
            shown = not (isinstance(detail["input"], dict) or _UNSEEN.intersection(detail["loc"]))
            found = f"found {str(detail['input'])[:80]!r}; " if shown else ""
            parts.append(f"{label}: {found}{allowed_words(detail)}")
    return "; ".join(parts)


def _choices(path: tuple[int | str, ...]) -> str:
    """Return the words that a key may hold, where they are given."""
    field = _table_at(path).model_fields.get(str(path[-1]))
    words = get_args(field.annotation) if field is not None else ()
    given = [word for word in words if isinstance(word, str)]
    return f"; allowed: {', '.join(given)}" if given else ""


def _nearest(*path: int | str) -> str:
    import difflib  # only on the way to an error

    name = str(path[-1])
    fields = _table_at(path).model_fields
    near = difflib.get_close_matches(name, fields, n=1)
    known = ", ".join(sorted(fields))
    return f"did you mean {near[0]!r}?" if near else f"allowed: {known}"


def _table_at(path: tuple[int | str, ...]) -> type[BaseModel]:
    """Return the table in which a key stands."""
    layer = BUILT_IN_LAYERS.get(str(path[2])) if path[0] == "models" and len(path) > 3 else None
    if layer is not None:
        return WhenSettings if len(path) > 4 else layer
    if path[0] == "models" and path[2:3] == ("serve",):
        return ServeSettings
    if path[:2] == ("audit", "gates"):
        return AuditGate
    return _TABLES.get(str(path[0]), Settings) if len(path) > 1 else Settings
