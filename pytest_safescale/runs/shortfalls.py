"""What the figures of a run are short of: counted in the manifest, and told by its notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.results.layer_checks import check_notices
from pytest_safescale.results.manifest_facts import (
    cut_notices,
    probability_notices,
    sample_notices,
    search_notices,
    served_notices,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.record_book import RecordBook

__all__ = ["note_shortfalls", "shortfall_notices"]


def note_shortfalls(manifest: Manifest, book: RecordBook, ensembles: Collection[str]) -> None:
    """Write counts and notices into the manifest; ``ensembles`` are those that have figures."""
    cases, notices = manifest["cases"], manifest["notices"]
    book.note_lacks(cases)
    cases["unread_checks"] = book.layers.checks.rows()
    notices += shortfall_notices(manifest)
    notices += [
        f"ensemble {ensemble['name']} has no figures: not all of its models were asked"
        for ensemble in manifest["ensembles"]
        if ensemble["name"] not in ensembles
    ]


def shortfall_notices(manifest: Manifest) -> list[str]:
    """Return the sentences on what the models and the counts of a manifest say is lacking."""
    cases = manifest["cases"]
    return [
        *served_notices(manifest["models"]),
        *sample_notices(cases),
        *cut_notices(cases),
        *search_notices(cases),
        *probability_notices(cases),
        *check_notices(cases),
    ]
