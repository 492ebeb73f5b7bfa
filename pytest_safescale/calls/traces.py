"""Spans of calls for OpenTelemetry (extra otel), by its conventions for generative AI.

Where a run does not ask for them nothing of OpenTelemetry is loaded. What goes where is said by its
own variables of the environment, ``OTEL_*``. The conventions:
https://opentelemetry.io/docs/specs/semconv/gen-ai/.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence

    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

    from pytest_safescale.models.model import Model, Reply, Request

__all__ = ["CAPTURE", "CallTraces", "call_traces", "check_traces"]

CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""The variable of OpenTelemetry by which one asks for prompts and replies in spans."""
_OPTION = "--safescale-otel"
_SERVICE = "pytest-safescale"
_FLUSH_MS = 1000
"""How long the end of a run waits for spans; what is left goes when the process ends."""


class CallTraces:
    """Makes a span of each call that is really made; none of what the store answers."""

    def __init__(self, tracer: Tracer, provider: Any = None, *, texts: bool = False) -> None:
        """``texts`` puts prompts and replies into spans; ``provider`` sends what is left."""
        self._tracer = tracer
        self._provider = provider
        self._texts = texts

    async def replies(
        self, asking: Awaitable[Sequence[Reply]], model: Model, request: Request
    ) -> Sequence[Reply]:
        """Return what is replied, seen by a span."""
        with self.call(model, request) as span:
            replies = await asking
            span.answered(replies)
            return replies

    @contextmanager
    def call(self, model: Model, request: Request) -> Iterator[CallSpan]:
        """Be in the span of one round trip; an error that leaves it is named, without its text."""
        from opentelemetry.trace import SpanKind, StatusCode

        remote = bool(model.info.base_url)
        with self._tracer.start_as_current_span(
            f"{_operation(model)} {model.info.model}",
            kind=SpanKind.CLIENT if remote else SpanKind.INTERNAL,
            attributes=_asked(model, request),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            if self._texts:
                span.set_attribute("gen_ai.input.messages", _messages(request))
            try:
                yield CallSpan(span, texts=self._texts)
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(StatusCode.ERROR)
                raise

    def flush(self) -> None:
        """Send what has not been sent yet."""
        if self._provider is not None:
            self._provider.force_flush(_FLUSH_MS)


class CallSpan:
    """The span of a call that is under way."""

    def __init__(self, span: Span, *, texts: bool) -> None:
        self._span = span
        self._texts = texts

    def answered(self, replies: Sequence[Reply]) -> None:
        """Add what came back."""
        served = [reply.served_model for reply in replies if reply.served_model]
        stated: dict[str, Any] = {
            "gen_ai.response.finish_reasons": [reply.finish_reason for reply in replies],
            "gen_ai.response.model": served[0] if served else None,
            "gen_ai.usage.input_tokens": _sum(reply.prompt_tokens for reply in replies),
            "gen_ai.usage.output_tokens": _sum(reply.completion_tokens for reply in replies),
        }
        if self._texts:
            stated["gen_ai.output.messages"] = _replies(replies)
        self._span.set_attributes({key: told for key, told in stated.items() if told is not None})


def call_traces() -> CallTraces:
    """Return what makes spans, sent as the environment says.

    Where the process has a tracer provider already, spans go there. Raises SettingsError where what
    is wanted is not installed.
    """
    provider = _known_provider() or _own_provider()
    texts = os.environ.get(CAPTURE, "").lower() == "true"
    return CallTraces(provider.get_tracer(_SERVICE), provider, texts=texts)


def check_traces() -> None:
    """Raise SettingsError where spans could not be sent, as far as what is installed tells."""
    if _known_provider() is None:
        _exporters()


def _known_provider() -> TracerProvider | None:
    try:
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
    except ImportError as error:
        raise _lacks("OpenTelemetry") from error
    known = trace.get_tracer_provider()
    return known if isinstance(known, TracerProvider) else None


def _own_provider() -> TracerProvider:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = "OTEL_SERVICE_NAME" in os.environ
    named = named or "service.name" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    provider = TracerProvider(resource=Resource.create({} if named else {"service.name": _SERVICE}))
    for exporter in _exporters():
        provider.add_span_processor(BatchSpanProcessor(exporter()))
    return provider


def _exporters() -> list[Any]:
    """Return the classes of the exporters that are wanted."""
    names = os.environ.get("OTEL_TRACES_EXPORTER", "otlp").split(",")
    return [_exporter(name.strip()) for name in names if name.strip() != "none"]


def _exporter(name: str) -> Any:
    """Return the class of an exporter that is installed under a name of OTEL_TRACES_EXPORTER."""
    protocol = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or os.environ.get(
        "OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"
    )
    entry = f"otlp_proto_{protocol.partition('/')[0]}" if name == "otlp" else name
    for found in entry_points(group="opentelemetry_traces_exporter", name=entry):
        return found.load()
    raise _lacks(f"the exporter {entry!r} that OTEL_TRACES_EXPORTER asks for")


def _lacks(what: str) -> SettingsError:
    return SettingsError(
        f"{_OPTION}: {what} is not installed; allowed after "
        f'pip install "pytest-safescale[otel]", or OTEL_TRACES_EXPORTER=console'
    )


def _operation(model: Model) -> str:
    return "embeddings" if model.info.provider.endswith("embeddings") else "chat"


def _asked(model: Model, request: Request) -> dict[str, Any]:
    """Return the attributes that are known before a call is made."""
    info, address = model.info, urlsplit(model.info.base_url)
    subject = request.subject
    known = {
        "gen_ai.operation.name": _operation(model),
        "gen_ai.provider.name": info.provider.partition(" ")[0],
        "gen_ai.request.model": info.model,
        "gen_ai.request.temperature": request.temperature,
        "gen_ai.request.max_tokens": request.max_tokens,
        "gen_ai.request.seed": request.seed,
        "gen_ai.request.choice.count": len(request.samples),
        "server.address": address.hostname,
        "server.port": address.port,
        "safescale.model.name": info.name,
        "safescale.model.nature": info.nature.value,
        "safescale.item.id": subject.item.id if subject is not None else None,
        "safescale.condition": subject.condition if subject is not None else None,
        "safescale.profile": subject.profile if subject is not None else None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _sum(counts: Iterator[int | None]) -> int | None:
    """Return the sum of the counts that are known; ``None`` where none is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _messages(request: Request) -> str:
    return json.dumps(
        [
            {"role": one["role"], "parts": [{"type": "text", "content": str(one["content"])}]}
            for one in request.messages
        ]
    )


def _replies(replies: Sequence[Reply]) -> str:
    return json.dumps(
        [
            {
                "role": "assistant",
                "parts": [{"type": "text", "content": reply.text}],
                "finish_reason": reply.finish_reason,
            }
            for reply in replies
        ]
    )
