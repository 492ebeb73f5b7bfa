"""A counterexample: the smallest edit that breaks a relation, and how to make it again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typing_extensions import NotRequired, TypedDict

from pytest_safescale.errors import EditError
from pytest_safescale.perturb.edits.edit import Edit, Variant, apply_all, edits_from_dicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.dataset.item import Item

__all__ = ["Counterexample", "CounterexampleRecord", "EditRecord", "reproduce"]

EditRecord = dict[str, Any]
"""An edit as plain JSON data: its ``kind``, and the fields that an edit of this kind has."""


class CounterexampleRecord(TypedDict):
    """A counterexample as plain JSON data; its keys are the fields of ``Counterexample``."""

    schema: NotRequired[int]
    """The version of this shape."""
    relation: str
    family: str
    item_id: str
    item_sha256: str
    condition: str
    scope: str
    sentence: str
    edits: list[EditRecord]
    description: str
    diff: str
    before: str | None
    after: str | None
    after_in_item: str | None
    evidence: NotRequired[str]
    """Not kept in memory while a run goes on."""
    calls: int
    shrunk: bool


@dataclass(frozen=True, kw_only=True)
class Counterexample:
    """One relation broken for one item under one condition, by the smallest edit found."""

    relation: str
    family: str
    item_id: str
    item_sha256: str
    condition: str
    scope: str
    """Whatever else the search belongs to, such as the model's name."""
    sentence: str
    """What happened."""
    edits: tuple[Edit, ...]
    description: str
    """The edits in one line."""
    diff: str
    """What changed of question, options and evidence."""
    before: str | None
    """The letter given to the item; ``None`` for an abstention."""
    after: str | None
    """The letter given to the variant, as shown there."""
    after_in_item: str | None
    """The letter that option has in the item."""
    evidence: str
    """What the condition showed before the edits."""
    calls: int
    """Variants that were answered to find and shrink it."""
    shrunk: bool
    """Whether shrinking ended by itself; ``False`` where the budget or a setting ended it."""

    def to_dict(self) -> CounterexampleRecord:
        """Return the counterexample as plain JSON data, enough to make its variant again."""
        return {
            "schema": 1,
            "relation": self.relation,
            "family": self.family,
            "item_id": self.item_id,
            "item_sha256": self.item_sha256,
            "condition": self.condition,
            "scope": self.scope,
            "sentence": self.sentence,
            "edits": [edit.to_dict() for edit in self.edits],
            "description": self.description,
            "diff": self.diff,
            "before": self.before,
            "after": self.after,
            "after_in_item": self.after_in_item,
            "evidence": self.evidence,
            "calls": self.calls,
            "shrunk": self.shrunk,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Counterexample:
        """Return what ``to_dict`` made this of; raises EditError for anything else."""
        fields = {name: value for name, value in data.items() if name != "schema"}
        try:
            return cls(**{**fields, "edits": edits_from_dicts(fields.get("edits", ()))})
        except TypeError as error:
            raise EditError(f"a counterexample cannot be read: {error}") from error

    @property
    def code(self) -> str:
        """A line of Python that makes the edits again, to be applied with ``apply_all``."""
        packed = json.dumps([edit.to_dict() for edit in self.edits], ensure_ascii=False)
        return f"edits_from_dicts(json.loads({packed!r}))"


def reproduce(counterexample: Counterexample, item: Item) -> Variant:
    """Return its variant; raises EditError for another item or another version of it."""
    if item.id != counterexample.item_id or item.content_sha256 != counterexample.item_sha256:
        raise EditError(
            f"the counterexample was made for item {counterexample.item_id} as of "
            f"{counterexample.item_sha256[:12]}, "
            f"not for {item.id} as of {item.content_sha256[:12]}"
        )
    return apply_all(counterexample.edits, item, counterexample.evidence)
