"""A server with a batch API on loopback: files and batches in the documented states.

A batch goes on to its next state each time it is asked about; no clock moves it. Requests are paid
for when a batch leaves ``in_progress``, and counted then.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.servers import ChatServer, complaint

if TYPE_CHECKING:
    from collections.abc import Callable

WELL = ("validating", "in_progress", "finalizing", "completed")
EXPIRED = ("validating", "in_progress", "finalizing", "expired")
CANCELLED = ("validating", "in_progress", "cancelling", "cancelled")
FAILED = ("validating", "failed")
AT_ONCE = ("completed",)


@dataclass
class Batch:
    """A batch as the server has it."""

    id: str
    said: dict[str, Any]
    lines: list[dict[str, Any]]
    course: list[str]
    """The states to come; the first is the present one."""
    error: dict[str, str]
    """Of a batch that fails as a whole."""
    results: dict[str, list[str]] = field(default_factory=dict)
    """The lines of its output file and of its error file."""

    @property
    def status(self) -> str:
        return self.course[0]


class BatchServer(ChatServer):
    """Serves files and batches beside live calls."""

    def __init__(
        self,
        *given: Any,
        course: Callable[[int], tuple[str, ...]] = lambda _: WELL,
        failed_with: dict[str, str] | None = None,
        outcome: Callable[[int, dict[str, Any]], str] = lambda *_: "well",
        loses_creation: bool = False,
        **scripted: Any,
    ) -> None:
        """Script what becomes of batches.

        ``course`` gives a batch's states by its number from 0; ``outcome`` of a request, by its
        number among all that were reached and its body: ``well``, ``missing`` from all results, or
        the status of an error and the parameter that it is about. ``loses_creation`` breaks off
        the answer to the first creation of a batch. Of a batch that expires or is cancelled every
        second request is answered.
        """
        super().__init__(*given, **scripted)
        self.batches: list[Batch] = []
        self.files: dict[str, bytes] = {}
        self.paid: Counter[str] = Counter()
        """How often each request was answered, by its body."""
        self.stations: list[str] = []
        self.held = threading.Event()
        """Set when the server has gone silent."""
        self._course, self._outcome = course, outcome
        self._hold_at = ""
        self._reached = 0
        self._failed_with = failed_with or {"code": "invalid_file", "message": "not today"}
        self._loses_creation = loses_creation

    def hold_at(self, station: str) -> None:
        """Go silent at a station of a batch, such as ``uploaded``, until `release`."""
        self._hold_at = station

    def release(self) -> None:
        """Go silent no more; what is held already stays so."""
        self._hold_at = ""

    def _add_routes(self, router: web.UrlDispatcher) -> None:
        super()._add_routes(router)
        router.add_post("/v1/files", self._take_file)
        router.add_get("/v1/files/{file}/content", self._give_file)
        router.add_post("/v1/batches", self._create)
        router.add_get("/v1/batches", self._list)
        router.add_get("/v1/batches/{batch}", self._tell)

    async def _station(self, name: str) -> None:
        self.stations.append(name)
        if self._hold_at == name:
            self.held.set()
            await asyncio.Event().wait()

    async def _take_file(self, request: web.Request) -> web.StreamResponse:
        await self._station("upload")
        if self._key and request.headers.get("authorization") != f"Bearer {self._key}":
            return complaint(401, "invalid api key", code="invalid_api_key")
        form = await request.post()
        assert form["purpose"] == "batch"
        name = f"file-{len(self.files)}"
        file = form["file"]
        assert isinstance(file, web.FileField)
        with file.file:
            self.files[name] = file.file.read()
        await self._station("uploaded")
        return web.json_response({"id": name, "object": "file"})

    async def _create(self, request: web.Request) -> web.StreamResponse:
        said = await request.json()
        lines = [json.loads(line) for line in self.files[said["input_file_id"]].splitlines()]
        assert {line["url"] for line in lines} == {said["endpoint"]}
        assert len({line["custom_id"] for line in lines}) == len(lines)
        assert len({line["body"]["model"] for line in lines}) == 1
        number = len(self.batches)
        course = ["created", *self._course(number)]
        batch = Batch(f"batch-{number}", said, lines, course, self._failed_with)
        self.batches.append(batch)
        await self._station("created")
        if self._loses_creation and request.transport is not None:
            self._loses_creation = False
            request.transport.abort()
        return web.json_response(self._described(batch))

    async def _list(self, request: web.Request) -> web.StreamResponse:
        # Two a page, the newest first.
        newest = self.batches[::-1]
        after = request.query.get("after")
        start = 1 + [batch.id for batch in newest].index(after) if after else 0
        page = newest[start : start + 2]
        described = [self._described(batch) for batch in page]
        return web.json_response({"data": described, "has_more": newest[start + 2 :] != []})

    async def _tell(self, request: web.Request) -> web.StreamResponse:
        found = [batch for batch in self.batches if batch.id == request.match_info["batch"]]
        if not found:
            return complaint(404, "no such batch")
        (batch,) = found
        if len(batch.course) > 1:
            left = batch.course.pop(0)
            if left == "in_progress" or (not batch.results and batch.status == "completed"):
                self._answer_all(batch)
        await self._station(batch.status)
        return web.json_response(self._described(batch))

    def _described(self, batch: Batch) -> dict[str, Any]:
        ended = batch.status in ("completed", "expired", "cancelled")
        named = {
            f"{kind}_file_id": f"{batch.id}-{kind}" if ended and lines else None
            for kind, lines in batch.results.items()
        }
        failed = batch.status == "failed"
        done = sum(map(len, batch.results.values()))
        return {
            "id": batch.id,
            "object": "batch",
            "status": "VALIDATING" if batch.status == "created" else batch.status,
            "metadata": batch.said.get("metadata"),
            "errors": {"object": "list", "data": [batch.error]} if failed else None,
            "request_counts": {"total": len(batch.lines), "completed": done, "failed": 0},
            **named,
        }

    def _answer_all(self, batch: Batch) -> None:
        complete = batch.course[-1] == "completed"
        output, errors = [], []
        for place, line in enumerate(batch.lines):
            if not (complete or place % 2 == 0):
                # OpenAI tells of what expired; other servers leave it out.
                if place % 4 == 1:
                    error = {"code": "batch_expired", "message": "not in time"}
                    errors.append({"custom_id": line["custom_id"], "error": error})
                continue
            outcome = self._outcome(self._reached, line["body"])
            self._reached += 1
            if outcome == "missing":
                continue
            status, _, param = outcome.partition(" ")
            if outcome == "well":
                self.paid[json.dumps(line["body"])] += 1
                output.append(_result(line, 200, self._reply(line)))
            else:
                error = {"message": "a scripted error", **({"param": param} if param else {})}
                errors.append(_result(line, int(status), {"error": error}))
        random.Random(0).shuffle(output)
        batch.results = {
            "output": [json.dumps(result) for result in output],
            "error": [json.dumps(result) for result in errors],
        }

    def _reply(self, line: dict[str, Any]) -> dict[str, Any]:
        body = line["body"]
        self.requests.append(body)
        if line["url"] == "/v1/chat/completions":
            return self._completion(body)
        return self._vectors(body["input"])

    async def _give_file(self, request: web.Request) -> web.StreamResponse:
        named = request.match_info["file"]
        batch, kind = named.rsplit("-", 1)
        await self._station(f"fetching {kind}")
        (lines,) = (one.results[kind] for one in self.batches if one.id == batch)
        response = web.StreamResponse()
        await response.prepare(request)
        for place, line in enumerate(lines):
            if place == len(lines) // 2:
                await self._station(f"half of {kind}")
            await response.write(line.encode() + b"\n")
        await self._station(f"fetched {kind}")
        return response


def _result(line: dict[str, Any], status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "batch_req",
        "custom_id": line["custom_id"],
        "response": {"status_code": status, "request_id": "r", "body": body},
        "error": None,
    }
