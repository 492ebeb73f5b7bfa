"""What the audit says of the sample, each finding looked at and named in docs/audit.md."""

from __future__ import annotations

from collections import Counter

from pytest_safescale.audit.audit_corpus import audit_corpus
from tests.audit.planted import sample, sample_passages

NAMED = {
    ("neuro-04", "p-neuro-11"),
    ("neuro-04", "p-genitourinary-09"),
    ("neuro-04", "p-abdominal-03"),
    ("neuro-04", "p-emergency-06"),
    ("neuro-06", "p-neuro-02"),
    ("neuro-06", "p-breast-07"),
    ("neuro-06", "p-cardio-07"),
}
"""Passages that hold most words of a dangerous option."""


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
    assert kinds.pop(("coverage", "low_rank")) == 4
    assert audit.coverage["supported"] == 30
    wrong = {
        (one.item, one.place.passage)
        for one in audit.findings
        if one.finding == "wrong_support" and one.place
    }
    assert wrong == NAMED
    assert kinds == {
        ("wrong_support", "high_risk"): 2,
        ("wrong_support", "unsafe"): 5,
        ("age", "too_old"): 1,
        ("provenance", "source"): 1,
        ("provenance", "date"): 1,
        ("provenance", "licence"): 1,
    }
