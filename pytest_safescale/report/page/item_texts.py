"""The texts of an item as the pages show them, from any of its case records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.report.page.case_facts import harm_of_option
from pytest_safescale.text.escaping import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.verdicts.severity import Severity

__all__ = ["item_texts"]


def item_texts(record: Mapping[str, Any], severity: Severity) -> dict[str, Any]:
    """Return id, question and correct letter; options as letter, text, labels and severity.

    ``record`` is a line of ``cases.jsonl``; ``severity`` weighs labels of options that state none.
    """
    labels = record.get("labels") or {}
    return {
        "id": plain(record["item_id"]),
        "subspecialty": plain(record.get("subspecialty") or ""),
        "type": plain(record.get("question_type") or ""),
        "truth": plain(record["truth"]),
        "question": plain(record.get("question") or ""),
        # Tuples of texts and numbers: Python's garbage collector looks at each once, and no more.
        "options": tuple(
            [
                (
                    plain(letter),
                    plain(text),
                    tuple([plain(name) for name in labels.get(letter, ())]),
                    round(harm_of_option(record, letter, severity), 4),
                )
                for letter, text in record["options"].items()
            ]
        ),
    }
