"""The user's own application as a model: ``python:package.module:callable``."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
import time
from dataclasses import replace
from traceback import TracebackException
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import CallFailed, ModelSpecError
from pytest_safescale.models.model import (
    EndpointFacts,
    ModelInfo,
    Reply,
    Request,
    ToolsRefused,
    TransientFailure,
    as_mapping,
    read_tool_calls,
)
from pytest_safescale.models.openai.messages import read_message
from pytest_safescale.models.python.named_object import named_object
from pytest_safescale.models.python.sources import hash_of_sources
from pytest_safescale.text.escaping import shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["PythonModel"]

_SPEAKS = {"content", "refusal", "reasoning_content", "reasoning"}
MOST_OF_AN_ERROR = 2000
"""Characters of what an application raised."""
MOST_FRAMES = 12
"""Of a traceback, those nearest to where it was raised."""
ARGUMENTS = ("messages", "temperature", "max_tokens", "seed", "sample_index")


class PythonModel:
    """Calls a function once per sample; a sync one in a thread, an async one in the loop.

    Stored replies are bound to the sources of the application, so a changed one is asked again.
    What else it depends on can be told with an attribute ``safescale_version``.
    """

    def __init__(self, info: ModelInfo, *, root: Path) -> None:
        """``root`` is put on the import path and stays there; raises ModelSpecError."""
        self._call = _imported(info, root)
        self._takes_tools = _check_signature(info.name, self._call)
        module = info.model.partition(":")[0]
        found = _revision(self._call, module, root)
        self.info = replace(info, revision=f"{info.revision} {found}".strip())
        # One by one, so that each sample is a call that is counted, stored and retried by itself.
        self.facts = EndpointFacts(batch=1, tools=self._takes_tools)
        self.takes_threads = not _is_async(self._call)
        """Whether each call takes a thread of its own while it lasts."""
        self.traceback = ""
        """Of the first exception that it raised, from the application's own frames on."""

    async def ask(self, request: Request) -> Sequence[Reply]:
        """Return one reply per sample; raises CallFailed with what the application raised."""
        if request.tools and not self._takes_tools:
            raise ToolsRefused(f"{self.info.name} takes no tools")
        samples = (self._one(request, sample) for sample in request.samples)
        return await asyncio.gather(*samples)

    async def aclose(self) -> None:
        """Hold nothing, release nothing."""

    async def _one(self, request: Request, sample: int) -> Reply:
        arguments: dict[str, Any] = {
            # A copy per call: what an application does to its messages stays its own.
            "messages": [dict(message) for message in request.messages],
            "temperature": request.temperature,
            "max_tokens": request.max_tokens,
            "seed": request.seed,
            "sample_index": sample,
        }
        if request.tools:
            arguments["tools"] = list(request.tools)
        start = time.perf_counter()
        try:
            answer = await self._answer(arguments)
        except (TimeoutError, ConnectionError, asyncio.TimeoutError) as error:
            raise TransientFailure(_said(error)) from error
        except (Exception, SystemExit) as error:
            self.traceback = self.traceback or _traceback(error)
            raise CallFailed(_said(error)) from error
        return _reply(self.info.name, answer, time.perf_counter() - start)

    async def _answer(self, arguments: dict[str, Any]) -> object:
        messages = arguments.pop("messages")
        if _is_async(self._call):
            return await self._call(messages, **arguments)
        answer = await _in_thread(lambda: self._call(messages, **arguments))
        return await answer if inspect.isawaitable(answer) else answer


async def _in_thread(call: Callable[[], object]) -> object:
    """Run a blocking call in a daemon thread: one that hangs must not keep pytest from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[object] = loop.create_future()

    def settle(value: object, error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(value)
        else:
            done.set_exception(error)

    def work() -> None:
        value: object = None
        error: BaseException | None = None
        try:
            value = call()
        except StopIteration as stop:
            error = RuntimeError(f"StopIteration: {stop}")  # a future cannot hold the original
        except BaseException as raised:
            error = raised if isinstance(raised, Exception) else RuntimeError(repr(raised))
        with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=work, name="safescale-application", daemon=True).start()
    return await done


def _imported(info: ModelInfo, root: Path) -> Callable[..., Any]:
    module_name, colon, path = info.model.partition(":")
    if not (module_name and colon and path):
        raise ModelSpecError(f"{info.name}: allowed: python:package.module:callable")
    try:
        found = named_object(module_name, path, root)
        if inspect.isclass(found) and any("__call__" in vars(base) for base in found.__mro__):
            found = found()
    except (Exception, SystemExit) as error:
        raise ModelSpecError(f"{info.name}: {_said(error)}") from error
    if not callable(found):
        raise ModelSpecError(f"{info.name}: {path} is a {type(found).__name__}, not callable")
    called: Callable[..., Any] = found
    return called


def _said(error: BaseException) -> str:
    """Return what an application raised, on one line and shortened."""
    return shorten(f"{type(error).__name__}: {error}", MOST_OF_AN_ERROR)


def _traceback(error: BaseException) -> str:
    """Return the traceback of what an application raised, without the frames that called it."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    told = TracebackException(type(error), error, frames, limit=-MOST_FRAMES)
    return "".join(told.format())


def _check_signature(name: str, call: Callable[..., Any]) -> bool:
    """Say whether the callable takes tools; raises ModelSpecError where it cannot be called."""
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):
        return False  # a builtin without a signature: it will be seen when it is called
    given = dict.fromkeys(ARGUMENTS[1:])
    try:
        signature.bind([], **given)
    except TypeError as error:
        raise ModelSpecError(
            f"{name}: {error}; it is called with messages and the keywords "
            f"{', '.join(ARGUMENTS[1:])}"
        ) from None
    try:
        signature.bind([], **given, tools=[])
    except TypeError:
        return False
    return True


def _is_async(call: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(
        getattr(call, "__call__", None)  # noqa: B004  # the method itself is asked about
    )


def _revision(call: Callable[..., Any], named: str, root: Path) -> str:
    """Return a hash of the application's sources: its modules and those they import, to the end."""
    own = str(getattr(call, "__module__", named))
    version = str(getattr(call, "safescale_version", ""))
    return hash_of_sources((named, own), root, version=version)


def _reply(name: str, answer: object, latency_s: float) -> Reply:
    message = {"content": answer} if answer is None or isinstance(answer, str) else answer
    message = as_mapping(message)
    calls = read_tool_calls(message.get("tool_calls"))
    content = message.get("content")
    if not (calls or _SPEAKS.intersection(message)) or not isinstance(content or "", (str, list)):
        raise CallFailed(
            f"{name} returned {type(answer).__name__}; allowed: text, None for a reply without a "
            "word, or an OpenAI message with content, refusal or tool_calls"
        )
    return Reply(
        **vars(read_message(message)),
        tool_calls=calls,
        finish_reason="tool_calls" if calls else "stop",
        latency_s=latency_s,
    )
