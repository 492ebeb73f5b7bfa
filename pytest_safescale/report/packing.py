"""Every case of a run packed for the page: shared texts once, deflated, within a size limit.

The page opens with the index (what the list and its filters need) and inflates the blocks of
details and texts that a case needs when somebody opens it.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_safescale.report.text import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["CasePacker", "Packed", "script_json"]

LIMITS = (20_000, 12_000, 8_000, 5_000, 3_000, 2_000, 1_200, 700, 400, 200, 100)
"""How many characters of one text are embedded, tried in this order."""
CASES_IN_BLOCK = 200
CHARACTERS_IN_BLOCK = 200_000
_TAIL = 3
"""A reply that is cut keeps its end as well, where the answer stands: a third."""
_WORD = re.compile(r"[\w:+./\[\]\\-]+")


@dataclass(frozen=True, kw_only=True)
class Packed:
    """The data of the page."""

    content: Mapping[str, Any]
    """Plain JSON; every text in it is deflated and in base64."""
    cases: int
    limit: int | None
    """Characters shown of one text; ``None`` where none had to be cut."""

    @property
    def size(self) -> int:
        """Characters of the script element."""
        return len(script_json(self.content))


def script_json(content: object) -> str:
    """Return JSON that cannot end or change the script element it stands in."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@dataclass(kw_only=True)
class _Names:
    """Gives each new value the next number."""

    numbers: dict[Any, int] = field(default_factory=dict)

    def number(self, value: Any) -> int:
        return self.numbers.setdefault(value, len(self.numbers))

    @property
    def values(self) -> list[Any]:
        return list(self.numbers)


@dataclass(frozen=True, kw_only=True)
class _Text:
    """A text before it is cut: evidence is shared by paragraphs, replies are taken whole."""

    text: str
    evidence: bool

    def cut(self, limit: int) -> list[str]:
        """Return its pieces; joined by blank lines they are the text, cut with a note."""
        if self.evidence:
            return _head(self.text, limit).split("\n\n")
        return [_ends(self.text, limit)]


def _head(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    note = f"[cut: {limit:,} of {len(text):,} characters are shown here]"
    return f"{text[:limit]}\n\n{note}"


def _ends(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    tail = limit // _TAIL
    left = len(text) - limit
    return f"{text[: limit - tail]}\n[cut: {left:,} characters left out here]\n{text[-tail:]}"


class CasePacker:
    """Takes the records in one by one and packs them all at the end."""

    def __init__(self, options: Mapping[str, str], *, longest: int = LIMITS[0]) -> None:
        """``options`` gives each model's part of the command that repeats a case.

        ``longest`` bounds what is kept of one text in memory.
        """
        self._options = options
        self._longest = longest
        self._models, self._conditions = _Names(), _Names()
        self._outcomes, self._findings = _Names(), _Names()
        self._items: dict[tuple[str, str], int] = {}
        self._shown: list[dict[str, Any]] = []
        self._texts = _Names()
        self._rows: list[list[Any]] = []
        self._details: list[list[Any]] = []

    def add(self, record: Mapping[str, Any]) -> None:
        """Take in a line of ``cases.jsonl``."""
        greedy, samples = record.get("greedy") or {}, record.get("samples") or {}
        confidence = samples.get("confidence")
        findings = sum(1 << self._findings.number(name) for name in record["findings"])
        self._rows.append(
            [
                self._models.number(plain(record["model"])),
                self._conditions.number(plain(record["condition"])),
                self._item(record),
                self._outcomes.number(plain(record["outcome"])),
                findings,
                _shown(greedy.get("letter")),
                _shown(samples.get("majority")),
                None if confidence is None else round(confidence, 4),
            ]
        )
        self._details.append(self._detail(record, greedy, samples))

    def _item(self, record: Mapping[str, Any]) -> int:
        key = (record["item_id"], record.get("item_sha256", ""))
        if key not in self._items:
            self._items[key] = len(self._shown)
            labels = record.get("labels") or {}
            self._shown.append(
                {
                    "id": plain(record["item_id"]),
                    "subspecialty": plain(record.get("subspecialty") or ""),
                    "type": plain(record.get("question_type") or ""),
                    "truth": plain(record["truth"]),
                    "question": plain(record.get("question") or ""),
                    "options": [
                        [
                            plain(letter),
                            plain(text),
                            [plain(name) for name in labels.get(letter, ())],
                        ]
                        for letter, text in record["options"].items()
                    ],
                }
            )
        return self._items[key]

    def _detail(
        self, record: Mapping[str, Any], greedy: Mapping[str, Any], samples: Mapping[str, Any]
    ) -> list[Any]:
        evidence = record.get("evidence") or {}
        return [
            self._text(greedy.get("text")),
            _shown(greedy.get("form")),
            _shown(greedy.get("finish_reason")),
            greedy.get("latency_s"),
            self._text(record.get("error")),
            [_shown(letter) for letter in samples.get("letters", ())],
            [self._text(text) for text in samples.get("texts", ())],
            self._text(record.get("samples_error")),
            self._text(evidence.get("text"), evidence=True),
            evidence.get("characters", 0),
            [plain(name) for name in evidence.get("passages", ())],
            [self._step(step) for step in record.get("trace", ())],
            self._command(record),
        ]

    def _step(self, step: Mapping[str, Any]) -> list[Any]:
        return [
            plain(step["kind"]),
            self._text(step["text"]),
            [plain(query) for query in step.get("queries", ())],
            [plain(name) for name in step.get("passages", ())],
            _shown(step.get("letter")),
        ]

    def _text(self, text: str | None, *, evidence: bool = False) -> int:
        """Return the text's number; -1 for none."""
        if not text:
            return -1
        text = plain(text)
        kept = text[: self._longest] if evidence else _ends(text, self._longest)
        return self._texts.number(_Text(text=kept, evidence=evidence))

    def _command(self, record: Mapping[str, Any]) -> str:
        model, condition = record["model"], record["condition"]
        options = f"{self._options.get(model, '')} --safescale-conditions {shlex.quote(condition)}"
        if node := record.get("nodeid"):
            return plain(f"pytest {shlex.quote(node)}{options}")
        case = f"{model}-{condition}-{record['item_id']}"
        chosen = f" -k {shlex.quote(case)}" if _WORD.fullmatch(case) else ""
        return plain(f"pytest{options}{chosen}")

    def pack(self, budget: int) -> Packed:
        """Return everything within ``budget`` characters, or as short as texts may be cut."""
        ratio = self._ratio()
        longest = max((len(text.text) for text in self._texts.numbers), default=0)
        packed = None
        for limit in LIMITS:
            last = limit == LIMITS[-1]
            if not last and self._characters(limit) * ratio > 1.15 * budget:
                continue
            packed = self._packed(limit, cut=longest > limit)
            if packed.size <= budget or last:
                break
        assert packed is not None
        return packed

    def _ratio(self) -> float:
        """Return roughly how many characters of the page one character of text takes."""
        texts = list(self._texts.numbers)
        sample = "\n".join(text.text[:5_000] for text in texts[:: max(1, len(texts) // 200)])
        if not sample:
            return 1.0
        return len(_deflated(sample)) / len(sample)

    def _characters(self, limit: int) -> int:
        pieces = {piece for text in self._texts.numbers for piece in text.cut(limit)}
        return sum(map(len, pieces))

    def _packed(self, limit: int, *, cut: bool) -> Packed:
        pieces = _Names()
        numbers = [
            [pieces.number(piece) for piece in text.cut(limit)] for text in self._texts.numbers
        ]
        blocks, starts = _blocks(pieces.values)
        details = [_resolved(detail, numbers) for detail in self._details]
        return Packed(
            content={
                "index": _deflated(_dump(self._index(limit))),
                "texts": blocks,
                "starts": starts,
                "perBlock": CASES_IN_BLOCK,
                "cases": [
                    _deflated(_dump(details[start : start + CASES_IN_BLOCK]))
                    for start in range(0, len(details), CASES_IN_BLOCK)
                ],
            },
            cases=len(self._rows),
            limit=limit if cut else None,
        )

    def _index(self, limit: int) -> dict[str, Any]:
        limit = max(limit, 400)
        items = [
            {
                **item,
                "question": _head(item["question"], limit),
                "options": [
                    [letter, _head(text, limit), labels] for letter, text, labels in item["options"]
                ],
            }
            for item in self._shown
        ]
        return {
            "models": self._models.values,
            "conditions": self._conditions.values,
            "outcomes": self._outcomes.values,
            "findings": self._findings.values,
            "items": items,
            "rows": list(zip(*self._rows, strict=True)),
        }


def _resolved(detail: Sequence[Any], numbers: Sequence[Sequence[int]]) -> list[Any]:
    """Replace the numbers of texts by those of their pieces; ``None`` for no text."""

    def pieces(text: int) -> Sequence[int] | None:
        return None if text < 0 else numbers[text]

    resolved = list(detail)
    for at in (0, 4, 7, 8):
        resolved[at] = pieces(detail[at])
    resolved[6] = [pieces(text) for text in detail[6]]
    resolved[11] = [[kind, pieces(text), *rest] for kind, text, *rest in detail[11]]
    return resolved


def _blocks(pieces: Sequence[str]) -> tuple[list[str], list[int]]:
    """Return deflated lists of pieces, and the number of the first piece of each."""
    blocks: list[str] = []
    starts: list[int] = []
    start = size = 0
    for number, piece in enumerate(pieces, start=1):
        size += len(piece)
        if size >= CHARACTERS_IN_BLOCK or number == len(pieces):
            blocks.append(_deflated(_dump(pieces[start:number])))
            starts.append(start)
            start, size = number, 0
    return blocks, starts


def _shown(text: str | None) -> str | None:
    return None if text is None else plain(text)


def _dump(content: object) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def _deflated(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 6)).decode("ascii")
