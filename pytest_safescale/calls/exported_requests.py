"""Requests that stand in files and wait for their results: what is needed to read these."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_safescale.models.model import ModelInfo, Nature

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_safescale.calls.database import Database

__all__ = ["ExportedRequest", "ExportedRequests"]

# Made with the first export: most stores have none, and each table takes a page of the file.
_TABLES = (
    "CREATE TABLE IF NOT EXISTS exported_models (id INTEGER PRIMARY KEY, "
    "info TEXT NOT NULL UNIQUE)",
    "CREATE TABLE IF NOT EXISTS exported (custom_id TEXT PRIMARY KEY, model INTEGER NOT NULL, "
    "texts INTEGER NOT NULL, tools INTEGER NOT NULL, logprobs INTEGER NOT NULL, "
    "temperature REAL NOT NULL, prompt_tokens INTEGER NOT NULL) WITHOUT ROWID",
)
_PUT = (
    "INSERT OR REPLACE INTO exported SELECT ?, id, ?, ?, ?, ?, ? FROM exported_models "
    "WHERE info = ?"
)
_FIND = (
    "SELECT info, texts, tools, logprobs, temperature, prompt_tokens "
    "FROM exported JOIN exported_models ON id = model WHERE custom_id = ?"
)


@dataclass(frozen=True, kw_only=True)
class ExportedRequest:
    """A request that was written into a file."""

    custom_id: str
    info: ModelInfo
    """The model that it is for, as its table was then."""
    texts: int = 0
    """How many texts it has embedded; 0 for a chat completion."""
    tools: bool = False
    """Whether it offers tools."""
    logprobs: bool = False
    """Whether it asks for probabilities."""
    temperature: float = 0.0
    prompt_tokens: int
    """About how many its prompt takes, for servers that count none."""


class ExportedRequests:
    """The requests of one store that wait for their results."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, requests: Sequence[ExportedRequest]) -> None:
        """Note requests; one that is there already is noted anew."""
        written = [(one, _written(one.info)) for one in requests]
        with self._db.writing():
            for statement in _TABLES:
                self._db.rows(statement)
            infos = dict.fromkeys(info for _, info in written)
            self._db.write(
                "INSERT OR IGNORE INTO exported_models (info) VALUES (?)",
                [(info,) for info in infos],
            )
            self._db.write(
                _PUT,
                [
                    (
                        one.custom_id,
                        one.texts,
                        one.tools,
                        one.logprobs,
                        one.temperature,
                        one.prompt_tokens,
                        info,
                    )
                    for one, info in written
                ],
            )

    def find(self, ids: Iterable[str]) -> dict[str, ExportedRequest]:
        """Return those of these requests that wait, by id; one that cannot be read waits not."""
        found = {}
        for named in ids if self._is_there() else ():
            for info, texts, tools, logprobs, temperature, tokens in self._db.rows(_FIND, (named,)):
                if (known := _read(info)) is not None:
                    found[named] = ExportedRequest(
                        custom_id=named,
                        info=known,
                        texts=texts,
                        tools=bool(tools),
                        logprobs=bool(logprobs),
                        temperature=temperature,
                        prompt_tokens=tokens,
                    )
        return found

    def drop(self, ids: Iterable[str]) -> None:
        """Forget requests whose results have come, within a transaction of the caller's."""
        self._db.write("DELETE FROM exported WHERE custom_id = ?", [(named,) for named in ids])

    def count(self) -> int:
        """Return how many wait."""
        if not self._is_there():
            return 0
        ((count,),) = self._db.rows("SELECT count(*) FROM exported")
        return int(count)

    def _is_there(self) -> bool:
        return bool(self._db.rows("SELECT 1 FROM sqlite_master WHERE name = 'exported'"))


def _written(info: ModelInfo) -> str:
    said: dict[str, Any] = {**asdict(info), "nature": info.nature.value}
    return json.dumps(said, sort_keys=True, default=list)


_FIELDS = {field.name for field in fields(ModelInfo)}


@lru_cache(maxsize=256)
def _read(text: str) -> ModelInfo | None:
    try:
        said = json.loads(text)
        known = {name: value for name, value in said.items() if name in _FIELDS}
        return ModelInfo(**{**known, "nature": Nature(said["nature"])})
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
