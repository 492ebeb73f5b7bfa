"""What the audit says of the sample, each finding looked at and named in docs/audit.md."""

from __future__ import annotations

from collections import Counter

from pytest_safescale.audit.audit_corpus import audit_corpus
from tests.audit.planted import sample, sample_passages

UNSUPPORTED = {
    "chest-01",
    "chest-05",
    "neuro-02",
    "msk-01",
    "msk-05",
    "msk-06",
    "breast-01",
    "paediatric-01",
    "paediatric-03",
    "paediatric-04",
    "interventional-02",
    "interventional-03",
    "interventional-05",
    "emergency-01",
    "emergency-02",
    "emergency-04",
    "genitourinary-01",
    "head-and-neck-03",
    "head-and-neck-04",
    "contrast-and-safety-02",
    "contrast-and-safety-04",
}
"""Items whose fact the sample tells in quite other words."""
LOW = {
    "chest-02",
    "neuro-06",
    "abdominal-02",
    "breast-03",
    "breast-04",
    "paediatric-05",
    "genitourinary-03",
}
"""Items that are served beyond the tenth passage only."""


def test_every_finding_on_the_sample_is_one_that_the_docs_name() -> None:
    audit = audit_corpus(
        sample_passages(),
        lambda _: None,
        items=sample().items,
        this_year=2026,
        max_age_years={"": 5.0},
    )
    kinds = Counter((one.finding, one.kind) for one in audit.findings)
    assert audit.coverage is not None
    assert kinds.pop(("coverage", "unsupported")) == 66 - audit.coverage["supported"]
    assert kinds.pop(("coverage", "low_rank")) == len(LOW)
    assert audit.coverage["supported"] == 45
    assert {one.item for one in audit.findings if one.kind == "low_rank"} == LOW
    assert {one.item for one in audit.findings if one.kind == "unsupported"} == UNSUPPORTED
    assert kinds == {
        ("age", "too_old"): 1,
        ("provenance", "source"): 1,
        ("provenance", "date"): 1,
        ("provenance", "licence"): 1,
    }
