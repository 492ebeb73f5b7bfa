"""Numbered files of requests, each within a batch endpoint's limits."""

from __future__ import annotations

import contextlib
import re
import uuid
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from pytest_safescale.errors import SettingsError
from pytest_safescale.models.openai.batch_lines import MOST_BYTES, MOST_REQUESTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_safescale.models.openai.batch_lines import RequestLine

__all__ = ["RequestFiles"]


@dataclass(kw_only=True)
class _File:
    """A file that is being written; it gets its name once all are whole."""

    path: Path
    stream: IO[bytes]
    size: int = 0
    weight: int = 0

    def has_room(self, line: RequestLine) -> bool:
        return self.size + len(line.text) <= MOST_BYTES and (
            self.weight + line.weight <= MOST_REQUESTS
        )


class RequestFiles:
    """Writes lines into files of one model and one path each, as endpoints want them.

    One file is called as ``out`` says, several ``requests-1.jsonl`` and so on. Nothing stands under
    those names until all are whole.
    """

    def __init__(self, out: Path) -> None:
        """Raise SettingsError where a file of that name is there, or none can be."""
        self._out = out
        self._all: list[_File] = []
        self._open: dict[tuple[str, str], _File] = {}
        if not out.parent.is_dir():
            raise SettingsError(f"--out: there is no folder {out.parent}")
        self._require_new()

    def _require_new(self) -> None:
        out = self._out
        there = [out] if out.exists() else []
        numbered = re.compile(rf"{re.escape(out.stem)}-\d+{re.escape(out.suffix)}")
        there += sorted(path for path in out.parent.iterdir() if numbered.fullmatch(path.name))
        if there:
            raise SettingsError(
                f"--out: {there[0]} is there, perhaps of an earlier round; allowed: a new name"
            )

    def add(self, line: RequestLine) -> None:
        """Write a line; raises SettingsError where it cannot be written."""
        with self._writing():
            kind = (line.url, line.model)
            file = self._open.get(kind)
            if file is None or not file.has_room(line):
                if file is not None:
                    file.stream.close()
                file = self._open[kind] = self._begun()
            file.stream.write(line.text)
            file.size += len(line.text)
            file.weight += line.weight

    def _begun(self) -> _File:
        # Another export may be writing to the same name: whichever is done first has it.
        path = self._out.with_name(f"{self._out.name}.{uuid.uuid4().hex[:8]}.part")
        file = _File(path=path, stream=path.open("xb"))
        self._all.append(file)
        return file

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.discard()
            raise SettingsError(
                f"--out: {self._out} cannot be written: {error.strerror}"
            ) from error

    def finish(self) -> list[Path]:
        """Give every file its name and return them; none where no line was written.

        Raises SettingsError where another export has taken the name meanwhile.
        """
        named = []
        try:
            self._require_new()
        except SettingsError:
            self.discard()
            raise
        with self._writing():
            for number, file in enumerate(self._all, 1):
                file.stream.close()
                several = len(self._all) > 1
                name = f"{self._out.stem}-{number}{self._out.suffix}" if several else self._out.name
                named.append(file.path.rename(self._out.with_name(name)))
        return named

    def discard(self) -> None:
        """Remove what was written."""
        for file in self._all:
            file.stream.close()
            with contextlib.suppress(OSError):
                file.path.unlink()
        self._all.clear()
