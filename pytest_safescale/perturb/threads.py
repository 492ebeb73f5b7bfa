"""Searches in threads, beside an event loop and beside the applications that answer in it.

One search at a time computes; it gives its turn away while it waits for answers. What hypothesis
does to the process while it draws is kept to the thread that draws.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import random
import sys
import threading
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

__all__ = ["TURN", "WHILE_SEARCHING", "alone", "in_thread"]

T = TypeVar("T")
SWITCH_S = 0.0005
"""How long a thread computes before another one gets its turn, while searches are under way."""
TURN = threading.Lock()
"""Held by the one thread that draws or shrinks; given away while it waits for answers.

Dozens of them at once would all be ready late, and keep the event loop from its turn meanwhile.
"""


def alone() -> AbstractContextManager[object]:
    """Return a context in which no search computes, for what threads cannot do at once.

    Such as parsing sources: before Python 3.13 two threads in it at once may break each other.
    """
    return TURN


async def in_thread(work: Callable[[], T]) -> T:
    """Run blocking work in a thread of its own.

    Not in the loop's pool: a search that shrinks holds its thread for minutes. The thread is a
    daemon, since one that waits for an answer must not keep an interrupted program alive.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(set_outcome: Callable[[], None]) -> None:
        if not done.cancelled():
            set_outcome()

    def run() -> None:
        try:
            with TURN, _own_generators():
                outcome = partial(done.set_result, work())
        except BaseException as error:  # whoever awaits the work raises it
            outcome = partial(done.set_exception, error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody awaits it
            loop.call_soon_threadsafe(settle, outcome)

    thread = threading.Thread(target=run, name="safescale-search", daemon=True)
    # Starting one takes as long as the interpreter's other threads let it wait.
    await loop.run_in_executor(None, thread.start)
    return await done


class _OfThread(threading.local):
    """The generators that a thread has to itself, by module; none in most threads."""

    def __init__(self) -> None:
        self.generators: dict[str, random.Random] = {}


_HERE = _OfThread()
_MANAGED = {
    "random": ("seed", "getstate", "setstate"),
    "numpy.random": ("seed", "get_state", "set_state"),
}
"""By module, what hypothesis calls to seed its generator and to save and restore its state."""


@contextlib.contextmanager
def _own_generators() -> Iterator[None]:
    _HERE.generators = {name: random.Random() for name in _MANAGED}  # noqa: S311 (no secrets)
    try:
        yield
    finally:
        _HERE.generators = {}


def _divided(module: str, real: Callable[..., Any], method: str) -> Callable[..., Any]:
    """Return a module's function that acts on the calling thread's own generator, if it has one."""

    @wraps(real)
    def call(*arguments: Any, **named: Any) -> Any:
        own = _HERE.generators.get(module)
        return (real if own is None else getattr(own, method))(*arguments, **named)

    return call


class _WhileSearching:
    """Lets an event loop and applications live beside searches, while any is under way.

    A loop gives its turn away at each read and write, and gets it back only when the thread that
    draws has used up its own: 5 ms as Python comes, hundreds of times a second. So turns are short.

    Hypothesis seeds the process's random generators around each test it runs. Applications that
    answer in other threads would all draw the same, and hypothesis would see their draws as its
    own. So threads that search have generators of their own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._searches = 0
        self._restore = contextlib.ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if self._searches == 0:
                self._shorten_turns()
                self._divide_generators()
            self._searches += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._searches -= 1
            if self._searches == 0:
                self._restore.close()

    def _shorten_turns(self) -> None:
        before = sys.getswitchinterval()
        sys.setswitchinterval(min(before, SWITCH_S))
        self._restore.callback(sys.setswitchinterval, before)

    def _divide_generators(self) -> None:
        for name, functions in _MANAGED.items():
            if name.partition(".")[0] not in sys.modules:
                continue
            module = importlib.import_module(name)
            for function, method in zip(functions, _MANAGED["random"], strict=True):
                real = getattr(module, function)
                setattr(module, function, _divided(name, real, method))
                self._restore.callback(setattr, module, function, real)


WHILE_SEARCHING = _WhileSearching()
