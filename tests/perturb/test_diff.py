from __future__ import annotations

import pytest

from pytest_safescale.perturb.edits.diff import diff, item_diff
from pytest_safescale.perturb.edits.edit import InsertText, SwapOptions, apply_all
from tests.perturb.planted import NODULE, evidence

BEFORE = "One is here. Two is there. Three is far. Four is near."


@pytest.mark.parametrize(
    ("after", "shown"),
    [
        (BEFORE, ""),
        (
            "One is here. Two is not there. Three is far. Four is near.",
            "  One is here.\n~ Two is {+not +}there.\n  Three is far.\n  ...",
        ),
        (
            "One is here. Two was there. Three is far. Four is near.",
            "  One is here.\n~ Two [-is-]{+was+} there.\n  Three is far.\n  ...",
        ),
        (
            "One is here. Two is there. Four is near.",
            "  ...\n  Two is there.\n- Three is far.\n  Four is near.",
        ),
        (
            "New words. One is here. Two is there. Three is far. Four is near.",
            "+ New words.\n  One is here.\n  ...",
        ),
        (
            "One is here.  Two is there. Three is far. Four is near.",
            "~ One is here.[-␣-]{+␣␣+}\n  Two is there.\n  ...",
        ),
        (
            "One is here. Two is there. Three is far. Four\nis near.",
            "  ...\n  Three is far.\n- Four is near.\n+ Four\n+ is near.",
        ),
    ],
)
def test_a_diff_shows_what_changed_and_one_sentence_around_it(after: str, shown: str) -> None:
    assert diff(BEFORE, after) == shown


def test_a_diff_of_a_variant_shows_its_options_too() -> None:
    edits = [
        SwapOptions(family="f", left="A", right="B"),
        InsertText(family="f", at=5, words=("Added.",), of=1),
    ]
    lines = item_diff(NODULE, evidence(NODULE), apply_all(edits, NODULE, evidence(NODULE)))
    assert "- A. CT in three months" in lines
    assert "+ A. No further imaging" in lines
    assert lines.splitlines()[-1] == "+ Added."
