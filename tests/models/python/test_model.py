"""The user's own application as a model."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.errors import CallFailed, ModelSpecError
from pytest_safescale.models.model import ModelInfo, Reply, Request, ToolsRefused, TransientFailure
from pytest_safescale.models.python.model import PythonModel
from pytest_safescale.models.redacted import GuardedModel
from pytest_safescale.text.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = """
import asyncio, functools, sys, threading

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

class NeedsSettings:
    def __init__(self, path):
        pass

    def __call__(self, messages, **settings):
        return "B"

class Waiting:
    async def __call__(self, messages, **settings):
        return "B"

bound = functools.partial(waiting, hospital="ours")

def later(messages, **settings):
    return waiting(messages)

def by_name(messages, **settings):
    return {"role": "assistant", "content": "B", "extra": 1}

def broken(messages, **settings):
    raise ValueError("no such patient")

def tells_a_key(messages, **settings):
    raise ValueError("401 for a-planted-key-0123456789")

def stopped(messages, **settings):
    raise StopIteration("end")

def slow_service(messages, **settings):
    raise TimeoutError("the service is slow")

def exits(messages, **settings):
    sys.exit("no licence")

async def exits_waiting(messages, **settings):
    sys.exit("no licence")

def lost(messages, **settings):
    raise ConnectionResetError("the service went away")

def other_form(messages, **settings):
    return {"answer": "B"}

def number(messages, **settings):
    return 7

def silent(messages, **settings):
    return ""

def wordless(messages, **settings):
    return None

def no_content(messages, **settings):
    return {"role": "assistant", "content": None}

def declines(messages, **settings):
    return {"content": None, "refusal": "I cannot help.", "reasoning": "unsafe"}

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
    (tmp_path / "a_script.py").write_text("raise SystemExit('usage: a_script')")
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


@pytest.mark.parametrize("name", ["waiting", "Waiting", "bound", "later", "by_name"])
def test_whatever_can_be_called_can_be_asked(root: Path, name: str) -> None:
    assert ask(root, name)[0].text == "B"


@pytest.mark.parametrize("name", ["Application", "Nested.app"])
def test_a_class_is_made_an_instance_once_and_an_instance_is_taken(root: Path, name: str) -> None:
    assert ask(root, name)[0].text == "safescale-application"


def test_every_sample_is_a_call_of_its_own(root: Path) -> None:
    assert model(root, "an_application:plain").facts.batch == 1


def test_one_that_hangs_keeps_neither_the_caller_nor_the_interpreter(root: Path) -> None:
    (root / "hanging.py").write_text(
        "import threading\ndef app(messages, **settings):\n    threading.Event().wait()\n"
    )
    script = f"""
import asyncio
from pathlib import Path
from pytest_safescale.models.model import ModelInfo, Request
from pytest_safescale.models.python.model import PythonModel
from pytest_safescale.models.redacted import GuardedModel
from pytest_safescale.text.redaction import Redactor

info = ModelInfo(name="m", provider="python", model="hanging:app")
request = Request(messages=(), temperature=0, max_tokens=1, seed=1)
model = PythonModel(info, root=Path({str(root)!r}))
try:
    asyncio.run(asyncio.wait_for(model.ask(request), 0.2))
except asyncio.TimeoutError:
    print("left behind")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=600, check=True
    )
    assert (done.stdout, done.stderr) == ("left behind\n", "")


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
        ("exits", "SystemExit"),
        ("exits_waiting", "SystemExit: no licence"),
        ("other_form", "returned dict; allowed: text"),
        ("number", "returned int; allowed: text, None"),
    ],
)
def test_what_goes_wrong_in_it_fails_the_call(root: Path, name: str, said: str) -> None:
    with pytest.raises(CallFailed, match=said) as caught:
        ask(root, name)
    assert not isinstance(caught.value, TransientFailure)


@pytest.mark.parametrize("name", ["silent", "wordless", "no_content"])
def test_one_that_returns_nothing_has_replied_without_a_word(root: Path, name: str) -> None:
    assert ask(root, name)[0].text == ""


def test_a_message_brings_its_refusal_and_reasoning_along(root: Path) -> None:
    reply = ask(root, "declines")[0]
    assert (reply.text, reply.refusal, reply.reasoning) == ("", "I cannot help.", "unsafe")


@pytest.mark.parametrize(
    ("name", "said"), [("slow_service", "the service is slow"), ("lost", "the service went away")]
)
def test_what_may_pass_is_asked_again(root: Path, name: str, said: str) -> None:
    with pytest.raises(TransientFailure, match=said):
        ask(root, name)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere:f", "No module named 'nowhere'"),
        ("an_application:nothing", "has no attribute 'nothing'"),
        ("a_broken_module:f", "ZeroDivisionError"),
        ("a_script:f", "SystemExit: usage: a_script"),
        ("an_application:NeedsSettings", "missing 1 required positional argument: 'path'"),
        ("an_application:constant", "is a int, not callable"),
        ("an_application:needs_more", "missing a required argument: 'patient'"),
        ("an_application:takes_less", "it is called with messages and the keywords temperature"),
        ("an_application", "allowed: python:package.module:callable"),
    ],
)
def test_what_cannot_be_called_is_named_before_the_run(root: Path, path: str, said: str) -> None:
    with pytest.raises(ModelSpecError, match=said):
        model(root, path)


@pytest.mark.parametrize("name", ["plain", "bound", "Application"])
def test_a_changed_application_has_another_revision(root: Path, name: str) -> None:
    before = model(root, f"an_application:{name}").info.revision
    assert model(root, f"an_application:{name}").info.revision == before
    (root / "an_application.py").write_text(SOURCE + "\n# changed\n")
    assert model(root, f"an_application:{name}").info.revision != before


def test_an_application_can_state_the_version_of_what_it_depends_on(root: Path) -> None:
    before = model(root, "an_application:plain").info.revision
    sys.modules["an_application"].plain.safescale_version = "index of May"
    assert model(root, "an_application:plain").info.revision != before


def test_the_first_traceback_is_kept_from_the_application_on(root: Path) -> None:
    found = model(root, "an_application:broken")
    request = Request(messages=(), temperature=0.0, max_tokens=10, seed=42)
    for _ in range(2):
        with pytest.raises(CallFailed):
            asyncio.run(found.ask(request))
    assert found.traceback.count("Traceback (most recent call last)") == 1
    first = found.traceback.splitlines()[1]
    assert "in broken" in first
    assert found.traceback.endswith("ValueError: no such patient\n")
    guarded = GuardedModel(found, Redactor(["a-planted-key-0123456789"]))
    assert guarded.untold_traceback() == found.traceback
    assert guarded.untold_traceback() == ""


def test_a_traceback_tells_no_key(root: Path) -> None:
    found = model(root, "an_application:tells_a_key")
    with pytest.raises(CallFailed):
        asyncio.run(found.ask(Request(messages=(), temperature=0.0, max_tokens=10, seed=42)))
    guarded = GuardedModel(found, Redactor(["a-planted-key-0123456789"]))
    assert guarded.untold_traceback().endswith("ValueError: 401 for [key]\n")


@pytest.mark.parametrize(("name", "threads"), [("plain", True), ("waiting", False)])
def test_it_says_whether_its_calls_take_threads(root: Path, name: str, threads: bool) -> None:
    assert (
        GuardedModel(model(root, f"an_application:{name}"), Redactor([])).takes_threads is threads
    )
