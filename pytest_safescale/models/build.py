"""From a model specification to a model that can be asked.

Each provider is imported where it is wanted: HTTP and array libraries take a tenth of a second
each, and most runs need one of them at most.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import ModelSpecError, SettingsError
from pytest_safescale.models.environment import base_url_of, key_of, secrets_of, values_of
from pytest_safescale.models.model import ModelInfo, Nature
from pytest_safescale.models.redacted import GuardedBatchModel, guarded
from pytest_safescale.settings.model_settings import ModelSettings
from pytest_safescale.text.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_safescale.models.model import BatchModel, Model
    from pytest_safescale.models.openai.http import JsonClient
    from pytest_safescale.settings.schema import Settings

__all__ = [
    "EMBEDDINGS",
    "SPECS",
    "build_embedder",
    "build_model",
    "build_reader",
    "build_reading_model",
    "build_to_read",
]

EMBEDDINGS = "openai embeddings"
"""The provider of models that embed."""
SPECS = "lexical, simulated[:PROFILE], openai:MODEL, python:package.module:callable"


def build_model(
    spec: str,
    settings: Settings,
    *,
    root: Path,
    make_model: Callable[[str], Model | None] = lambda _: None,
    option: str = "--safescale-model",
) -> Model:
    """Return the model a specification of ``option`` names; raises ModelSpecError or SettingsError.

    ``root`` is where the modules of ``python:`` models are looked for; ``make_model`` comes first
    and returns ``None`` for a specification that is none of its own. Whoever builds it, no model
    repeats a key of the run.
    """
    redactor = Redactor(secrets_of(settings))
    try:
        model = make_model(spec) or _built(spec, settings, root, option)
    except ModelSpecError as error:
        # An application may put what it was configured with into its error.
        raise ModelSpecError(redactor.text(str(error))) from None
    return guarded(model, redactor)


def _built(spec: str, settings: Settings, root: Path, option: str) -> Model:
    table = settings.models.get(spec)
    if table is None:
        provider, colon, model = spec.partition(":")
        if provider not in _BUILDERS or (colon and not model):
            configured = "".join(f", {name}" for name in settings.models)
            raise ModelSpecError(f"{option}: found {spec!r}; allowed: {SPECS}{configured}")
        table = ModelSettings.model_validate({"provider": provider, "model": model})
    if table.provider not in _BUILDERS:
        raise ModelSpecError(
            f"{option}: found {spec!r}, which is a model with layers; allowed: a model that is "
            "asked directly"
        )
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
        "confidence_from",
        "reasoning",
        "max_tokens",
        "max_tokens_reasoning",
        "max_tokens_agent",
        "max_tokens_retry",
        "price_in",
        "price_out",
        "batch_discount",
        "identity",
        "requests_per_minute",
        "tokens_per_minute",
        "max_parallel",
    )
    known: dict[str, Any] = {name: getattr(wanted.table, name) for name in fields}
    if wanted.table.context_tokens is not None:
        known["context_tokens"] = wanted.table.context_tokens
    return {"name": wanted.spec, **known}


def _lexical(wanted: _Wanted) -> Model:
    from pytest_safescale.models.lexical.model import LexicalReader

    if wanted.table.model not in ("", "lexical"):
        raise wanted.complain("lexical, without a further word")
    reader = LexicalReader()
    reader.info = _revised(reader.info, wanted)
    return reader


def _simulated(wanted: _Wanted) -> Model:
    from pytest_safescale.models.simulated.model import SimulatedModel
    from pytest_safescale.models.simulated.profiles import profile_from_mapping

    table = wanted.table.profile
    own = profile_from_mapping(wanted.spec, table) if table is not None else None
    simulated = SimulatedModel(own or wanted.table.model or "paper")
    simulated.info = _revised(simulated.info, wanted)
    return simulated


def _revised(own: ModelInfo, wanted: _Wanted) -> ModelInfo:
    """Return what is known of a model of ours: the user's revision stands before its own."""
    revision = f"{wanted.table.revision} {own.revision}".strip()
    return replace(own, **_known(wanted), revision=revision)


def _python(wanted: _Wanted) -> Model:
    from pytest_safescale.models.python.model import PythonModel

    path, revision = wanted.table.model, wanted.table.revision
    info = ModelInfo(provider="python", model=path, revision=revision, **_known(wanted))
    return PythonModel(info, root=wanted.root)


def _openai(wanted: _Wanted) -> Model:
    from pytest_safescale.models.openai.chat import OpenAIModel
    from pytest_safescale.models.openai.request_shape import RequestShape

    info, client = _endpoint(wanted, "openai")
    return OpenAIModel(info, client, RequestShape.of(wanted.table))


def _endpoint(wanted: _Wanted, provider: str) -> tuple[ModelInfo, JsonClient]:
    """Return what is known of a served model, and the client that reaches it."""
    from pytest_safescale.models.openai.http import JsonClient, Timeouts

    spec, table = wanted.spec, wanted.table
    if not table.model:
        raise wanted.complain("openai:MODEL")
    address, stated, known = _address(wanted)
    info = ModelInfo(
        provider=provider,
        model=table.model,
        revision=table.revision,
        base_url=stated,
        **known,
    )
    if table.serve is not None and table.api_key_env is None:
        key, source = "none", ""
    else:
        key, source = key_of(spec, table.api_key_env)
    client = JsonClient(
        address,
        key=key,
        key_from=source,
        secrets=secrets_of(wanted.settings),
        key_header=table.api_key_header or "",
        headers=values_of(spec, "headers", table.headers),
        query=values_of(spec, "query", table.query),
        timeouts=Timeouts(
            exchange_s=table.timeout_s,
            connect_s=table.connect_timeout_s,
            read_s=table.read_timeout_s,
        ),
    )
    if table.serve is not None:
        client.stated_url = stated
    return info, client


def _address(wanted: _Wanted) -> tuple[str, str, dict[str, Any]]:
    """Return where a model is asked, how that is stated, and what else is known of it.

    Of a server that the run starts the port may be another each time, and nothing that is stored
    depends on it: without an identity the command says which weights are served.
    """
    spec, table, known = wanted.spec, wanted.table, _known(wanted)
    if table.serve is None:
        url = base_url_of(spec, table.base_url, wanted.settings)
        return url, url, known
    from pytest_safescale.models.served_here import address_in_words, port_of, url_of

    known["identity"] = table.identity or f"served by: {table.serve.command}"
    return url_of(port_of(spec, table.serve)), address_in_words(spec), known


_BUILDERS: Mapping[str, Callable[[_Wanted], Model]] = {
    "lexical": _lexical,
    "simulated": _simulated,
    "python": _python,
    "openai": _openai,
}


def build_to_read(info: ModelInfo, redactor: Redactor) -> BatchModel:
    """Return what reads the answers of an endpoint's model that came in files; it has no key.

    Of its table only ``info`` is known, which tells the address as it was.
    """
    from pytest_safescale.models.openai.chat import OpenAIModel
    from pytest_safescale.models.openai.embedding import OpenAIEmbedder
    from pytest_safescale.models.openai.http import JsonClient
    from pytest_safescale.models.openai.request_shape import RequestShape

    client = JsonClient(info.base_url, key="")
    if info.provider == EMBEDDINGS:
        return OpenAIEmbedder(info, client)
    model = OpenAIModel(info, client, RequestShape(**info.shaping))
    return GuardedBatchModel(model, redactor)


def build_embedder(settings: Settings, *, root: Path) -> Model | None:
    """Return the embedding model of dense retrieval; ``None`` for BM25.

    Raises SettingsError and ModelSpecError.
    """
    if settings.retriever == "bm25":
        return None
    from pytest_safescale.models.openai.embedding import OpenAIEmbedder

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
    return OpenAIEmbedder(*_endpoint(wanted, EMBEDDINGS))


def build_reader(
    settings: Settings,
    *,
    root: Path,
    make_model: Callable[[str], Model | None] = lambda _: None,
) -> Model | None:
    """Return the second model, which reads replies; ``None`` where none is wanted.

    Raises ModelSpecError and SettingsError.
    """
    if settings.reader is None:
        return None
    option = "--safescale-reader"
    return build_reading_model(
        settings.reader, settings, root=root, make_model=make_model, option=option
    )


def build_reading_model(
    spec: str,
    settings: Settings,
    *,
    root: Path,
    make_model: Callable[[str], Model | None] = lambda _: None,
    option: str,
) -> Model:
    """Return a model that reads texts, named by ``option``; one that cannot read is refused.

    Raises ModelSpecError and SettingsError.
    """
    model = build_model(spec, settings, root=root, make_model=make_model, option=option)
    if model.info.nature is not Nature.MODEL:
        raise SettingsError(
            f"{option}: found {spec!r}, {model.info.nature.value}; allowed: a model "
            "that can read, such as openai:MODEL or a name from the configuration"
        )
    return model
