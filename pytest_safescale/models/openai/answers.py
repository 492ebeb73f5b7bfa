"""What an endpoint's answer means, by its status and its words, however it came."""

from __future__ import annotations

import email.utils
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import CallFailed
from pytest_safescale.models.model import TransientFailure, as_mapping
from pytest_safescale.text.escaping import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MESSAGE_CHARACTERS", "Answer", "Refusal", "read_answer", "retry_after"]

MESSAGE_CHARACTERS = 300
"""Of a server's words in a message."""
TRANSIENT = {408, 409, 425, 429}
NOT_IMPLEMENTED = 501


class Refusal(CallFailed):
    """The server refuses a request in a way that asking again does not mend."""

    def __init__(self, status: int, message: str, *, code: str, param: str) -> None:
        self.status = status
        self.message = message
        """The server's words, on one line and shortened."""
        self.code = code
        """The error's ``code`` and ``type``, empty where the server gives none."""
        self.param = param
        """The parameter the server complains about, empty where it names none."""
        super().__init__(f"HTTP {status}: {message}")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is used of an answer, without the run's keys."""

    status: int
    content: Any
    """The body's JSON; ``None`` where it is none."""
    text: str = ""
    """The body, where it is no JSON."""
    location: str = ""
    """Where a redirect goes, without its query."""
    retry_after_s: float | None = None


def read_answer(answer: Answer, *, host: str, advice: str = "") -> dict[str, Any]:
    """Return the JSON object of an answer within 2xx; ``host`` and ``advice`` are for messages.

    Raises TransientFailure where asking again may help, else Refusal.
    """
    status = answer.status
    if 200 <= status < 300:
        if isinstance(answer.content, dict):
            _require_success(answer)
            return answer.content
        more = f"; {advice}" if advice else ""
        raise TransientFailure(f"{host} answered with something that is no JSON object{more}")
    message, code, param = _complaint(answer)
    if 300 <= status < 400:
        message = f"it redirects to {answer.location or 'nowhere'}, which is not followed"
    message = shorten(message, MESSAGE_CHARACTERS) or "no reason given"
    quota_spent = "insufficient_quota" in code
    if (status in TRANSIENT and not quota_spent) or (status >= 500 and status != NOT_IMPLEMENTED):
        raise TransientFailure(f"HTTP {status}: {message}", answer.retry_after_s)
    raise Refusal(status, message, code=code, param=param)


def _complaint(answer: Answer) -> tuple[str, str, str]:
    """Return message, code and parameter of an error in any of the usual shapes."""
    if answer.content is None:
        return answer.text, "", ""
    error = as_mapping(answer.content).get("error", answer.content)
    fields = as_mapping(error)
    message = fields.get("message") or fields.get("detail")
    message = message or as_mapping(answer.content).get("detail")
    if message is None:
        message = error if isinstance(error, str) else json.dumps(answer.content)
    code = f"{fields.get('code') or ''} {fields.get('type') or ''}".strip()
    return str(message), code, str(fields.get("param") or "")


def _require_success(answer: Answer) -> None:
    """Raise a Refusal that a gateway tells of with status 200, by the status it states."""
    stated = str(as_mapping(answer.content.get("error")).get("code") or "")
    status = int(stated) if stated.isdigit() and len(stated) == 3 else 0
    if 400 <= status < 500 and status not in TRANSIENT:
        message, code, param = _complaint(answer)
        said = shorten(message, MESSAGE_CHARACTERS) or "no reason given"
        raise Refusal(status, said, code=code, param=param)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds a server asks to wait: a number, milliseconds, or a date."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        value = headers.get("retry-after", "")
        if not value:
            return None
        if value.replace(".", "", 1).isdigit():
            return float(value)
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
