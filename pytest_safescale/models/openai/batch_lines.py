"""Requests as lines of a batch file, and what came back of each: OpenAI's format, pure data.

A line is the body that a live call would send, under an id that names the call and its samples. A
model writes and reads it through `BatchModel.ask_through`: ``request_line`` makes the line in the
exchange, ``BatchResult.answer`` gives the answer or raises as the endpoint's client does. So what a
live call learns, parses and refuses is learned, parsed and refused here.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pytest_safescale.models.model import TransientFailure, as_mapping
from pytest_safescale.models.openai.answers import MESSAGE_CHARACTERS, Answer, read_answer
from pytest_safescale.text.escaping import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = [
    "MOST_BYTES",
    "MOST_REQUESTS",
    "BatchFile",
    "BatchResult",
    "RequestLine",
    "batch_files",
    "custom_id",
    "read_custom_id",
    "read_result",
    "request_line",
]

MOST_REQUESTS = 50_000
"""Requests of a file, and texts to embed over all its requests."""
MOST_BYTES = 200_000_000
"""Of a file."""
VERSION = "/v1"
"""Begins a line's URL, whatever the endpoint's own address is."""
_KEY_CHARACTERS = 43
"""A SHA-256 in base64 without padding, of letters that URLs and every server's ids may have."""
_SAMPLES = re.compile(r"(?:_[0-9]{1,6}(?:-[0-9]{1,6})?)+")


@dataclass(frozen=True, kw_only=True)
class RequestLine:
    """A request, ready to stand in a file."""

    custom_id: str
    url: str
    """``/v1/chat/completions`` or ``/v1/embeddings``."""
    model: str
    """As the endpoint knows it: a file holds requests to one model alone."""
    text: bytes
    """The line itself, JSON in ASCII, with its end."""
    weight: int
    """What it counts of ``MOST_REQUESTS``: its texts to embed, else 1."""


def request_line(
    call: bytes, samples: Sequence[int], path: str, body: Mapping[str, Any]
) -> RequestLine:
    """Return the line of a call's request for these samples; ``path`` as for a live call."""
    named, url = custom_id(call, samples), f"{VERSION}{path}"
    line = {"custom_id": named, "method": "POST", "url": url, "body": body}
    texts = body.get("input")
    return RequestLine(
        custom_id=named,
        url=url,
        model=str(body["model"]),
        text=json.dumps(line).encode("ascii") + b"\n",
        weight=len(texts) if isinstance(texts, list) else 1,
    )


def custom_id(call: bytes, samples: Sequence[int]) -> str:
    """Return the id of a call's request for these samples, in ascending order.

    The call's key in base64, and the samples as ranges: ``..._0-19``, ``..._3_7-9``.
    """
    key = base64.urlsafe_b64encode(call).decode("ascii").rstrip("=")
    return "_".join([key, *_ranges(samples)])


def read_custom_id(text: str) -> tuple[bytes, tuple[int, ...]] | None:
    """Return the call and the samples that an id names; ``None`` for an id of somebody else's."""
    key, samples = text[:_KEY_CHARACTERS], text[_KEY_CHARACTERS:]
    if not _SAMPLES.fullmatch(samples):
        return None
    try:
        call = base64.b64decode(f"{key}=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    ends = [[int(end) for end in part.split("-")] for part in samples[1:].split("_")]
    # Ascending, as an export writes them: no id names more samples than there are numbers.
    bounds = [bound for part in ends for bound in (part[0], part[-1] + 1)]
    if any(low >= high for low, high in pairwise(bounds)):
        return None
    return call, tuple(n for part in ends for n in range(part[0], part[-1] + 1))


def _ranges(samples: Sequence[int]) -> list[str]:
    ends: list[list[int]] = []
    for sample in samples:
        if ends and sample == ends[-1][1] + 1:
            ends[-1][1] = sample
        else:
            ends.append([sample, sample])
    return [f"{first}" if first == last else f"{first}-{last}" for first, last in ends]


@dataclass(kw_only=True)
class BatchFile:
    """Lines that may stand in one file: of one model and one path, within the limits."""

    url: str
    model: str
    lines: list[RequestLine] = field(default_factory=list)
    size: int = 0
    """Bytes."""
    weight: int = 0

    def has_room(self, line: RequestLine) -> bool:
        """Say whether a line fits in; an empty file takes any."""
        return not self.lines or (
            self.size + len(line.text) <= MOST_BYTES and self.weight + line.weight <= MOST_REQUESTS
        )

    def add(self, line: RequestLine) -> None:
        """Put a line at the end."""
        self.lines.append(line)
        self.size += len(line.text)
        self.weight += line.weight

    @property
    def content(self) -> bytes:
        """The file's bytes."""
        return b"".join(line.text for line in self.lines)


def batch_files(lines: Iterable[RequestLine]) -> Iterator[BatchFile]:
    """Yield files with these lines, each as soon as it is full, the others at the end."""
    open_files: dict[tuple[str, str], BatchFile] = {}
    for line in lines:
        kind = (line.url, line.model)
        file = open_files.get(kind)
        if file is not None and not file.has_room(line):
            yield file
            file = None
        if file is None:
            file = open_files[kind] = BatchFile(url=line.url, model=line.model)
        file.add(line)
    yield from open_files.values()


@dataclass(frozen=True, kw_only=True)
class BatchResult:
    """What a line of an output or error file says of one request."""

    custom_id: str
    status: int | None
    """The HTTP status; ``None`` where the request was never answered."""
    content: Mapping[str, Any] | None
    """The body of the response, or the error in its place."""

    def answer(self, *, host: str) -> dict[str, Any]:
        """Return the JSON object that answered; ``host`` is for messages.

        Raises TransientFailure where asking again may help, such as for a batch that expired, else
        Refusal.
        """
        if self.status is None:
            raise TransientFailure(f"{host} did not answer in a batch: {_words(self.content)}")
        return read_answer(Answer(status=self.status, content=self.content), host=host)


def read_result(line: str | bytes) -> BatchResult:
    """Return what a line of results says; raises ValueError for what is no such line, in words."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON, perhaps cut off") from None
    named = as_mapping(said).get("custom_id")
    if not isinstance(named, str):
        raise ValueError("it has no custom_id")
    if not named.isascii():
        raise ValueError("its custom_id is none that an export writes")
    response, error = as_mapping(said.get("response")), said.get("error")
    body = response.get("body") or error
    status = response.get("status_code", 200 if response.get("body") else None)
    if status is not None and (isinstance(status, bool) or not isinstance(status, int)):
        raise ValueError("its status_code is no whole number")
    if status is None and not error:
        asked = "it is a request, and no result of one"
        raise ValueError(asked if "body" in said else "it has neither a response nor an error")
    if not isinstance(body, dict):
        body = {"error": body} if isinstance(body, str) else None
    return BatchResult(custom_id=named, status=status, content=body)


def _words(content: Mapping[str, Any] | None) -> str:
    error = as_mapping(content).get("error", content)
    told = as_mapping(error) or {"message": error}
    parts = (str(told[name]) for name in ("code", "message") if told.get(name))
    return shorten(": ".join(parts), MESSAGE_CHARACTERS) or "no reason given"
