"""Each call that is made is a span by the conventions for generative AI, without its texts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.calls.caller import Caller
from pytest_safescale.calls.limits import CallLimits
from pytest_safescale.calls.store import Store
from pytest_safescale.calls.traces import CAPTURE, CallTraces, call_traces
from pytest_safescale.errors import CallFailed, SettingsError
from pytest_safescale.models.model import Nature, Reply, Request, TransientFailure
from tests.calls.models import ScriptedModel, failing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

SECRET = "the patient is called Ann"


def replies(request: Request) -> list[Reply]:
    return [
        Reply(text=f"B, {SECRET}", prompt_tokens=7, completion_tokens=2, served_model="m-2")
        for _ in request.samples
    ]


def asked(samples: int = 1) -> Request:
    return Request(
        messages=({"role": "user", "content": f"Which? {SECRET}"},),
        temperature=0.7,
        max_tokens=10,
        seed=42,
        samples=tuple(range(samples)),
    )


class Spans:
    """What was exported."""

    def __init__(self, *, texts: bool = False) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.traces = CallTraces(provider.get_tracer("test"), provider, texts=texts)

    def of(self, path: Path, model: ScriptedModel, *requests: Request, **limits: Any) -> list[Any]:
        """Ask in turn; a call that fails is passed over."""

        async def run() -> None:
            store = Store(path / "store.sqlite")
            caller = Caller(store, CallLimits(first_wait_s=0, **limits), traces=self.traces)
            for request in requests:
                with contextlib.suppress(CallFailed):
                    await caller.ask(model, request)
            caller.close()

        asyncio.run(run())
        return list(self.exporter.get_finished_spans())


def test_a_call_is_one_span_and_what_the_store_answers_is_none(tmp_path: Path) -> None:
    model = ScriptedModel(
        replies, model="m", provider="openai", base_url="http://host.example:8080/v1"
    )
    (span,) = Spans().of(tmp_path, model, asked(), asked())
    assert (span.name, span.kind.name) == ("chat m", "CLIENT")
    assert dict(span.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m",
        "gen_ai.request.temperature": 0.7,
        "gen_ai.request.max_tokens": 10,
        "gen_ai.request.seed": 42,
        "gen_ai.request.choice.count": 1,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.model": "m-2",
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 2,
        "server.address": "host.example",
        "server.port": 8080,
        "safescale.model.name": model.info.name,
        "safescale.model.nature": "model",
    }


def test_texts_are_in_spans_only_where_they_are_asked_for(tmp_path: Path) -> None:
    model = ScriptedModel(replies, nature=Nature.SIMULATED)
    (plain,) = Spans().of(tmp_path / "a", model, asked())
    assert SECRET not in plain.to_json()
    assert plain.attributes["safescale.model.nature"] == "simulated"
    (told,) = Spans(texts=True).of(tmp_path / "b", model, asked())
    (said,) = json.loads(told.attributes["gen_ai.output.messages"])
    assert said["parts"] == [{"type": "text", "content": f"B, {SECRET}"}]
    (prompt,) = json.loads(told.attributes["gen_ai.input.messages"])
    assert prompt["parts"][0]["content"] == f"Which? {SECRET}"


def test_each_try_is_a_span_and_a_failed_one_has_no_words_of_the_error(tmp_path: Path) -> None:
    model = ScriptedModel(failing(TransientFailure(SECRET)), replies)
    first, second = Spans().of(tmp_path, model, asked(), max_attempts=2)
    assert first.attributes["error.type"] == "TransientFailure"
    assert first.status.status_code.name == "ERROR"
    assert SECRET not in first.to_json()
    assert "error.type" not in second.attributes


def test_where_it_goes_is_as_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "carrier_pigeon")
    with pytest.raises(SettingsError, match="exporter 'carrier_pigeon' that OTEL_TRACES_EXPORTER"):
        call_traces()
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    monkeypatch.setenv(CAPTURE, "true")
    assert call_traces()._texts
    monkeypatch.delenv(CAPTURE)
    assert not call_traces()._texts


def test_without_the_extra_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(SettingsError, match=r'pip install "pytest-safescale\[otel\]"'):
        call_traces()


@pytest.mark.slow
def test_a_run_has_a_span_of_each_call_and_one_that_cannot_be_sent_ends_before_the_first(
    pytester: pytest.Pytester,
    run_pytest: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = (
        "--safescale-suite=radsafe200", "--safescale-model=simulated:paper", "--safescale-limit=2",
        "--safescale-conditions=closed_book", "--safescale-samples=0", "-q", "-s",
    )  # fmt: skip
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none_such")
    refused = run_pytest(*run, "--safescale-otel")
    assert refused.ret == 4
    assert "none_such" in refused.stderr.str() + refused.stdout.str()
    assert not list(pytester.path.glob("**/*.sqlite"))
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    told = pytester.runpytest_subprocess(*run, "--safescale-otel").stdout.str()
    assert told.count('"safescale.item.id"') == 2
    assert '"service.name": "pytest-safescale"' in told
