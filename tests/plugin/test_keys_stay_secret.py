"""The key of a run stands in nothing that a run leaves behind, whatever repeats it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from tests.keys import FORMS, forms_of
from tests.outputs import outputs
from tests.plugin.conftest import ITEM
from tests.servers import KEY, ChatServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = list(FORMS)
REPEATS = """
import base64, json, os

def answer(messages, *, temperature, max_tokens, seed, sample_index):
    key = os.environ["MY_KEY"]
    escaped = json.dumps(f"{key}/").replace("/", "\\\\/")
    said = f"{key} {escaped} {base64.b64encode(f'me:{key}'.encode()).decode()}"
    question = messages[-1]["content"]
    if "fail" in question:
        raise RuntimeError(f"cannot log in with {said}")
    if "time out" in question:
        raise TimeoutError(f"no answer to {said}")
    return f"B, as {said} says"
"""
MODEL = """
import os
from pytest_safescale import EndpointFacts, ModelInfo, Reply

class Mine:
    info = ModelInfo(name="mine", provider="mine", model="mine")
    facts = EndpointFacts()

    async def ask(self, request):
        key = os.environ["SAFESCALE_API_KEY"]
        return [Reply(text=f"B {key}", served_model=key, fingerprint=key, finish_reason=key)]

    async def aclose(self):
        pass

def pytest_safescale_make_model(spec):
    return Mine() if spec == "mine" else None
"""


def repeating(request: web.Request, payload: dict[str, Any]) -> web.Response:
    """Say the key in the form that the question names, wherever there is room for words."""
    question = next(each["content"] for each in payload["messages"] if each["role"] == "user")
    number = int(question.partition("form ")[2].partition(")")[0])
    said = FORMS[NAMES[number]](KEY)
    kind = question.partition("case ")[2].partition(" ")[0]
    if kind == "refuse":
        return web.json_response({"error": {"message": said, "code": said}}, status=400)
    if kind == "page":
        return web.Response(text=f"<p>{said}</p>", status=503, content_type="text/html")
    if kind == "redirect":
        return web.Response(status=307, headers={"location": f"http://host/{said}"})
    name = "search" if kind == "agent" else said
    call = {"id": said, "function": {"name": name, "arguments": json.dumps({"query": said})}}
    message = {"content": f"B {said}", "tool_calls": [call], "reasoning_content": said}
    return web.json_response(
        {
            "model": said,
            "system_fingerprint": said,
            "choices": [
                {"index": index, "message": message, "finish_reason": said}
                for index in range(payload.get("n", 1))
            ],
            "usage": {"prompt_tokens": said, "completion_tokens": 2, said: said},
        },
        headers={"x-request-id": said, "set-cookie": f"a[{said}]={said}"},
    )


def assert_no_key(found: dict[str, str]) -> None:
    assert {"stdout 0", "safescale-report/cases.jsonl", "junit.xml"} <= set(found)
    for name, content in found.items():
        for part in [*forms_of(KEY), *(form(KEY) for form in FORMS.values())]:
            assert part.lower() not in content.lower(), f"{part} stands in {name}"


@pytest.mark.parametrize("kind", ["answer", "refuse", "page", "redirect"])
@pytest.mark.slow
def test_a_server_that_repeats_the_key_brings_it_nowhere(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)
    items(*(f"case {kind} form {number}" for number in range(len(FORMS))))
    with ChatServer(response=repeating) as server:
        (pytester.path / "safescale.toml").write_text(
            f'max_attempts = 2\n[models.m]\nprovider = "openai"\nmodel = "m"\n'
            f'base_url = "{server.url}"\n[[gates]]\nmetric = "accuracy"\nmin = 0.9\n'
        )
        result = run_pytest(
            "--safescale-suite=radsafe200",
            "--safescale-model=m",
            "--safescale-dataset=items.json",
            "--safescale-conditions=closed_book",
            "--safescale-samples=2",
            "--safescale-strict=high_risk",
            "--junitxml=junit.xml",
            "-vv",
            "-rA",
            "--log-level=DEBUG",
        )
    assert server.calls >= len(FORMS)
    found = outputs(pytester.path, result)
    assert "[key]" in found["safescale-report/cases.jsonl"]
    assert_no_key(found)


def test_an_agents_tool_calls_bring_it_nowhere(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)
    items(*(f"case agent form {number}" for number in range(len(FORMS))))
    passage = {"id": "p", "title": "Tension", "text": ITEM["evidence_clean"]}
    (pytester.path / "corpus.jsonl").write_text(json.dumps(passage))
    with ChatServer(response=repeating) as server:
        result = run_pytest(
            "--safescale-suite=radsafe200",
            "--safescale-model=openai:m",
            f"--safescale-base-url={server.url}",
            "--safescale-dataset=items.json",
            "--safescale-corpus=corpus.jsonl",
            "--safescale-conditions=agentic_rag",
            "--safescale-samples=0",
            "--junitxml=junit.xml",
            "-rA",
        )
    # What went back to the server shows that the calls were read.
    sent = [message for request in server.requests for message in request["messages"]]
    assert any("tool_calls" in message for message in sent)
    assert_no_key(outputs(pytester.path, result))


@pytest.mark.parametrize("model", ["app", "mine"])
def test_an_application_that_repeats_it_brings_it_nowhere(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
    model: str,
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)
    items("answer", "fail", "time out")
    pytester.makepyfile(app=REPEATS)
    pytester.makeconftest(MODEL)
    (pytester.path / "safescale.toml").write_text(
        'max_attempts = 2\n[models.app]\nprovider = "python"\nmodel = "app:answer"\n'
        'api_key_env = "MY_KEY"\n'
    )
    result = run_pytest(
        "--safescale-suite=radsafe200",
        f"--safescale-model={model}",
        "--safescale-dataset=items.json",
        "--safescale-samples=2",
        "--junitxml=junit.xml",
        "-rA",
    )
    found = outputs(pytester.path, result)
    assert "[key]" in found["safescale-report/cases.jsonl"]
    assert_no_key(found)


def test_an_application_that_cannot_be_imported_is_told_without_it(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)
    items("answer")
    pytester.makepyfile(app="import os\nraise RuntimeError(os.environ['SAFESCALE_API_KEY'])")
    result = run_suite("--safescale-dataset=items.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*RuntimeError: [[]key[]]*"])
    assert KEY not in result.stderr.str() + result.stdout.str()


def test_the_password_of_a_proxy_is_a_key_too(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{KEY}@proxy.invalid:3128")
    items("answer")
    pytester.makepyfile(
        app="import os\ndef answer(messages, **_):\n    return 'B ' + os.environ['HTTPS_PROXY']\n"
    )
    result = run_suite("--safescale-dataset=items.json", "--junitxml=junit.xml")
    found = outputs(pytester.path, result)
    assert "proxy.invalid" in found["safescale-report/cases.jsonl"]
    assert_no_key(found)


def test_a_placeholder_leaves_ordinary_words_alone(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SAFESCALE_API_KEY", "pneumothorax")
    items("answer")
    with ChatServer(lambda _: "B, a pneumothorax is none of them") as server:
        run_pytest(
            "--safescale-suite=radsafe200",
            "--safescale-model=openai:m",
            f"--safescale-base-url={server.url}",
            "--safescale-dataset=items.json",
            "--safescale-conditions=closed_book",
            "--safescale-samples=0",
        )
    found = outputs(pytester.path)["safescale-report/cases.jsonl"]
    assert "a pneumothorax is none of them" in found
