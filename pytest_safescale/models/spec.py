"""From a model specification to a model that can be asked.

Each provider is imported where it is wanted: HTTP and array libraries take a tenth of a second
each, and most runs need one of them at most.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import ModelSpecError, SettingsError
from pytest_safescale.models.model import ModelInfo
from pytest_safescale.settings import ModelSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_safescale.conditions.retriever import Retriever
    from pytest_safescale.items.item import Dataset
    from pytest_safescale.models.http import JsonClient
    from pytest_safescale.models.model import Model
    from pytest_safescale.settings import Settings

__all__ = ["KEY_VARIABLES", "SPECS", "build_model", "build_retriever"]

SPECS = "lexical, simulated[:PROFILE], openai:MODEL, python:package.module:callable"
KEY_VARIABLES = ("SAFESCALE_API_KEY", "OPENAI_API_KEY")


def build_model(spec: str, settings: Settings, *, root: Path) -> Model:
    """Return the model a specification names; raises ModelSpecError or SettingsError.

    ``root`` is where the modules of ``python:`` models are looked for.
    """
    table = settings.models.get(spec)
    if table is None:
        provider, colon, model = spec.partition(":")
        if provider not in _BUILDERS or (colon and not model):
            configured = "".join(f", {name}" for name in settings.models)
            raise ModelSpecError(f"--safescale-model: found {spec!r}; allowed: {SPECS}{configured}")
        table = ModelSettings.model_validate({"provider": provider, "model": model})
    return _BUILDERS[table.provider](_Wanted(spec=spec, table=table, settings=settings, root=root))


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    spec: str
    table: ModelSettings
    settings: Settings
    root: Path

    def complain(self, allowed: str) -> ModelSpecError:
        return ModelSpecError(f"--safescale-model: found {self.spec!r}; allowed: {allowed}")


def _known(wanted: _Wanted) -> dict[str, Any]:
    """Return what the configuration says about a model, as fields of ModelInfo."""
    fields = (
        "parameters_b",
        "active_parameters_b",
        "family",
        "reasoning",
        "price_in",
        "price_out",
        "requests_per_minute",
        "tokens_per_minute",
    )
    known: dict[str, Any] = {name: getattr(wanted.table, name) for name in fields}
    if wanted.table.context_tokens is not None:
        known["context_tokens"] = wanted.table.context_tokens
    return {"name": wanted.spec, **known}


def _lexical(wanted: _Wanted) -> Model:
    from pytest_safescale.models.lexical import LexicalReader

    if wanted.table.model not in ("", "lexical"):
        raise wanted.complain("lexical, without a further word")
    reader = LexicalReader()
    reader.info = replace(reader.info, **_known(wanted))
    return reader


def _simulated(wanted: _Wanted) -> Model:
    from pytest_safescale.models.profiles import profile_from_mapping
    from pytest_safescale.models.simulated import SimulatedModel

    table = wanted.table.profile
    own = profile_from_mapping(wanted.spec, table) if table is not None else None
    simulated = SimulatedModel(own or wanted.table.model or "paper")
    simulated.info = replace(simulated.info, **_known(wanted))
    return simulated


def _python(wanted: _Wanted) -> Model:
    from pytest_safescale.models.python_callable import PythonModel

    path, revision = wanted.table.model, wanted.table.revision
    info = ModelInfo(provider="python", model=path, revision=revision, **_known(wanted))
    return PythonModel(info, root=wanted.root)


def _openai(wanted: _Wanted) -> Model:
    from pytest_safescale.models.openai import OpenAIModel

    return OpenAIModel(*_endpoint(wanted, "openai"))


def _endpoint(wanted: _Wanted, provider: str) -> tuple[ModelInfo, JsonClient]:
    """Return what is known of a served model, and the client that reaches it."""
    from pytest_safescale.models.http import JsonClient

    spec, table = wanted.spec, wanted.table
    if not table.model:
        raise wanted.complain("openai:MODEL")
    info = ModelInfo(
        provider=provider,
        model=table.model,
        revision=table.revision,
        base_url=_base_url(spec, table.base_url, wanted.settings),
        **_known(wanted),
    )
    key, source = _key(spec, table.api_key_env)
    return info, JsonClient(info.base_url, key=key, key_from=source, timeout_s=table.timeout_s)


_BUILDERS: Mapping[str, Callable[[_Wanted], Model]] = {
    "lexical": _lexical,
    "simulated": _simulated,
    "python": _python,
    "openai": _openai,
}


def build_retriever(settings: Settings, dataset: Dataset, *, root: Path) -> Retriever | None:
    """Return what searches the data set's corpus; ``None`` where it has none.

    Raises SettingsError and ModelSpecError.
    """
    if not dataset.corpus:
        return None
    from pytest_safescale.conditions.retriever import Retriever

    embedder = None if settings.retriever == "bm25" else _embedder(settings, root)
    return Retriever(passages=tuple(dataset.corpus), embedder=embedder)


def _embedder(settings: Settings, root: Path) -> Model:
    from pytest_safescale.models.embedding import OpenAIEmbedder

    spec = settings.retriever
    table = settings.models.get(spec)
    if table is None:
        provider, _, model = spec.partition(":")
        table = ModelSettings.model_validate({"provider": "openai", "model": model})
        if provider != "openai" or not model:
            table = None
    if table is None or table.provider != "openai":
        named = "".join(
            f", {name}" for name, each in settings.models.items() if each.provider == "openai"
        )
        raise SettingsError(f"retriever: found {spec!r}; allowed: bm25, openai:MODEL{named}")
    wanted = _Wanted(spec=spec, table=table, settings=settings, root=root)
    return OpenAIEmbedder(*_endpoint(wanted, "openai embeddings"))


def _base_url(spec: str, given: str | None, settings: Settings) -> str:
    url = given or settings.environment_base_url()
    if not url:
        raise SettingsError(
            f"{spec} needs an endpoint: give --safescale-base-url, or set SAFESCALE_BASE_URL"
        )
    return url


def _key(spec: str, variable: str | None) -> tuple[str, str]:
    """Return the key and its variable, from the environment, where alone it may stand."""
    variables = (variable,) if variable else KEY_VARIABLES
    for name in variables:
        if key := os.environ.get(name, "").strip():
            return key, name
    raise SettingsError(
        f"{spec} needs a key: set {' or '.join(variables)} "
        "(any word, such as none, for a server that asks for no key)"
    )
