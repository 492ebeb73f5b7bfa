"""A real chat-completions server on loopback, whose behaviour a test scripts.

Also a program: ``python -m tests.servers --delay-ms 200`` prints its URL and serves until it is
killed; ``GET /calls`` tells how many requests it has had, when the first came and the last reply
went, and how many were under way at once at most.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import json
import math
import random
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

KEY = "the-planted-key-0123456789"
FAULTS = (
    "429",
    "429 retry-after",
    "500",
    "503",
    "reset",
    "truncated",
    "no json",
    "no choices",
    "stall",
    "drip",
)
"""What a server can do to a request; every one of them may pass when asked again."""


def always_b(_: dict[str, Any]) -> str:
    return "B"


class ChatServer:
    """Serves ``/v1/chat/completions`` from a thread, on a port of its own."""

    def __init__(
        self,
        answer: Callable[[dict[str, Any]], str | dict[str, Any]] = always_b,
        *,
        delay_s: float = 0.0,
        port: int = 0,
        key: str | None = None,
        model: str | None = None,
        usage: Any = ...,
        served: Callable[[int], tuple[str, str]] | None = None,
        most_choices: int = 1000,
        refuses: tuple[str, ...] = (),
        lists: Callable[[dict[str, Any]], list[dict[str, float]]] | None = None,
        fault: Callable[[int], str | None] = lambda _: None,
        response: Callable[[web.Request, dict[str, Any]], Any] | None = None,
    ) -> None:
        """Script what the server does.

        ``usage`` stands in the place of what was counted, ``None`` leaves it out; ``served`` gives
        model name and fingerprint by the number of requests so far, from 1; ``refuses`` names
        parameters met with 400; ``lists`` gives the tokens of a reply that is asked for with
        ``logprobs``, as in `listed`; ``fault`` gives one by request number; ``response`` may answer
        a request its own way: it returns a response, an awaitable of one, or ``None``.
        """
        self.requests: list[dict[str, Any]] = []
        self.embedded: list[list[str]] = []
        """The texts of each request for embeddings that was answered."""
        self.met: Counter[str] = Counter()
        self.most_at_once = 0
        """Requests for chat completions that were under way together."""
        self._at_once, self._first, self._last = 0, 0.0, 0.0
        self._answer, self._delay_s, self._key, self._model = answer, delay_s, key, model
        self._most_choices, self._refuses, self._fault = most_choices, refuses, fault
        self._response, self._served, self._usage = response, served, usage
        self._lists = lists
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._runner: web.AppRunner | None = None
        self.port = port
        self._broken: OSError | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def calls(self) -> int:
        return len(self.requests)

    @property
    def replies(self) -> int:
        """Samples asked for, however many came in one request."""
        return sum(payload.get("n", 1) for payload in self.requests)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._broken is not None:
            raise self._broken
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(600)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(600)
        self._loop.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._start())
        except OSError as error:
            self._broken = error
            return
        finally:
            self._ready.set()
        self._loop.run_forever()

    async def _start(self) -> None:
        app = web.Application(client_max_size=2**28)
        self._add_routes(app.router)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=4096)
        await site.start()
        self.port = self._runner.addresses[0][1]

    def _add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/v1/chat/completions", self._timed_chat)
        router.add_post("/v1/embeddings", self._embeddings)
        router.add_get("/calls", self._count)

    async def _stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        # Whatever still stalls would be destroyed with the loop.
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _count(self, _: web.Request) -> web.Response:
        seen = {"calls": self.calls, "first": self._first, "last": self._last}
        return web.json_response({**seen, "most_at_once": self.most_at_once})

    async def _embeddings(self, request: web.Request) -> web.Response:
        payload = await request.json()
        if self._response and (own := self._response(request, payload)):
            answer: web.Response = await own if inspect.isawaitable(own) else own
            return answer
        return web.json_response(self._vectors(payload["input"]))

    def _vectors(self, texts: list[str]) -> dict[str, Any]:
        self.embedded.append(texts)
        rows = [{"index": n, "embedding": [float(len(text)), 1.0]} for n, text in enumerate(texts)]
        return {"data": rows[::-1], **self._counted({"prompt_tokens": len(texts)})}

    async def _timed_chat(self, request: web.Request) -> web.StreamResponse:
        self._first = self._first or time.time()
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return await self._chat(request)
        finally:
            self._at_once -= 1
            self._last = time.time()

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        payload = await request.json()
        self.requests.append(payload)
        number = len(self.requests) - 1
        if self._response and (own := self._response(request, payload)):
            answer: web.StreamResponse = await own if inspect.isawaitable(own) else own
            return answer
        if self._key and request.headers.get("authorization") != f"Bearer {self._key}":
            return complaint(401, "invalid api key", code="invalid_api_key")
        if self._model and payload["model"] != self._model:
            return complaint(
                404, f"the model {payload['model']} does not exist", code="model_not_found"
            )
        for name in self._refuses:
            if name in payload:
                return complaint(400, f"unsupported parameter: {name}", param=name)
        if self._delay_s:
            await asyncio.sleep(self._delay_s)
        fault = self._fault(number)
        if fault is not None:
            self.met[fault] += 1
            return await self._failing(request, payload, fault)
        return web.json_response(self._completion(payload))

    def _completion(self, payload: dict[str, Any], **choice: Any) -> dict[str, Any]:
        answer = self._answer(payload)
        if self._lists is not None and payload.get("logprobs"):
            places = self._lists(payload)
            answer = "".join(next(iter(place)) for place in places)
            choice = {"logprobs": listed(places, payload["top_logprobs"]), **choice}
        message = answer if isinstance(answer, dict) else {"content": answer}
        n = min(payload.get("n", 1), self._most_choices)
        name, mark = f"{payload['model']}-served", "fp_1"
        if self._served is not None:
            name, mark = self._served(len(self.requests))
        return {
            "model": name,
            "system_fingerprint": mark,
            "choices": [
                {
                    "index": index,
                    "message": {"role": "assistant", **message},
                    "finish_reason": "stop",
                    **choice,
                }
                for index in range(n)
            ],
            **self._counted({"prompt_tokens": 10, "completion_tokens": 2 * n}),
        }

    def _counted(self, usage: dict[str, int]) -> dict[str, Any]:
        given = usage if self._usage is ... else self._usage
        return {} if given is None else {"usage": given}

    async def _failing(
        self, request: web.Request, payload: dict[str, Any], fault: str
    ) -> web.StreamResponse:
        if fault == "429 retry-after":
            return complaint(429, "slow down", headers={"retry-after": "0.2"})
        if fault.isdigit():
            return complaint(int(fault), "not now")
        if fault == "stall":
            await asyncio.Event().wait()
        if fault == "no json":
            return web.Response(text="<html>a proxy says hello</html>")
        if fault == "no choices":
            return web.json_response({"choices": []})
        if fault == "length":
            completion = self._completion(payload, finish_reason="length")
            for choice in completion["choices"]:
                choice["message"]["content"] = "The patient"
            return web.json_response(completion)
        return await self._breaking(request, payload, fault)

    async def _breaking(
        self, request: web.Request, payload: dict[str, Any], fault: str
    ) -> web.StreamResponse:
        """Cut the connection: at once, half-way through the reply, or when it has dripped away."""
        body = json.dumps(self._completion(payload)).encode()
        if fault in ("truncated", "drip"):
            response = web.StreamResponse(headers={"content-length": str(len(body))})
            await response.prepare(request)
            step = 1 if fault == "drip" else len(body) // 2
            for start in range(0, len(body) // 2, step):
                await response.write(body[start : start + step])
                await asyncio.sleep(0.05 if fault == "drip" else 0)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


def listed(places: list[dict[str, float]], most: int = 20) -> dict[str, Any]:
    """Return ``logprobs`` of places with the probability of each token, the one said first."""
    return {
        "content": [
            {
                "token": next(iter(place)),
                "logprob": math.log(next(iter(place.values()))),
                "top_logprobs": [
                    {"token": token, "logprob": math.log(chance)}
                    for token, chance in sorted(place.items(), key=lambda one: -one[1])[:most]
                ],
            }
            for place in places
        ]
    }


def complaint(
    status: int, message: str, *, headers: dict[str, str] | None = None, **more: Any
) -> web.Response:
    """Return an error in OpenAI's form."""
    error = {"message": message, **more}
    return web.json_response({"error": error}, status=status, headers=headers)


def random_faults(share: float, seed: int, faults: tuple[str, ...]) -> Callable[[int], str | None]:
    """Return a script under which a share of the requests fail, in every way in turn."""
    draw = random.Random(seed)

    def fault(_: int) -> str | None:
        return draw.choice(faults) if draw.random() < share else None

    return fault


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    with ChatServer(delay_s=given.delay_ms / 1000, port=given.port) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
