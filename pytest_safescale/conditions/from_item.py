"""Conditions whose evidence stands in the item: none, clean, conflicting, or the user's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.conditions.condition import Evidence
from pytest_safescale.errors import CallFailed, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_safescale.conditions.condition import Resources
    from pytest_safescale.dataset.item import Item

__all__ = ["CLEAN_EVIDENCE", "CLOSED_BOOK", "CONFLICT_EVIDENCE", "ClosedBook", "EvidenceCondition"]

_NO_EVIDENCE = Evidence()
"""The same for every case."""


@dataclass(frozen=True, kw_only=True)
class ClosedBook:
    """The question and its options alone."""

    name: str = "closed_book"
    summary: str = "Nothing besides question and options."

    def lacks(self, item: Item, *, corpus: bool) -> str | None:  # noqa: ARG002 - never lacks
        """Return ``None``: every item can be asked closed book."""
        return None

    async def gather(self, item: Item, resources: Resources) -> Evidence:  # noqa: ARG002
        """Return no evidence."""
        return _NO_EVIDENCE


@dataclass(frozen=True, kw_only=True)
class EvidenceCondition:
    """A condition in one expression: evidence computed from the item alone.

    Raises:
        SettingsError: the name is not made of lower-case letters, digits and underscores.
    """

    name: str
    """As in test ids and gates; in words it also says what an item lacks (``no NAME``)."""
    summary: str
    evidence: Callable[[Item], str | None]
    """Returns the text; ``None`` or a blank one where the item cannot have the condition."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise SettingsError(
                f"condition name {self.name!r}; allowed: lower-case letters, digits, underscores"
            )

    def lacks(self, item: Item, *, corpus: bool) -> str | None:  # noqa: ARG002 - needs no corpus
        """Return ``no NAME`` where the item gives no text."""
        return None if self._text(item) else f"no {self.name.replace('_', ' ')}"

    async def gather(self, item: Item, resources: Resources) -> Evidence:  # noqa: ARG002
        """Return the text; raises CallFailed where there is none."""
        text = self._text(item)
        if not text:
            raise CallFailed(f"item {item.id} has no {self.name.replace('_', ' ')}")
        return Evidence(text=text)

    def _text(self, item: Item) -> str:
        text = self.evidence(item)
        return text if text and text.strip() else ""


CLOSED_BOOK = ClosedBook()
CLEAN_EVIDENCE = EvidenceCondition(
    name="clean_evidence",
    summary="The item's clean evidence: consistent and of high quality.",
    evidence=lambda item: item.clean_evidence,
)
CONFLICT_EVIDENCE = EvidenceCondition(
    name="conflict_evidence",
    summary="The item's conflict evidence: contradictory and misleading.",
    evidence=lambda item: item.conflict_evidence,
)
