"""A run in parts: every item in exactly one of them, wherever it stands in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_safescale.errors import SettingsError
from pytest_safescale.runs.run import prepare_run
from pytest_safescale.settings.resolve import resolve_settings
from pytest_safescale.settings.shards import Shard, items_of_shard, parse_shard

if TYPE_CHECKING:
    from pathlib import Path

IDS = [f"item-{number}" for number in range(200)]
some_ids = st.sets(st.text(max_size=5), min_size=1, max_size=40)


def parts(ids: list[str], of: int) -> list[set[str]]:
    return [items_of_shard(ids, Shard(number, of)) for number in range(1, of + 1)]


@given(some_ids.flatmap(lambda ids: st.tuples(st.just(ids), st.integers(1, len(ids)))))
def test_every_item_is_in_exactly_one_shard_and_sizes_differ_by_at_most_one(
    drawn: tuple[set[str], int],
) -> None:
    ids, of = drawn
    found = parts(sorted(ids), of)
    assert sorted(name for part in found for name in part) == sorted(ids)
    assert max(map(len, found)) - min(map(len, found)) <= 1


def test_the_order_of_the_file_is_no_matter() -> None:
    assert parts(IDS, 10) == parts(IDS[::-1], 10)


def test_a_further_item_moves_at_most_one_other_across_each_border() -> None:
    before, after = parts(IDS, 10), parts([*IDS, "one more"], 10)
    stayed = sum(len(old & new) for old, new in zip(before, after, strict=True))
    assert stayed >= len(IDS) - 9


def test_neighbours_in_the_file_are_spread_over_the_shards() -> None:
    # Items of one subspecialty stand together; a block of 40 lies in one of 5 with chance 5^-39.
    assert all(len(part & set(IDS[:40])) > 1 for part in parts(IDS, 5))


@pytest.mark.parametrize(("text", "shard"), [("3/10", (3, 10)), (" 1/1 ", (1, 1))])
def test_a_shard_is_a_number_of_a_number(text: str, shard: tuple[int, int]) -> None:
    assert parse_shard(text) == shard


@pytest.mark.parametrize("text", ["0/10", "11/10", "3", "3/", "a/b", "3/10/1", "-1/2", "1/0", ""])
def test_anything_else_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(SettingsError, match=r"--safescale-shard: found '.*NUMBER/OF, such as 3/10"):
        resolve_settings({"shard": text})


def test_more_shards_than_items_are_refused() -> None:
    with pytest.raises(SettingsError, match="found 3/201; allowed: at most 200 shards"):
        items_of_shard(IDS, Shard(3, 201))


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        ({"shard": "2/3", "store": "s", "report": "r", "concurrency": 1, "replay": True}, True),
        ({"model": "lexical", "dataset": "elsewhere.json", "base_url": "http://node7"}, True),
        ({"agent_steps": 3}, False),
        ({"samples": 3}, False),
        ({"prompt": {"system": "Be careful."}}, False),
    ],
)
def test_the_settings_hash_is_over_what_shapes_cases_and_figures(
    other: dict[str, object], alike: bool
) -> None:
    assert (resolve_settings(other).sha256() == resolve_settings({}).sha256()) is alike


def test_shards_by_model_have_each_model_alone_and_together_every_case(tmp_path: Path) -> None:
    def cases(shard: str | None) -> list[tuple[str, str]]:
        given = {"model": ["lexical", "simulated:safe", "simulated:paper"], "limit": 5}
        more = {} if shard is None else {"shard": shard, "shard_by": "models"}
        run = prepare_run(
            resolve_settings({**given, "conditions": "closed_book", **more}), root=tmp_path
        )
        return [(case.model.info.name, case.item.id) for case in run.cases]

    shards = [cases(f"{number}/6") for number in range(1, 7)]
    names = [{name for name, _ in one} for one in shards]
    assert names == [{"lexical"}] * 2 + [{"simulated:safe"}] * 2 + [{"simulated:paper"}] * 2
    assert sorted(case for one in shards for case in one) == sorted(cases(None))
    with pytest.raises(SettingsError, match="found 1/4; allowed: with --safescale-shard-by models"):
        cases("1/4")
