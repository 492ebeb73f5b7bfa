"""``safescale run``: what it refuses, and a run in shards of processes here."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from pytest_safescale.calls.store import Store
from pytest_safescale.cli.command import main
from pytest_safescale.cli.pytest_options import read_pytest_options
from pytest_safescale.errors import StoreError
from tests.batch_server import BatchServer
from tests.plugin.test_calls import wait_until
from tests.runs.sharded import cases, data_of, figures, read
from tests.servers import ChatServer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--on moon --shards 2", "--on: found 'moon'; allowed: local, ray, or ray://HOST:PORT"),
        ("--on local --shards 0", "--shards: found '0'; allowed: a whole number from 1"),
        ("--on local --shards 2 --at-once x", "--at-once: found 'x'; allowed: a whole number"),
        ("--on local --shards 2 --resources [1]", "--resources: found '[1]'; allowed: a JSON"),
        ("--on local --shards 2 --env NOT_SET", "--env: found 'NOT_SET', which is not set"),
        (
            "--on local --shards 2 -- --safescale-shard=1/2",
            "--safescale-shard: found 1/2; allowed: none",
        ),
        (
            "--on local --shards 2 -- --safescale-figures=f",
            "allowed: none with shards, whose charts are in the joined report",
        ),
        (
            "--on local --shards 3 -- --safescale-max-calls=2",
            "--safescale-max-calls: found 2; allowed: at least 3, one for each shard",
        ),
        ("--on local --shards 2 -- --safescale-samples=x", "--safescale-samples: found 'x'"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", *words.split()]) == 4
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert told.err.count("\n") == 1


@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
@pytest.mark.slow
def test_a_cluster_that_cannot_be_reached_is_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as bound:  # nobody listens there
        bound.bind(("127.0.0.1", 0))
        address = "{}:{}".format(*bound.getsockname())
        assert main(["run", f"--on=ray://{address}", "--shards=2"]) == 4
    told = capsys.readouterr().err
    assert told.startswith(f"safescale: --on ray: no cluster answers at {address}: ")
    assert told.count("\n") == 1


def test_an_earlier_verdict_does_not_outlive_a_run_that_is_refused(folder: Path) -> None:
    (folder / "safescale-report").mkdir()
    (folder / "safescale-report" / "run.json").write_text("{}")
    assert main(["run", "--on=moon", "--shards=2"]) == 4
    assert not (folder / "safescale-report" / "run.json").exists()


def test_options_of_pytest_are_read_wherever_they_stand(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "safescale.toml").write_text("samples = 3\nmax_calls = 50\nconcurrency = 4\n")
    (folder / "pytest.ini").write_text(
        "[pytest]\naddopts = --safescale-max-calls 40 --safescale-seed=7 -q\n"
    )
    monkeypatch.setenv("PYTEST_ADDOPTS", "--safescale-max-calls=30 -x")
    call = read_pytest_options(["-k", "a b", "--safescale-concurrency=2", "--junit-xml=j.xml"])
    found = call.settings
    assert (found.samples, found.max_calls, found.seed, found.concurrency) == (3, 30, 7, 2)
    assert found.store == folder / ".safescale" / "store.sqlite"
    assert call.junit == folder / "j.xml"
    assert call.project == folder


@pytest.mark.slow
def test_shards_in_processes_here_say_what_one_run_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAFESCALE_API_KEY", "none")
    (folder / "safescale.toml").write_text(
        data_of(folder, 4) + 'conditions = ["closed_book"]\nsamples = 2\nmodel = "openai:m"\n'
        '[[gates]]\nmetric = "accuracy"\nmin = 0.99\n'
    )
    suite = "--safescale-suite=radsafe200"
    with ChatServer() as server:
        monkeypatch.setenv("SAFESCALE_BASE_URL", server.url)
        code = main(["run", "--on=local", "--shards=2", "--", suite, "--junitxml=j.xml"])
        asked = server.replies
        assert (
            pytest.main(["-q", "-p", "no:cacheprovider", suite, "--safescale-report=one"])
            == code
            == 1
        )
        assert server.replies == asked  # every reply of the shards is in the store
    told = capsys.readouterr()
    assert "2 shards, 4 cases" in told.out
    assert "shard 2/2 begins" in told.err
    whole, one = read(folder / "safescale-report"), read(folder / "one")
    assert figures(whole) == figures(one)
    assert cases(folder / "safescale-report") == cases(folder / "one")
    assert whole["gates"] == one["gates"]
    tests = [case.get("name") for case in ET.parse(folder / "j.xml").iter("testcase")]
    assert len(tests) == len(set(tests)) == 5
    with Store(folder / ".safescale" / "store.sqlite", read_only=True) as store:
        assert store.size() == 12


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are others there")
def test_batches_of_shards_are_paid_once_also_where_everything_is_killed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFESCALE_API_KEY", "none")
    store = folder / ".safescale" / "store.sqlite"
    (folder / "safescale.toml").write_text(
        data_of(folder, 4) + 'conditions = ["closed_book"]\nsamples = 0\nmodel = "openai:m"\n'
    )
    words = ["run", "--on=local", "--shards=2", "--", "--safescale-suite=radsafe200"]
    words.append("--safescale-batch")
    program = "from pytest_safescale.cli.command import main; raise SystemExit(main())"
    with BatchServer() as server:
        monkeypatch.setenv("SAFESCALE_BASE_URL", server.url)
        server.hold_at("in_progress")
        run = subprocess.Popen([sys.executable, "-c", program, *words], stderr=subprocess.PIPE)
        wait_until(lambda: made(store) == 2 or run.poll() is not None, "two batches at home")
        run.kill()
        run.communicate()
        server.release()
        assert main(words) == 0
    assert (len(server.batches), sorted(server.paid.values())) == (2, [1, 1, 1, 1])
    assert made(store) == 0


def made(path: Path) -> int:
    """Return of how many batches a store knows the name; 0 where it is only being made."""
    with contextlib.suppress(StoreError), Store(path, read_only=True) as store:
        return sum(job.batch is not None for job in store.batches.every().values())
    return 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are others there")
def test_a_run_that_is_stopped_keeps_what_was_answered(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFESCALE_API_KEY", "none")
    (folder / "safescale.toml").write_text(
        data_of(folder, 12) + 'conditions = ["closed_book"]\nsamples = 0\nconcurrency = 2\n'
        'model = "openai:m"\n'
    )
    words = ["run", "--on=local", "--shards=2", "--", "--safescale-suite=radsafe200"]
    program = "from pytest_safescale.cli.command import main; raise SystemExit(main())"
    with ChatServer(delay_s=0.2) as server:
        monkeypatch.setenv("SAFESCALE_BASE_URL", server.url)
        run = subprocess.Popen(
            [sys.executable, "-c", program, *words], stderr=subprocess.PIPE, text=True
        )
        wait_until(lambda: server.calls >= 6 or run.poll() is not None, "six calls")
        run.send_signal(signal.SIGTERM)
        _, told = run.communicate()
        asked = server.calls
        assert run.returncode == 130, told
        assert told.endswith("safescale: interrupted\n")
        with Store(folder / ".safescale" / "store.sqlite", read_only=True) as store:
            kept = store.size()
        assert 4 <= kept <= asked < 12
        assert not (folder / "safescale-report" / "run.json").exists()
        # The shards' processes are gone, and nothing that came is asked for again.
        assert main(words) == 0
        assert server.calls == asked + 12 - kept
