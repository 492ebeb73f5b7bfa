"""A counterexample: the smallest edit that breaks a relation, and how to make it again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import EditError
from pytest_safescale.perturb.edits import Edit, Variant, apply_all, edits_from_dicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.items.item import Item

__all__ = ["Finding", "reproduce"]


@dataclass(frozen=True, kw_only=True)
class Finding:
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

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain JSON data, enough to make its variant again."""
        plain = {**vars(self), "edits": [edit.to_dict() for edit in self.edits]}
        return {"schema": 1, **plain}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Finding:
        """Return the finding that ``to_dict`` made this of; raises EditError for anything else."""
        fields = {name: value for name, value in data.items() if name != "schema"}
        try:
            return cls(**{**fields, "edits": edits_from_dicts(fields.get("edits", ()))})
        except TypeError as error:
            raise EditError(f"a finding cannot be read: {error}") from error

    @property
    def code(self) -> str:
        """A line of Python that makes the edits again, to be applied with ``apply_all``."""
        packed = json.dumps([edit.to_dict() for edit in self.edits], ensure_ascii=False)
        return f"edits_from_dicts(json.loads({packed!r}))"


def reproduce(finding: Finding, item: Item) -> Variant:
    """Return the variant of a finding; raises EditError for another item or another version."""
    if item.id != finding.item_id or item.content_sha256 != finding.item_sha256:
        raise EditError(
            f"the finding was made for item {finding.item_id} as of {finding.item_sha256[:12]}, "
            f"not for {item.id} as of {item.content_sha256[:12]}"
        )
    return apply_all(finding.edits, item, finding.evidence)
