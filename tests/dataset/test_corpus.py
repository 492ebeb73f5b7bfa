from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_safescale.dataset.corpus import load_passages
from pytest_safescale.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

GOOD = '{"id": "p1", "title": "T", "text": "A text."}'


def test_passages_keep_the_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(
        f'{GOOD}\n\n{{"id": 2, "title": null, "text": "B"}}\n{{"id": "p3", "text": "C"}}'
    )
    loaded = load_passages(path)
    assert [(p.id, p.title, p.text) for p in loaded] == [
        ("p1", "T", "A text."),
        ("2", "", "B"),
        ("p3", "", "C"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("c.json", f"[{GOOD}]", "c.json: found the ending '.json'; allowed: one of .jsonl"),
        ("c.jsonl", "", "found an empty file"),
        ("c.jsonl", f"{GOOD}\n{GOOD}", "c.jsonl, line 2, item p1, id: found 2 passages of this id"),
        ("c.jsonl", '{"text": "x"}', "line 1, id: found nothing; allowed: a text"),
        ("c.jsonl", '{"id": true, "text": "x"}', "id: found True"),
        ("c.jsonl", '{"id": "p"}', "line 1, item p, text: found nothing; allowed: a text"),
        ("c.jsonl", '{"id": "p", "text": " "}', "text: found ' '"),
        ("c.jsonl", '{"id": "p", "title": 3, "text": "x"}', "title: found 3; allowed: a text"),
        ("c.jsonl", "nothing", "line 1: found 'nothing' (Expecting value"),
    ],
)
def test_a_damaged_corpus_is_refused(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DatasetError) as caught:
        load_passages(tmp_path / name)
    assert expected in str(caught.value)


def test_a_corpus_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"none\.jsonl: found No such file"):
        load_passages(tmp_path / "none.jsonl")
