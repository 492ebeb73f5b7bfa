"""Counterexamples kept in hypothesis's database, for the next run of the same search."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from pytest_safescale.errors import EditError
from pytest_safescale.perturb.edits.edit import edits_from_dicts

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

    from pytest_safescale.perturb.families.family import Edits
    from pytest_safescale.perturb.search.probe import Probe

__all__ = ["KeptCounterexamples"]


class KeptCounterexamples:
    """What a database holds for one search: at most one counterexample, as its edits."""

    def __init__(self, database: ExampleDatabase | None, probe: Probe) -> None:
        """Without a database nothing is kept."""
        self._database = database
        names = (probe.scope, probe.condition, probe.relation.name, probe.item.content_sha256)
        named = "\x1f".join(("safescale", *names)).encode("utf-8", "surrogatepass")
        self._key = hashlib.sha384(named).digest()

    def edits(self) -> list[Edits]:
        """Return what is kept; what cannot be read, such as another version's, is not there."""
        stored = [] if self._database is None else sorted(self._database.fetch(self._key))
        return [edits for edits in map(_read, stored) if edits]

    def replace(self, edits: Edits | None) -> None:
        """Keep these edits and nothing else; nothing at all where there are none."""
        if self._database is None:
            return
        packed = b"" if edits is None else json.dumps([one.to_dict() for one in edits]).encode()
        for other in list(self._database.fetch(self._key)):
            if other != packed:
                self._database.delete(self._key, other)
        if packed:
            self._database.save(self._key, packed)


def _read(stored: bytes) -> Edits | None:
    try:
        return edits_from_dicts(json.loads(stored))
    except (ValueError, AttributeError, EditError):
        return None
