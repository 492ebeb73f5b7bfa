"""What a repaired corpus changes, told in words and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.report.page.repair_table import repair_tables
from pytest_safescale.report.repair_lines import repair_rows, repair_sentences
from pytest_safescale.report.table import row_names

if TYPE_CHECKING:
    from pytest_safescale.results.manifest import Manifest

MANIFEST: Manifest = {
    "corpus": {"name": "corpus.jsonl", "passages": 30},
    "corpus_repair": {
        "name": "plan.json",
        "sha256": "0",
        "actions": {"drop": 12, "merge": 0, "date": 1, "restrict": 0},
        "passages": 18,
    },
    "labels": {},
}
OTHERS = [
    ("condition", "standard_rag", "closed_book"),
    ("condition", "standard_rag_repaired", "closed_book"),
    ("baseline", "standard_rag_repaired", "standard_rag"),
    ("condition", "top_1_repaired", "top_5"),
]


def row(left: str, delta: float, *, kind: str = "condition", **more: Any) -> dict[str, Any]:
    condition, _, profile = left.partition("/")
    right = condition.removesuffix("_repaired") + (f"/{profile}" if profile else "")
    plain: dict[str, Any] = {
        "kind": kind,
        "model": "m",
        "regime": "single",
        "metric": "high_risk_error_rate",
        "left": left,
        "right": right,
        "delta": delta,
        "ci_low": delta - 0.1,
        "ci_high": delta + 0.1,
        "b": 1,
        "c": 12,
        "p_value": 0.0034,
        "p_holm": None,
        "n": 18,
    }
    return plain | more


def test_the_change_is_told_with_its_interval_its_items_and_its_test() -> None:
    rows = [
        row("standard_rag_repaired", -0.6),
        row("standard_rag_repaired", 0.6, metric="accuracy"),
    ]
    assert repair_sentences(MANIFEST, rows) == [
        "Repaired corpus: drop 12, date 1 by plan.json; 18 of 30 passages left.",
        "m, standard RAG repaired: high risk error rate -60.0 points (-70.0 to -50.0) against "
        "standard RAG over 18 items: 12 with the old corpus alone, 1 with the repaired one alone "
        "(McNemar's exact p = 0.0034).",
    ]


def test_without_labels_accuracy_is_told_and_without_a_plan_nothing() -> None:
    rows = [row("top_1_repaired", 0.6, metric="accuracy")]
    assert "accuracy +60.0 points" in repair_sentences(MANIFEST, rows)[1]
    assert repair_sentences({}, rows) == []
    assert repair_tables({}, rows) == []


def test_the_widest_changes_are_told_and_the_rest_is_counted() -> None:
    rows = [row(f"c{n}_repaired", n / 10, model=f"m{n}") for n in range(6)]
    told = repair_sentences(MANIFEST, rows)
    assert [line.partition(",")[0] for line in told[1:5]] == ["m5", "m4", "m3", "m2"]
    assert told[5:] == ["2 more with the repaired corpus are in run.json."]


def test_only_comparisons_with_the_old_corpus_are_meant() -> None:
    others = [row(left, 0.1, kind=kind) | {"right": right} for kind, left, right in OTHERS]
    verified = row("standard_rag_repaired/verify", 0.1)
    assert repair_rows([*others, verified]) == [verified]


def test_the_table_has_a_line_for_each_figure() -> None:
    (table,) = repair_tables(MANIFEST, [row("standard_rag_repaired", -0.6), row("standard_rag", 0)])
    (line,) = table.rows
    assert line[:3] == ["m", "standard RAG", "high risk error rate, single"]
    assert line[4:] == [
        (-0.6, "-60.0 points", "-70.0 to -50.0"),
        (12, "12", ""),
        (1, "1", ""),
        (0.0034, "0.0034", ""),
        (None, "–", ""),
    ]


def test_in_a_narrow_table_repaired_conditions_stand_below_theirs() -> None:
    names = ["top_1", "top_1_repaired", "top_1_repaired/verify", "top_5_repaired", "top_5"]
    assert list(row_names(names)) == [
        ("", "top_1"),
        ("", "  repaired"),
        ("", "  repaired verify"),
        ("top_5", "  repaired"),
        ("", "top_5"),
    ]
