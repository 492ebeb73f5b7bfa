"""A claim is its owner's for as long as that process lives, and no clock decides."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.calls.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = b"k" * 32
CLAIMING = (
    "import os, sys, time; from pathlib import Path\n"
    "from pytest_safescale.calls.store import Store\n"
    f"store = Store(Path(sys.argv[1])); store.claim([({KEY!r}, [0])])\n"
)
FOREVER = "print('claimed', flush=True); time.sleep(3600)\n"
FORKING = (
    "child = os.fork()\nif child == 0: time.sleep(3600)\nprint(child, flush=True); os._exit(9)\n"
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "store.sqlite", run="one")
    yield opened
    opened.close()


def owners(store: Store) -> list[str]:
    return sorted(path.name for path in store.path.parent.glob("*-owner-*"))


def mine(store: Store) -> tuple[int, ...]:
    (claim,) = store.claim([(KEY, [0])])
    return claim.mine


@contextlib.contextmanager
def another_process(store: Store, code: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", CLAIMING + code, str(store.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_claim_of_a_process_that_lives_is_its_own(store: Store) -> None:
    with another_process(store, FOREVER) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert mine(store) == ()
        process.kill()
        process.wait()
        assert mine(store) == (0,)


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="only there an unreaped process is told of")
def test_the_claim_of_a_process_that_ended_is_free_before_its_parent_looks(store: Store) -> None:
    with another_process(store, "os._exit(9)") as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert mine(store) == (0,)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs processes that can be stopped")
def test_a_process_that_stands_still_keeps_its_claim(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with another_process(store, FOREVER) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGSTOP)
        now = time.time
        for ahead_s in (0, 60, 86_400, -86_400):
            with monkeypatch.context() as patch:
                patch.setattr(time, "time", lambda ahead_s=ahead_s: now() + ahead_s)
                assert mine(store) == (), f"the clock is {ahead_s} s ahead"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
def test_a_child_that_outlives_its_process_inherits_no_claim(store: Store) -> None:
    with another_process(store, FORKING) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        try:
            process.wait()
            assert mine(store) == (0,)
        finally:
            os.kill(child, signal.SIGKILL)


def test_two_stores_of_one_process_are_two_owners(store: Store) -> None:
    other = Store(store.path)
    assert mine(other) == (0,)
    assert mine(store) == ()
    other.close()
    assert mine(store) == (0,)


def test_an_owner_is_a_file_beside_the_store_until_it_ends(store: Store) -> None:
    assert owners(store) == []
    mine(store)
    assert len(owners(store)) == 1
    store.close()
    assert owners(store) == []


def test_what_dead_owners_leave_is_removed_by_whoever_opens_the_store_next(store: Store) -> None:
    with another_process(store, "os._exit(9)") as process:
        process.wait()
    assert len(owners(store)) == 1
    living = Store(store.path)
    living.claim([(b"other", [0])])
    store.clear_claims()
    assert len(owners(store)) == 1
    assert store._db.rows("SELECT call FROM claims") == [(b"other",)]
    living.close()
