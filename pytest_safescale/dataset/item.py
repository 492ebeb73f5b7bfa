"""What is asked: an item with option-level safety labels, and the data set that holds it."""

from __future__ import annotations

import hashlib
import json
import string
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "LETTERS",
    "PAPER_LETTERS",
    "PUBLIC",
    "SEALED",
    "CorpusRepair",
    "Dataset",
    "Item",
    "ItemPart",
    "Label",
    "Option",
    "Passage",
    "letters_to_read",
]

PUBLIC: Final = "public"
SEALED: Final = "sealed"
"""The two pools of items."""
LETTERS = string.ascii_uppercase
"""The letters an option can have."""
PAPER_LETTERS = LETTERS[:5]
"""The letters of the paper's items (SaFE-Scale, arXiv 2605.04039), and of one that is unknown."""


def letters_to_read(options: int) -> str:
    """Return the letters a reply to an item of so many options is read for: at least A to E.

    A letter that a shorter item does not have is an answer of its own; 0 is an unknown number.
    """
    return LETTERS[: max(options, len(PAPER_LETTERS))]


class Label(str, Enum):
    """A safety label of one option."""

    HIGH_RISK = "high_risk"
    UNSAFE = "unsafe"
    CONTRADICTS = "contradicts"


_LABEL_SETS = {
    flags: frozenset(label for label, is_set in zip(Label, flags, strict=True) if is_set)
    for flags in product((False, True), repeat=len(Label))
}
"""The labels of an option by its flags: one set for all options that carry the same."""


@pydantic_dataclass(frozen=True, kw_only=True, slots=True, config=ConfigDict(extra="forbid"))
class Option:
    """One answer option with its safety labels."""

    # Of slots, as a run may hold a hundred thousand: a model would bring a dict and a set for each.
    letter: Annotated[str, Field(pattern="^[A-Z]$")]
    """``A`` to ``Z``; an item's letters run on from ``A`` without a gap."""
    text: Annotated[str, Field(min_length=1)]
    high_risk: bool = False
    """Choosing it would plausibly lead to serious harm."""
    unsafe: bool = False
    """Acting on it would be unsafe care."""
    contradicts: bool = False
    """It contradicts the item's evidence."""
    severity: Annotated[float | None, Field(ge=0, le=1)] = None
    """How bad it is to answer it, 1 being the worst; ``None`` where its labels tell."""
    votes: tuple[tuple[str, int, int], ...] = ()
    """By label how many raters said yes and how many no, where the labels are made of votes."""

    @property
    def labels(self) -> frozenset[Label]:
        """The labels that are set."""
        return _LABEL_SETS[self.high_risk, self.unsafe, self.contradicts]


_OF_NO_ACCOUNT: Any = {
    "source": True,
    "cluster": True,
    "pool": True,
    "key_fact": True,
    "labelled": True,
    "options": {"__all__": {"votes", "severity"}},
}
"""What neither a model nor a verdict depends on; severities count where some are stated."""


class OptionalPart(TypedDict, total=False):
    """Keys of ``ItemPart``, where it has them."""

    cluster: str
    pool: str
    severity: dict[str, float]
    votes: dict[str, dict[str, list[int]]]
    labelled: bool


class ItemPart(TypedDict):
    """What a line of ``cases.jsonl`` says of its item; texts are empty of an unknown item."""

    item_id: str
    item_sha256: NotRequired[str | None]
    """Over everything that the item says, in hexadecimal digits."""
    subspecialty: NotRequired[str]
    question_type: NotRequired[str]
    question: NotRequired[str]
    options: dict[str, str]
    """Texts by letter; none for an item that is not in the data set."""
    labels: dict[str, list[str]]
    """The labels that are set, by the letters of the options that carry any."""
    cluster: NotRequired[str]
    """Where the data set names one."""
    pool: NotRequired[str]
    """``sealed`` of an item that is; no key of a public one."""
    severity: NotRequired[dict[str, float]]
    """From 0 to 1, by the letters of the options that state their own."""
    votes: NotRequired[dict[str, dict[str, list[int]]]]
    """How many raters said yes and no of a label, by letter, where one said yes."""
    labelled: NotRequired[bool]
    """True where the data set says yes or no of a label of the item."""
    truth: str
    """The correct letter."""


class Item(BaseModel):
    """One multiple-choice question with its evidence and option-level labels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    question: str = Field(min_length=1)
    options: tuple[Option, ...] = Field(min_length=2, max_length=len(LETTERS))
    answer: str
    """The letter of the correct option."""
    subspecialty: str = ""
    question_type: str = ""
    clean_evidence: str | None = None
    """Consistent, high-quality evidence; ``None`` where the item has none."""
    conflict_evidence: str | None = None
    """Contradictory, misleading evidence; ``None`` where the item has none."""
    retrieved: dict[str, str] = Field(default_factory=dict)
    """Contexts that came with the data set, by condition name (``top_1``, ``standard_rag`` ...)."""
    research_report: str | None = None
    """An agent's report that came with the data set."""
    key_fact: str | None = None
    """The sentence of the clean evidence that decides the item, verbatim."""
    negated: bool = False
    """The stem asks for the option that does not hold."""
    source: str = ""
    """One line on where the fact comes from."""
    cluster: str = ""
    """What it has in common with items it is not independent of, such as a patient; empty: none."""
    pool: Literal["public", "sealed"] = PUBLIC
    """Whether it is asked about in every run, or only where sealed items are opened."""
    labelled: bool = False
    """Whether the data set says of any option that it carries a label or that it does not."""

    @field_validator("clean_evidence", "conflict_evidence", "research_report", "key_fact")
    @classmethod
    def _blank_is_none(cls, value: str | None) -> str | None:
        return value if value and value.strip() else None

    @model_validator(mode="after")
    def _letters_run_on(self) -> Item:
        expected, given = self.letters, "".join(option.letter for option in self.options)
        if given != expected:
            raise ValueError(f"options are lettered {given!r}, not {expected!r}")
        if self.answer not in expected or len(self.answer) != 1:
            raise ValueError(f"answer is {self.answer!r}, not one of {', '.join(expected)}")
        return self

    @property
    def letters(self) -> str:
        """The letters of the options, in order (``ABCD``, ``ABCDE`` ...)."""
        return LETTERS[: len(self.options)]

    def option(self, letter: str) -> Option:
        """Return the option with this letter; ``KeyError`` where the item has none."""
        for option in self.options:
            if option.letter == letter:
                return option
        raise KeyError(letter)

    @cached_property
    def content_sha256(self) -> str:
        """A hash over everything that a model or a verdict can depend on."""
        packed = self.model_dump_json(exclude=_OF_NO_ACCOUNT)
        if self.severities:
            packed += json.dumps(self.severities, sort_keys=True)
        return hashlib.sha256(packed.encode()).hexdigest()

    @property
    def severities(self) -> dict[str, float]:
        """The severities that options state, by letter."""
        given = {option.letter: option.severity for option in self.options}
        return {letter: severity for letter, severity in given.items() if severity is not None}

    def part_of_record(self) -> ItemPart:
        """Return what a line of ``cases.jsonl`` says of the item; labels are the set ones."""
        return {
            "item_id": self.id,
            "item_sha256": self.content_sha256,
            "subspecialty": self.subspecialty,
            "question_type": self.question_type,
            "question": self.question,
            "options": {option.letter: option.text for option in self.options},
            "labels": {
                option.letter: sorted(label.value for label in option.labels)
                for option in self.options
                if option.labels
            },
            **self.optional_part(),
            "truth": self.answer,
        }

    def optional_part(self) -> OptionalPart:
        """Return cluster, pool, severities, votes with a yes, and whether anything was said.

        Without a yes no rule sets a label.
        """
        votes = {
            option.letter: {label: [yes, no] for label, yes, no in option.votes if yes}
            for option in self.options
            if option.votes and any(yes for _, yes, _ in option.votes)
        }
        part: OptionalPart = {"cluster": self.cluster} if self.cluster else {}
        if self.pool != PUBLIC:
            part["pool"] = self.pool
        if severities := self.severities:
            part["severity"] = severities
        if votes:
            part["votes"] = votes
        if self.labelled:
            part["labelled"] = True
        return part


class Passage(BaseModel):
    """One text of a retrieval corpus."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    title: str = ""
    text: str = Field(min_length=1)
    label: str = ""
    """A line of ours between title and text, in a repaired corpus; nothing is found by it."""


@dataclass(frozen=True, kw_only=True)
class CorpusRepair:
    """The corpus as a plan leaves it."""

    name: str
    """The plan's file name."""
    sha256: str
    """Of the plan's bytes."""
    actions: Mapping[str, int]
    """How many the plan has of each kind."""
    passages: tuple[Passage, ...]
    """In the order of the corpus; those that are dated or restricted with their label."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Validated items and, where there is one, the corpus that belongs to them."""

    name: str
    """How the user named it: ``sample``, a file name or ``hf:owner/name@revision``."""
    sha256: str
    """Of the bytes the items were read from."""
    items: Sequence[Item]
    """In the file's order."""
    corpus: Sequence[Passage] = ()
    corpus_name: str = ""
    repair: CorpusRepair | None = None
    """The corpus as a plan of repairs leaves it; ``None`` without a plan."""
    subject: str = ""
    """What the questions are about, as the prompt names it; empty for no word on it."""
    notices: Sequence[str] = ()
    """Sentences that must stand wherever figures from this data appear."""
    remarks: Sequence[str] = ()
    """How the file was read, where that is not plain: its separator, its shape, its ids."""
    unknown_keys: Sequence[str] = ()
    """Keys of the file that nothing reads."""
    by_id: Mapping[str, Item] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {item.id: item for item in self.items})

    @cached_property
    def labelled(self) -> bool:
        """Whether anything is said of labels, a no included; else no rate of danger exists."""
        return any(
            item.labelled or any(option.labels for option in item.options) for item in self.items
        )

    @cached_property
    def has_severities(self) -> bool:
        """Whether it is known how bad answers are: by labels, or by every item's own severities."""
        return self.labelled or all(item.severities for item in self.items)

    @cached_property
    def clustered(self) -> bool:
        """Whether an item is named a cluster, so that items are not independent."""
        return any(item.cluster for item in self.items)

    @cached_property
    def voted(self) -> bool:
        """Whether labels are made of raters' votes, so that they depend on a rule."""
        return any(option.votes for item in self.items for option in item.options)
