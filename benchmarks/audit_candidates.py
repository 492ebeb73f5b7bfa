"""How many candidates an auditor is asked about, and how many planted faults are among them.

Plants the faults of ``audit_findings`` and brings what the rules find and what is less like a
finding, as with ``--safescale-auditor``. Nobody is asked: recall is that of an auditor that errs
never.

Run: ``python -m benchmarks.audit_candidates [SIZE ...]`` in a checkout; the default is 2000 100000.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from benchmarks.audit_findings import SIZES, planted_corpus
from pytest_safescale.audit.audit_corpus import audit_corpus
from pytest_safescale.dataset.corpus import CorpusPassage
from tests.audit.planted import sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.audit.finding import Finding

CLASSES = ("contradiction", "applicability", "wrong_support")


def about(findings: Sequence[Finding], name: str) -> set[tuple[str, ...]]:
    """Return what findings of a class are about, as the planted truths say it."""
    found = set()
    for one in findings:
        if one.finding != name:
            continue
        places = [place.passage for place in (one.place, one.other) if place is not None]
        pair = name == "contradiction"
        found.add(tuple(sorted(places)) if pair else (places[0], one.item or ""))
    return found


def main() -> None:
    """Print a table of each size, for the sample's items."""
    for size in map(int, sys.argv[1:]) if len(sys.argv) > 1 else SIZES:
        planted = planted_corpus(size)
        passages = [
            CorpusPassage(id=one["id"], title=one["title"], text=one["text"], line=n, fields={})
            for n, one in enumerate(planted.passages, start=1)
        ]
        start = time.perf_counter()
        audit = audit_corpus(
            passages,
            lambda _: None,
            items=sample().items,
            this_year=2026,
            max_age_years={},
            wider=True,
        )
        print(f"{size:,} passages: {time.perf_counter() - start:.0f} s")
        print(f"{'class':<16}{'planted':>8}{'found':>8}{'recall':>8}{'wider':>8}{'recall':>8}")
        for name in CLASSES:
            truths = {truth[2:] for truth in planted.truths if truth[0] == name}
            found, wider = about(audit.findings, name), about(audit.wider, name)
            alone, both = (len(truths & one) / len(truths) for one in (found, found | wider))
            print(
                f"{name:<16}{len(truths):>8}{len(found):>8}{alone:>8.2f}{len(wider):>8}{both:>8.2f}"
            )


if __name__ == "__main__":
    main()
