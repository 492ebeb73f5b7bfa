"""Every case of a run packed for the page: shared texts once, deflated, within a size limit.

The page opens with the index (what the list and its filters need) and inflates the blocks of
details and texts that a case needs when somebody opens it.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.numbering import Numbering
from pytest_safescale.cells import PLAIN, cell_condition
from pytest_safescale.report.page.case_steps import steps_before
from pytest_safescale.report.page.cut_texts import CaseTexts, Lengths, ends, first_of, head
from pytest_safescale.report.page.item_texts import item_texts
from pytest_safescale.report.page.repeat_command import RepeatCommands
from pytest_safescale.text.escaping import plain
from pytest_safescale.verdicts.severity import DEFAULT_SEVERITY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_safescale.results.manifest_repeat import RepeatOfRun
    from pytest_safescale.verdicts.severity import Severity

__all__ = ["CasePacker", "Packed", "script_json"]

LIMITS = (
    (20_000, 20_000),
    (12_000, 4_000),
    (8_000, 2_000),
    (8_000, 1_000),
    (5_000, 500),
    (5_000, 250),
    (3_000, 120),
    (3_000, 60),
    (3_000, 0),
    (2_000, 0),
    (1_200, 0),
    (700, 0),
    (400, 0),
    (200, 0),
    (100, 0),
)
"""How many characters of a text and of a sample's reply are embedded, tried in this order."""
CASES_IN_BLOCK = 200
CHARACTERS_IN_BLOCK = 200_000
_ITS_LETTER, _NO_TEXT_OF_ITS_OWN = 1, 0
"""Stand for a sample's reply that is its letter alone, and for one there is no room for."""
HELD = 2**26
"""Characters of texts that are held at most, as far as LIMITS lets them be cut."""
_STATE_SIGNS = {"answered": ".", "abstained": "a"}
"""A sample's state as one sign; what is neither is unreadable."""
_DECIDING = 17
_REPLIES = (0, 4, 7, 15)
"""Places of a case's details that hold texts of the model or the server."""


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


class CasePacker:
    """Takes the records in one by one and packs them all at the end."""

    def __init__(
        self,
        repeat: RepeatOfRun | None,
        *,
        held: int = HELD,
        severity: Severity = DEFAULT_SEVERITY,
    ) -> None:
        """``repeat`` tells how a case is repeated, where the run states it.

        ``held`` bounds the characters of texts in memory; ``severity`` weighs the labels.
        """
        self._commands = None if repeat is None else RepeatCommands(repeat)
        self._held = held
        self._place = 0
        """In LIMITS: of the most that is held of a text."""
        self._severity = severity
        self._models, self._conditions = Numbering[Any](), Numbering[Any]()
        self._outcomes, self._findings = Numbering[Any](), Numbering[Any]()
        self._letters = Numbering[Any]()
        self._items: dict[tuple[str, str], int] = {}
        self._item_texts: list[dict[str, Any]] = []
        self._replies, self._samples = CaseTexts(keeps_end=True), CaseTexts(keeps_end=True)
        self._evidence = CaseTexts(keeps_end=False)
        # Tuples, which the garbage collector passes over once it has seen what they hold.
        self._packed_cases: list[tuple[Any, ...]] = []
        self._details: list[tuple[Any, ...]] = []

    @property
    def items(self) -> dict[str, Mapping[str, Any]]:
        """The texts of every item by its id; options as letter, text, labels and severity."""
        return {item["id"]: item for item in reversed(self._item_texts)}

    def add(self, record: Mapping[str, Any]) -> None:
        """Take in a line of ``cases.jsonl``."""
        greedy, samples = record.get("greedy") or {}, record.get("samples") or {}
        confidence = samples.get("confidence")
        findings = sum(1 << self._findings[_name(name)] for name in record["findings"])
        self._packed_cases.append(
            (
                self._models[_name(record["model"])],
                self._conditions[
                    _name(cell_condition(record["condition"], record.get("profile", PLAIN)))
                ],
                self._item(record),
                self._outcomes[_name(record["outcome"])],
                findings,
                _name_or_none(greedy.get("letter")),
                _name_or_none(samples.get("majority")),
                None if confidence is None else round(confidence, 4),
            )
        )
        self._details.append(self._detail(record, greedy, samples))
        while self._place < len(LIMITS) - 1 and self._held < self._characters:
            self._place += 1
            limit, of_samples = LIMITS[self._place]
            for texts in (self._replies, self._evidence):
                texts.hold_no_more_than(limit)
            self._samples.hold_no_more_than(of_samples)

    @property
    def _characters(self) -> int:
        return self._replies.held + self._samples.held + self._evidence.held

    def _item(self, record: Mapping[str, Any]) -> int:
        key = (record["item_id"], record.get("item_sha256", ""))
        if key not in self._items:
            self._items[key] = len(self._item_texts)
            self._item_texts.append(item_texts(record, self._severity))
        return self._items[key]

    def _detail(
        self, record: Mapping[str, Any], greedy: Mapping[str, Any], samples: Mapping[str, Any]
    ) -> tuple[Any, ...]:
        evidence = record.get("evidence") or {}
        return (
            self._reply(greedy.get("text")),
            _name_or_none(greedy.get("form")),
            _name_or_none(greedy.get("finish_reason")),
            greedy.get("latency_s"),
            self._reply(record.get("error")),
            _held([self._letters[letter] for letter in samples.get("letters", ())]),
            _held(self._sample_texts(samples)),
            self._reply(record.get("samples_error")),
            self._read(evidence.get("text")),
            evidence.get("characters", 0),
            tuple([plain(name) for name in evidence.get("passages", ())]),
            tuple([self._step(step) for step in steps_before(record, greedy)]),
            self._command(record),
            _name_or_none(record.get("state")),
            _signs(tuple(samples.get("states", ()))),
            self._reply(greedy.get("reasoning")),
            tuple(
                [
                    (plain(letter), plain(option["text"]))
                    for letter, option in (record.get("shown") or {}).items()
                ]
            ),
            self._deciding(evidence) if evidence else (),
        )

    def _deciding(self, evidence: Mapping[str, Any]) -> tuple[tuple[int, str], ...]:
        """Return the sentences that decide the item: number of the text, and what it tells."""
        text = evidence.get("text") or ""
        return tuple(
            (self._read(text[one["start"] : one["end"]]), plain(one["tells"]))
            for one in evidence.get("deciding", ())
        )

    def _step(self, step: Mapping[str, Any]) -> tuple[Any, ...]:
        return (
            plain(step["kind"]),
            self._reply(step["text"]),
            tuple([plain(query) for query in step.get("queries", ())]),
            tuple([plain(name) for name in step.get("passages", ())]),
            _plain_or_none(step.get("letter")),
        )

    def _reply(self, text: str | None) -> int:
        """Return the text's number; -1 for none."""
        return _number(self._replies, text) if text else -1

    def _read(self, text: str | None) -> int:
        return self._evidence.number(plain(text[: LIMITS[0][0]])) if text else -1

    def _sample_texts(self, samples: Mapping[str, Any]) -> list[int]:
        """Return the replies' numbers from 1; 0 for a reply that is its letter and no more."""
        given = zip(samples.get("letters", ()), samples.get("texts", ()), strict=True)
        known, longest = self._samples.numbers, LIMITS[0][0]
        return [
            0
            if text == letter
            else 1 + known[text]
            if text in known and len(text) <= longest
            else 1 + _number(self._samples, text)
            for letter, text in given
        ]

    def _command(self, record: Mapping[str, Any]) -> str:
        return "" if self._commands is None else self._commands.command(record)

    def pack(self, budget: int) -> Packed:
        """Return everything within ``budget`` characters, or as short as texts may be cut."""
        replies, samples = Lengths(self._replies.texts), Lengths(self._samples.texts)
        evidence = Lengths(self._evidence.texts)
        # Passages that several cases share are embedded once.
        parts = {part for text in self._evidence.texts for part in first_of(text).split("\n\n")}
        shared = sum(map(len, parts))
        said, drawn = map(first_of, self._replies.texts), map(first_of, self._samples.texts)
        ratio = _ratio([*said, *parts, *drawn])
        packed = None
        for limits in LIMITS[self._place :]:
            read = min(shared, evidence.within(limits[0]))
            characters = read + replies.within(limits[0]) + samples.within(limits[1])
            if limits != LIMITS[-1] and characters * ratio > 1.3 * budget:
                continue
            longest = max(replies.longest, evidence.longest)
            cut = longest > limits[0] or samples.longest > limits[1]
            packed = self._packed(*limits, cut=cut)
            if packed.size <= budget:
                break
            ratio = max(ratio, 1.3 * packed.size / max(1, characters))
        assert packed is not None
        return packed

    def _packed(self, limit: int, of_samples: int, *, cut: bool) -> Packed:
        pieces = Numbering[Any]()
        replies = [[pieces[ends(text, limit)]] for text in self._replies.texts]
        samples: list[Any] = [_ITS_LETTER, *[_NO_TEXT_OF_ITS_OWN] * len(self._samples.texts)]
        if of_samples:
            samples[1:] = [[pieces[ends(text, of_samples)]] for text in self._samples.texts]
        evidence = [
            [pieces[piece] for piece in head(text, limit).split("\n\n")]
            for text in self._evidence.texts
        ]
        letters = [*map(_name_or_none, self._letters)]
        blocks, starts = _blocks(list(pieces))
        return Packed(
            content={
                "index": _deflated(_dump(self._index(limit))),
                "texts": blocks,
                "starts": starts,
                "perBlock": CASES_IN_BLOCK,
                "cases": [
                    _deflated(
                        _dump(
                            [_resolved(one, letters, replies, samples, evidence) for one in details]
                        )
                    )
                    for details in _parts(self._details, CASES_IN_BLOCK)
                ],
            },
            cases=len(self._packed_cases),
            limit=limit if cut else None,
        )

    def _index(self, limit: int) -> dict[str, Any]:
        limit = max(limit, 400)
        items = [_no_longer_than(limit, item) for item in self._item_texts]
        return {
            "models": list(self._models),
            "conditions": list(self._conditions),
            "outcomes": list(self._outcomes),
            "findings": list(self._findings),
            "items": items,
            "rows": list(zip(*self._packed_cases, strict=True)),
        }


def _no_longer_than(limit: int, item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an item whose texts are cut where they are longer; where none is, as it is."""
    texts = (item["question"], *(option[1] for option in item["options"]))
    if max(map(len, texts)) <= limit:
        return item
    return {
        **item,
        "question": head(item["question"], limit),
        "options": tuple(
            (letter, head(text, limit), *rest) for letter, text, *rest in item["options"]
        ),
    }


def _ratio(texts: Sequence[str]) -> float:
    """Return roughly how many characters of the page one character of text takes."""
    sample = "\n".join(text[:5_000] for text in texts[:: max(1, len(texts) // 300)])
    return len(_deflated(sample)) / len(sample) if sample else 1.0


def _resolved(
    detail: Sequence[Any],
    letters: Sequence[str | None],
    replies: Sequence[Sequence[int]],
    samples: Sequence[Any],
    evidence: Sequence[Sequence[int]],
) -> list[Any]:
    """Replace numbers of letters by these, and of texts by those of pieces; ``None`` for none."""

    def pieces(text: int) -> Sequence[int] | None:
        return None if text < 0 else replies[text]

    resolved = list(detail)
    for at in _REPLIES:
        resolved[at] = pieces(detail[at])
    resolved[5] = [letters[letter] for letter in detail[5]]
    resolved[6] = [samples[text] for text in detail[6]]
    resolved[8] = None if detail[8] < 0 else evidence[detail[8]]
    resolved[_DECIDING] = [[evidence[text], tells] for text, tells in detail[_DECIDING]]
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


def _parts(things: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]


def _held(numbers: Sequence[int]) -> Sequence[int]:
    """Return numbers as they are held: most are small, and bytes take an eighth of the room."""
    try:
        return bytes(numbers)
    except ValueError:
        return tuple(numbers)


@lru_cache(maxsize=2**10)
def _signs(states: tuple[str, ...]) -> str:
    """Return the samples' states in signs: of most cases they are the same, and held once."""
    return "".join([_STATE_SIGNS.get(state, "?") for state in states])


def _number(texts: CaseTexts, text: str) -> int:
    """Return the number of a reply, which is held as long as it may be at all."""
    longest = LIMITS[0][0]
    # One that is held already has been looked at: most short replies are alike.
    known = texts.numbers.get(text) if len(text) <= longest else None
    return texts.number(ends(plain(text), longest)) if known is None else known


_name = lru_cache(maxsize=2**10)(plain)
"""Names, letters and findings are few, and come with every case."""


def _name_or_none(text: str | None) -> str | None:
    return None if text is None else _name(text)


def _plain_or_none(text: str | None) -> str | None:
    return None if text is None else plain(text)


_dump = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode
"""Nothing that is packed holds itself: to look for that would take a third of the time."""


def _deflated(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 6)).decode("ascii")
