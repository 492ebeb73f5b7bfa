"""The user's own application as a model."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.errors import CallFailed, ModelSpecError
from pytest_safescale.models.model import ModelInfo, Reply, Request, ToolsRefused, TransientFailure
from pytest_safescale.models.python_callable import PythonModel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = """
import asyncio, threading

def plain(messages, *, temperature, max_tokens, seed, sample_index):
    messages.append("mine")
    return f"{temperature} {max_tokens} {seed} {sample_index}"

async def waiting(messages, **settings):
    await asyncio.sleep(0)
    return "B"

class Application:
    def __call__(self, messages, temperature, max_tokens, seed, sample_index, tools=None):
        call = {"id": "1", "function": {"name": "search", "arguments": "{}"}}
        return {"content": None, "tool_calls": [call]} if tools else threading.current_thread().name

class Nested:
    app = Application()

def broken(messages, **settings):
    raise ValueError("no such patient")

def stopped(messages, **settings):
    raise StopIteration("end")

def slow_service(messages, **settings):
    raise TimeoutError("the service is slow")

def number(messages, **settings):
    return 7

def needs_more(messages, patient, **settings):
    return "B"

def takes_less(messages):
    return "B"

constant = 3
"""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "an_application.py").write_text(SOURCE)
    (tmp_path / "a_broken_module.py").write_text("1 / 0")
    yield tmp_path
    sys.modules.pop("an_application", None)
    sys.path[:] = [entry for entry in sys.path if entry != str(tmp_path)]


def model(root: Path, path: str) -> PythonModel:
    info = ModelInfo(name=f"python:{path}", provider="python", model=path)
    return PythonModel(info, root=root)


def ask(root: Path, name: str, **fields: Any) -> list[Reply]:
    given: dict[str, Any] = {"temperature": 0.7, "max_tokens": 10, "seed": 42, **fields}
    request = Request(messages=({"role": "user", "content": "Q"},), **given)
    return list(asyncio.run(_asked(root, name, request)))


async def _asked(root: Path, name: str, request: Request) -> list[Reply]:
    return list(await model(root, f"an_application:{name}").ask(request))


def test_it_is_called_with_what_the_contract_says(root: Path) -> None:
    assert [reply.text for reply in ask(root, "plain", samples=(0, 5))] == [
        "0.7 10 42 0",
        "0.7 10 42 5",
    ]


def test_an_async_application_runs_in_the_loop(root: Path) -> None:
    assert ask(root, "waiting")[0].text == "B"


def test_a_blocking_application_runs_in_a_thread_of_its_own(root: Path) -> None:
    assert ask(root, "Nested.app")[0].text == "safescale-application"
    assert threading.current_thread().name != "safescale-application"


def test_one_that_takes_tools_gets_them_and_may_call_them(root: Path) -> None:
    reply = ask(root, "Nested.app", tools=({"type": "function"},))[0]
    assert [call.name for call in reply.tool_calls] == ["search"]


def test_one_that_takes_none_says_so(root: Path) -> None:
    with pytest.raises(ToolsRefused):
        ask(root, "plain", tools=({"type": "function"},))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("broken", "ValueError: no such patient"),
        ("stopped", "StopIteration: end"),
        ("number", "returned int; allowed: text, or an OpenAI message"),
    ],
)
def test_what_goes_wrong_in_it_fails_the_call(root: Path, name: str, said: str) -> None:
    with pytest.raises(CallFailed, match=said) as caught:
        ask(root, name)
    assert not isinstance(caught.value, TransientFailure)


def test_what_may_pass_is_asked_again(root: Path) -> None:
    with pytest.raises(TransientFailure, match="the service is slow"):
        ask(root, "slow_service")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere:f", "No module named 'nowhere'"),
        ("an_application:nothing", "has no attribute 'nothing'"),
        ("a_broken_module:f", "ZeroDivisionError"),
        ("an_application:constant", "is a int, not callable"),
        ("an_application:needs_more", "missing a required argument: 'patient'"),
        ("an_application:takes_less", "it is called with messages and the keywords temperature"),
        ("an_application", "allowed: python:package.module:callable"),
    ],
)
def test_what_cannot_be_called_is_named_before_the_run(root: Path, path: str, said: str) -> None:
    with pytest.raises(ModelSpecError, match=said):
        model(root, path)


def test_a_changed_application_has_another_revision(root: Path) -> None:
    before = model(root, "an_application:plain").info.revision
    (root / "an_application.py").write_text(SOURCE + "\n# changed\n")
    assert model(root, "an_application:plain").info.revision != before
