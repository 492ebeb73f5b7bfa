"""What a plan of repairs makes of a corpus, and plans that cannot be used."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.dataset.corpus_repair import PLAN_KIND, read_repair
from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.errors import DatasetError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_safescale.dataset.item import Passage

CORPUS = [
    {"id": "a", "title": "Nodules", "text": "A nodule of 6 mm is controlled."},
    {"id": "b", "text": "A nodule of 6 mm\nis controlled again."},
    {"id": "c", "text": "In children nothing is done.", "date": "2011-05-01"},
    {"id": "d", "text": "By LI-RADS v2017 it is LR-4."},
    {"id": "e", "title": "LI-RADS", "text": "By LI-RADS v2018 it is LR-5."},
]


def write(
    folder: Path, actions: list[Any], plan: Mapping[str, Any] | None = None
) -> tuple[Path, Path]:
    corpus, path = folder / "corpus.jsonl", folder / "plan.json"
    corpus.write_text("".join(json.dumps(one) + "\n" for one in CORPUS), "utf-8")
    sha256 = hashlib.sha256(corpus.read_bytes()).hexdigest()
    stated = {"kind": PLAN_KIND, "corpus": {"sha256": sha256}, "actions": actions}
    path.write_text(json.dumps({**stated, **(plan or {})}), "utf-8")
    return path, corpus


def repaired(folder: Path, *actions: dict[str, Any]) -> dict[str, Passage]:
    return {one.id: one for one in read_repair(*write(folder, list(actions))).passages}


def merge(passage: str, other: str) -> dict[str, Any]:
    return {"action": "merge", "passage": passage, "other": other}


def test_an_empty_plan_leaves_the_corpus_as_it_is(tmp_path: Path) -> None:
    path, corpus = write(tmp_path, [])
    found = read_repair(path, corpus)
    assert [one.id for one in found.passages] == ["a", "b", "c", "d", "e"]
    assert not any(one.label for one in found.passages)
    assert found.actions == {"drop": 0, "merge": 0, "date": 0, "restrict": 0}
    assert (found.name, found.sha256) == (
        "plan.json",
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )


@pytest.mark.parametrize(
    ("actions", "gone"),
    [
        ([{"action": "drop", "passage": "a"}], "a"),
        ([merge("b", "a")], "b"),
        # What another stands for stays where that other is dropped, in whatever order.
        ([merge("b", "a"), {"action": "drop", "passage": "a"}], "a"),
        # One of a ring is left.
        ([merge("a", "b"), merge("b", "a")], "a"),
        ([merge("a", "b"), merge("b", "c")], "ab"),
        ([merge("b", "c"), merge("a", "b"), merge("c", "a")], "ab"),
    ],
)
def test_of_passages_that_repeat_each_other_one_is_kept(
    actions: list[dict[str, Any]], gone: str, tmp_path: Path
) -> None:
    assert "".join(repaired(tmp_path, *actions)) == "".join(
        one for one in "abcde" if one not in gone
    )


def test_dates_and_limits_are_shown_as_a_label_and_no_text_is_changed(tmp_path: Path) -> None:
    found = repaired(
        tmp_path,
        {"action": "restrict", "passage": "c", "line": 3, "words": "In  children", "why": "w"},
        {"action": "date", "passage": "c", "words": "2011-05-01"},
        {"action": "restrict", "passage": "c", "words": "In children"},
        {"action": "date", "passage": "d", "words": "LI-RADS v2017", "other": "e",
         "other_words": "LI-RADS v2018"},
        {"action": "date", "passage": "b", "words": "6 mm is", "other": "e"},
    )  # fmt: skip
    assert {one.id: one.label for one in found.values() if one.label} == {
        "b": "Version: 6 mm is, superseded by: LI-RADS",
        "c": "Applies to: In children; Date: 2011-05-01",
        "d": "Version: LI-RADS v2017, superseded by: LI-RADS v2018",
    }
    assert [one.text for one in found.values()] == [one["text"] for one in CORPUS]


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("drop", "action 1: found 'drop'; allowed: an object"),
        ({"passage": "a"}, "action 1, action: found nothing; allowed: one of drop, merge, date"),
        ({"action": "write", "passage": "a"}, "action 1, action: found 'write'; allowed: one of"),
        ({"action": "drop"}, "action 1, passage: found nothing; allowed: a text"),
        ({"action": "drop", "passage": 7}, "action 1, passage: found 7; allowed: a text"),
        ({"action": "drop", "passage": "z"}, "action 1, passage: found 'z'; allowed: the id of a"),
        ({"action": "drop", "passage": "a", "text": "New."}, "action 1, text: found 'New.'; allow"),
        ({"action": "drop", "passage": "a", "line": 2}, "line: found 2; allowed: 1, where passage"),
        ({"action": "drop", "passage": "a", "why": ["x"]}, "action 1, why: found ['x']; allowed: "),
        ({"action": "merge", "passage": "a"}, "action 1, other: found nothing; allowed: a text"),
        (merge("a", "a"), "action 1, other: found 'a'; allowed: the id of another passage"),
        (merge("a", "z"), "action 1, other: found 'z'; allowed: the id of another passage"),
        ({"action": "date", "passage": "c"}, "action 1, words: found nothing; allowed: a text"),
        (
            {"action": "restrict", "passage": "c", "words": "in adults"},
            "action 1, words: found 'in adults'; allowed: words of passage c",
        ),
        (
            {"action": "restrict", "passage": "c", "words": " "},
            "action 1, words: found ' '; allowed: words of passage c",
        ),
        (
            {"action": "date", "passage": "d", "words": "v2017", "other": "e", "other_words": "v9"},
            "action 1, other_words: found 'v9'; allowed: words of passage e",
        ),
    ],
)
def test_an_action_that_cannot_be_done_is_refused_by_its_place(
    action: Any, told: str, tmp_path: Path
) -> None:
    path, corpus = write(tmp_path, [action])
    with pytest.raises(DatasetError) as refused:
        read_repair(path, corpus)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ({"kind": "safescale audit"}, "plan.json, kind: found 'safescale audit'; allowed: 'safesc"),
        ({"corpus": None}, "plan.json, corpus, sha256: found nothing; allowed: "),
        (
            {"corpus": {"sha256": "0" * 64}},
            "that of corpus.jsonl: a plan is for the corpus it was made of",
        ),
        ({"drop": ["a"]}, "plan.json, drop: found ['a']; allowed: one of kind, corpus, actions"),
        ({"actions": {}}, "plan.json, actions: found {}; allowed: a list of actions"),
        (
            {"actions": [{"action": "drop", "passage": one} for one in "abcde"]},
            "plan.json, actions: found no passage left; allowed: a plan that leaves at least one",
        ),
    ],
)
def test_a_file_that_is_no_plan_of_this_corpus_is_refused(
    plan: dict[str, Any], told: str, tmp_path: Path
) -> None:
    path, corpus = write(tmp_path, [], plan)
    with pytest.raises(DatasetError) as refused:
        read_repair(path, corpus)
    assert told in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"[", b"\xff", b"[]", b"NaN"])
def test_a_file_that_is_no_json_object_is_refused(content: bytes, tmp_path: Path) -> None:
    path, corpus = write(tmp_path, [])
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"allowed: .*what safescale audit --repair wrote"):
        read_repair(path, corpus)


def test_a_plan_needs_a_corpus(tmp_path: Path) -> None:
    path, _ = write(tmp_path, [])
    item = {"id": "1", "question": "q", "options": ["x", "y"], "answer": "A"}
    (tmp_path / "items.json").write_text(json.dumps([item]), "utf-8")
    with pytest.raises(SettingsError, match=r"--safescale-corpus-repair: found .* and no corpus"):
        load_dataset("items.json", corpus_repair=str(path), root=tmp_path)
