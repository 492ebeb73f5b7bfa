"""Shards that are begun, lost, begun again and fetched, and the limits that they share."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.calls.batch_jobs import Job, JobNews, Line
from pytest_safescale.calls.store import Store
from pytest_safescale.calls.stored_replies import Row, Spent
from pytest_safescale.errors import SettingsError, UsageError
from pytest_safescale.models.model import Reply
from pytest_safescale.runs.cluster.dealing import Dealer
from pytest_safescale.runs.cluster.handed_over import environment_of
from pytest_safescale.runs.cluster.ray_cluster import room_on
from pytest_safescale.runs.cluster.run_shards import MOST_TRIES, ShardCall, ShardRun
from pytest_safescale.runs.cluster.tasks import Ended, Lost, News, Piece, ShardTask
from pytest_safescale.settings.resolve import resolve_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_safescale.settings.schema import Settings


def zipped(text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("report/run.json", text)
    return packed.getvalue()


def ended(number: int, code: int = 0, output: str = "") -> Ended:
    return Ended(number=number, exit_code=code, output=output, files=zipped(f"{number}"))


def row(task: ShardTask, name: str) -> Row:
    return Row(name.encode() * 32, 0, "m", "", task.run, Reply(text=name), 5.0)


class Script:
    """A workplace in which what becomes of a task is written down."""

    def __init__(self, becomes: Callable[[ShardTask, int], Sequence[News]]) -> None:
        self._becomes = becomes
        self.begun: list[ShardTask] = []
        self.most_at_once = 0
        self._running: list[tuple[ShardTask, int]] = []
        self.stopped = False

    def begin(self, task: ShardTask) -> None:
        self.begun.append(task)
        tries = sum(one.number == task.number for one in self.begun)
        self._running.append((task, tries))
        self.most_at_once = max(self.most_at_once, len(self._running))

    def news(self) -> Sequence[News]:
        task, tries = self._running[0]
        found = [ended(task.number, 2)] if self.stopped else self._becomes(task, tries)
        del self._running[0]
        return found

    def stop(self) -> None:
        self.stopped = True

    def close(self) -> None:
        pass


def settings(**given: object) -> Settings:
    return resolve_settings({"model": ["lexical"], **given})


def a_job(task: ShardTask, *ids: str, batch: str | None = None) -> Job:
    lines = frozenset(Line(b"k" * 32, named, "j") for named in ids)
    return Job("j", batch, task.run, 1.0, 5.0, lines)


@pytest.fixture
def go(tmp_path: Path) -> Callable[..., tuple[list[Path], list[str]]]:
    def run(place: Script, shards: int, at_once: int = 2) -> tuple[list[Path], list[str]]:
        told: list[str] = []
        call = ShardCall(arguments=("-q",), environment={}, resources=[{}], junit=False)
        with Store(tmp_path / "store.sqlite") as store:
            started = ShardRun(
                call,
                shards=shards,
                dealer=Dealer(settings(), shards=shards, at_once=at_once),
                store=store,
                folder=tmp_path / "shards",
                tell=told.append,
            )
            return started.go(place), told

    return run


def test_every_shard_is_begun_once_and_its_report_unpacked(
    go: Callable[..., tuple[list[Path], list[str]]],
) -> None:
    place = Script(lambda task, _: [ended(task.number, task.number % 2)])
    folders, _ = go(place, 5)
    assert [(folder / "run.json").read_text() for folder in folders] == list("12345")
    assert place.most_at_once == 2
    assert [task.arguments[:2] for task in place.begun] == [
        ("-q", f"--safescale-shard={number}/5") for number in range(1, 6)
    ]


def test_batches_that_a_shard_left_under_way_are_kept_for_whoever_comes_next(
    go: Callable[..., tuple[list[Path], list[str]]], tmp_path: Path
) -> None:
    def becomes(task: ShardTask, tries: int) -> Sequence[News]:
        if tries == 3:
            return [ended(task.number)]
        news = (
            JobNews((a_job(task, "one", "two"),)),
            JobNews((a_job(task, "one", "two", batch="b"),), (Line(b"k" * 32, "one", "j"),)),
        )
        piece = Piece(number=1, rows=[], spent=Spent(), jobs=news[tries - 1])
        return [piece, Lost(number=1, why="its node died", again=True)]

    place = Script(becomes)
    go(place, 1)
    first, second, third = place.begun
    assert first.jobs == []
    assert second.jobs == [a_job(first, "one", "two")]
    assert third.jobs == [a_job(first, "two", batch="b")]
    with Store(tmp_path / "store.sqlite") as store:
        assert list(store.batches.every().values()) == third.jobs


def test_a_shard_whose_node_dies_begins_again_with_all_that_came_home(
    go: Callable[..., tuple[list[Path], list[str]]], tmp_path: Path
) -> None:
    def becomes(task: ShardTask, tries: int) -> Sequence[News]:
        if task.number != 2 or tries == 3:
            return [ended(task.number)]
        spent = Spent(calls=7 * tries)
        piece = Piece(number=2, rows=[row(task, "ab"[tries - 1])], spent=spent)
        return [piece, Lost(number=2, why="its node died", again=True)]

    place = Script(becomes)
    _, told = go(place, 3)
    tries = [task for task in place.begun if task.number == 2]
    assert [[one.reply.text for one in task.rows] for task in tries] == [[], ["a"], ["a", "b"]]
    assert [task.spent.calls for task in tries] == [0, 7, 14]
    assert len({task.run for task in tries}) == 1
    assert "shard 2/3: its node died; it goes on elsewhere" in told
    with Store(tmp_path / "store.sqlite") as store:
        assert store.size() == 2


@pytest.mark.parametrize(
    ("news", "tries", "why"),
    [
        (Lost(number=1, why="its node died", again=True), MOST_TRIES, "its node died"),
        (Lost(number=1, why="no such module", again=False), 1, "no such module"),
        (ended(1, -9), MOST_TRIES, "signal 9 ended its process"),
        (ended(1, 3, "x\nINTERNAL\n"), 1, "pytest ended with exit code 3: INTERNAL"),
    ],
)
def test_a_shard_that_never_comes_back_is_told_and_nothing_is_joined(
    go: Callable[..., tuple[list[Path], list[str]]], news: News, tries: int, why: str
) -> None:
    place = Script(lambda task, _: [news if task.number == 1 else ended(task.number)])
    with pytest.raises(UsageError, match=rf"1 of 3 shards did not come back.*shard 1/3: {why}"):
        go(place, 3)
    assert sum(task.number == 1 for task in place.begun) == tries


def test_what_pytest_refuses_is_said_once_and_ends_all(
    go: Callable[..., tuple[list[Path], list[str]]],
) -> None:
    output = "ERROR: safescale: --safescale-limit: found 0; allowed: more\n\n"
    place = Script(lambda task, _: [ended(task.number, 4, output)])
    with pytest.raises(UsageError, match=r"^--safescale-limit: found 0; allowed: more$"):
        go(place, 5)
    assert len(place.begun) == 2


def options(dealer: Dealer, number: int) -> dict[str, float]:
    pairs = (word.removeprefix("--safescale-").split("=") for word in dealer.begin(number))
    return {name: float(value) for name, value in pairs}


def test_limits_are_dealt_out_and_not_multiplied() -> None:
    dealer = Dealer(
        settings(concurrency=7, max_calls=11, max_cost=3.0, rate_share=0.8), shards=3, at_once=3
    )
    dealt = [options(dealer, number) for number in (1, 2, 3)]
    assert sum(one["concurrency"] for one in dealt) == 7
    assert sum(one["rate-share"] for one in dealt) == pytest.approx(0.8)
    assert sum(one["max-calls"] for one in dealt) == 11
    assert sum(one["max-cost"] for one in dealt) == pytest.approx(3.0)


def test_what_is_left_over_is_dealt_to_those_that_begin_later() -> None:
    dealer = Dealer(settings(max_calls=30, max_cost=3.0), shards=3, at_once=1)
    assert options(dealer, 1)["max-calls"] == 10
    dealer.end(1, Spent(calls=4, money=0.5))
    second = options(dealer, 2)
    assert (second["max-calls"], second["max-cost"]) == (13, 1.25)
    dealer.leave(2)
    assert options(dealer, 2)["max-calls"] == 13  # begun again, it keeps what it was dealt
    dealer.end(2, Spent(calls=20))
    assert options(dealer, 3)["max-calls"] == 13


def test_no_more_run_at_once_than_requests_may_be_in_flight_or_shards_are() -> None:
    assert Dealer(settings(concurrency=2), shards=9, at_once=5).at_once == 2
    assert Dealer(settings(), shards=2, at_once=5).at_once == 2


def test_a_shard_with_a_server_of_its_own_has_its_limits_to_itself() -> None:
    dealer = Dealer(
        settings(concurrency=2, max_calls=9), shards=3, at_once=3, own=lambda number: number > 1
    )
    assert dealer.at_once == 2
    assert options(dealer, 1) == {"concurrency": 1, "rate-share": 0.5, "max-calls": 3}
    assert options(dealer, 2) == {"max-calls": 3}
    assert Dealer(settings(concurrency=2), shards=9, at_once=5, own=lambda _: True).at_once == 5


def test_a_budget_without_a_call_for_each_shard_is_refused() -> None:
    with pytest.raises(SettingsError, match="--safescale-max-calls: found 2; allowed: at least 3"):
        Dealer(settings(max_calls=2), shards=3, at_once=1)


def test_room_is_counted_by_node() -> None:
    nodes = [{"CPU": 4.0, "GPU": 1.0}, {"CPU": 4.0}, {"CPU": 3.0, "GPU": 2.0}]
    assert room_on(nodes, {}) == 11
    assert room_on(nodes, {"num_cpus": 2}) == 5
    assert room_on(nodes, {"num_cpus": 2, "num_gpus": 1}) == 2
    assert room_on(nodes, {"num_cpus": 0}) is None
    with pytest.raises(SettingsError, match=r"--resources: found CPU 1, GPU 3; allowed: .* GPU 2"):
        room_on(nodes, {"num_gpus": 3})


def test_variables_are_handed_over_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SAFESCALE_API_KEY", "MINE", "HEADER", "OWN", "OTHER"):
        monkeypatch.setenv(name, f"value of {name}")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    table = {
        "provider": "openai",
        "model": "m",
        "api_key_env": "MINE",
        "headers": {"X-Org": "env:HEADER"},
    }
    found = environment_of(settings(models={"m": table}), ["OWN"])
    assert {"SAFESCALE_API_KEY", "MINE", "HEADER", "OWN"} <= set(found)
    assert "OTHER" not in found
    assert found["MINE"] == "value of MINE"
    with pytest.raises(SettingsError, match="--env: found 'UNSET'"):
        environment_of(settings(), ["UNSET"])


def test_a_run_that_is_stopped_begins_nothing_more_and_fetches_what_runs(
    go: Callable[..., tuple[list[Path], list[str]]], tmp_path: Path
) -> None:
    def becomes(task: ShardTask, _: int) -> Sequence[News]:
        if task.number == 1:
            return [Piece(number=1, rows=[row(task, "a")], spent=Spent()), ended(1)]
        raise KeyboardInterrupt

    place = Script(becomes)
    with pytest.raises(KeyboardInterrupt):
        go(place, 5, 1)
    assert [task.number for task in place.begun] == [1, 2]
    with Store(tmp_path / "store.sqlite") as store:
        assert store.size() == 1
