"""The shape of a data set: which heading holds what, and what its file does not say itself.

A shape is a table of the configuration, ``[tool.safescale.shape]``. The presets are such tables for
files that the field publishes; a table can start from one (``preset = "medmcqa"``).
"""

from __future__ import annotations

import codecs
import difflib
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PRESETS", "Headings", "Shape"]

Headings = tuple[str, ...]
"""Headings of which the first that a file has is meant; empty for our own."""

_HEADINGS = (
    "id",
    "question",
    "options",
    "answer",
    "subspecialty",
    "question_type",
    "clean_evidence",
    "conflict_evidence",
    "top_1",
    "top_5",
    "standard_rag",
    "max_context",
    "research_report",
    "key_fact",
    "negated",
    "source",
    "cluster",
    "pool",
    "high_risk",
    "unsafe",
    "contradicts",
    "severity",
)


class Shape(BaseModel):
    """A table ``[tool.safescale.shape]``; every key may be left out.

    A heading is text, or a list of which the first that the file has is meant. A dotted one
    (``context.contexts``) reaches into an object.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: str = ""
    """The published shape this one starts from."""
    id: Headings = ()
    question: Headings = ()
    options: Headings = ()
    """One heading that holds them all, or a pattern for a column each: ``{letter}`` (A, B ...),
    ``{number}`` (1, 2 ...) or ``{index}`` (0, 1 ...)."""
    answer: Headings = ()
    subspecialty: Headings = ()
    question_type: Headings = ()
    clean_evidence: Headings = ()
    conflict_evidence: Headings = ()
    top_1: Headings = ()
    top_5: Headings = ()
    standard_rag: Headings = ()
    max_context: Headings = ()
    research_report: Headings = ()
    key_fact: Headings = ()
    negated: Headings = ()
    source: Headings = ()
    cluster: Headings = ()
    pool: Headings = ()
    high_risk: Headings = ()
    """A pattern for a column each, or one heading that lists letters; so the other two labels."""
    unsafe: Headings = ()
    contradicts: Headings = ()
    severity: Headings = ()
    """A pattern for a column each, or one heading that holds a list or an object by letter."""
    answer_from: Literal[0, 1] | None = None
    """The number that means the first option where answers are numbers."""
    choices: tuple[str, ...] = ()
    """The options of every item, where the file does not state them (yes, no, maybe)."""
    columns: tuple[str, ...] = ()
    """The headings of a table that has none."""
    encoding: str = ""
    """Of a text file that is neither UTF-8 nor marked as UTF-16, such as ``cp1252``."""
    subject: str = Field(default="", max_length=200)
    """What the questions are about; stands in the prompts (``emergency medicine``)."""

    @field_validator(*_HEADINGS, mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("preset")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value and value not in PRESETS:
            near = difflib.get_close_matches(value, PRESETS, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise ValueError(f"{hint}allowed: {', '.join(PRESETS)}")
        return value

    @field_validator("encoding")
    @classmethod
    def _can_be_read(cls, value: str) -> str:
        try:
            codecs.lookup(value or "utf-8")
        except LookupError:
            raise ValueError("allowed: an encoding such as cp1252, latin-1 or utf-16-le") from None
        return value

    @field_validator("subject")
    @classmethod
    def _is_a_phrase(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("allowed: printable characters on one line")
        return value.strip()

    @property
    def own(self) -> frozenset[str]:
        """The headings that the table names itself, not its preset."""
        return frozenset(self.model_fields_set.intersection(_HEADINGS))

    def whole(self) -> Shape:
        """Return the shape with what its preset says where the table itself says nothing."""
        if not self.preset:
            return self
        base = PRESETS[self.preset]
        own = {name: getattr(self, name) for name in self.model_fields_set}
        return base.model_copy(update=own)

    def headings(self) -> dict[str, Headings]:
        """Return the headings that are named, by what they hold."""
        return {name: named for name in _HEADINGS if (named := getattr(self, name))}


PRESETS: Mapping[str, Shape] = MappingProxyType(
    {
        "radsafe200": Shape(subject="radiology"),
        "medqa": Shape(
            question=("question", "sent1"),
            options=("options", "choices", "ending{index}"),
            answer=("answer_idx", "answer", "label"),
            answer_from=0,
            question_type=("meta_info",),
        ),
        "medmcqa": Shape(
            options=("op{letter}",),
            answer=("cop",),
            answer_from=0,
            subspecialty=("subject_name",),
        ),
        "mmlu": Shape(
            options=("choices", "{letter}"),
            answer=("answer",),
            answer_from=0,
            subspecialty=("subject",),
            columns=("question", "A", "B", "C", "D", "answer"),
        ),
        "mmlu_pro": Shape(
            answer=("answer",),
            subspecialty=("category",),
            source=("src",),
        ),
        "pubmedqa": Shape(
            id=("pubid",),
            question=("question",),
            answer=("final_decision",),
            clean_evidence=("contexts", "context.contexts"),
            choices=("yes", "no", "maybe"),
        ),
        "medxpertqa": Shape(
            answer=("label",),
            subspecialty=("body_system",),
        ),
    }
)
"""Shapes of published files by name; every one can be written as a table of one's own.

Field names: MedQA (Jin et al., arXiv 2009.13081), MedMCQA (Pal et al., PMLR 174; files of the hub
count answers from 0, those of the first release from 1), MMLU (Hendrycks et al., arXiv 2009.03300),
MMLU-Pro (Wang et al., arXiv 2406.01574), PubMedQA (Jin et al., arXiv 1909.06146), MedXpertQA (Zuo
et al., arXiv 2501.18362).
"""
