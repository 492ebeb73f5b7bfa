"""An item may name its cluster: a patient or a source that it shares with other items."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.dataset.shape import Shape
from pytest_safescale.dataset.summary import render_summary, summarise_dataset
from pytest_safescale.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_safescale.dataset.item import Dataset


def load(folder: Path, *clusters: object, key: str = "cluster", **more: Any) -> Dataset:
    records = [
        {"id": place, "question": f"Why {place}?", "A": "x", "B": "y", "answer": "A", key: cluster}
        for place, cluster in enumerate(clusters)
    ]
    (folder / "d.json").write_text(json.dumps(records), encoding="utf-8")
    return load_dataset("d.json", root=folder, **more)


def test_a_cluster_is_a_text_or_a_number(tmp_path: Path) -> None:
    found = load(tmp_path, " p1 ", 17, 17.0, None, "")
    assert [item.cluster for item in found.items] == ["p1", "17", "17", "", ""]
    assert found.clustered
    assert not load(tmp_path, None, "").clustered


def test_the_column_that_holds_it_can_be_named(tmp_path: Path) -> None:
    found = load(
        tmp_path, "p1", "p2", key="patient", shape=Shape.model_validate({"cluster": "patient"})
    )
    assert [item.cluster for item in found.items] == ["p1", "p2"]


@pytest.mark.parametrize("cluster", [["p1"], True, "a\nb", "x" * 201, 1.5])
def test_what_names_no_cluster_is_refused(tmp_path: Path, cluster: object) -> None:
    with pytest.raises(
        DatasetError, match=r"cluster: found .*; allowed: a number, at most 200 pri"
    ):
        load(tmp_path, "p1", cluster)


def test_no_answer_depends_on_it_and_a_record_holds_it_where_it_is_named(tmp_path: Path) -> None:
    named, plain = (load(tmp_path, cluster).items[0] for cluster in ("p1", None))
    assert named.content_sha256 == plain.content_sha256
    assert named.part_of_record()["cluster"] == "p1"
    assert "cluster" not in plain.part_of_record()


def test_a_check_of_the_data_counts_them(tmp_path: Path) -> None:
    told = render_summary(summarise_dataset(load(tmp_path, "p1", "p1", "p2", None)))
    assert "clusters        2 of 3 items" in told.splitlines()
    assert "clusters" not in render_summary(summarise_dataset(load(tmp_path, None)))
