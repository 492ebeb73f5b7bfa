"""A model whose server the run starts: up before the first call, down after the last."""

from __future__ import annotations

import json
import shlex
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from pytest_safescale.errors import SettingsError
from pytest_safescale.settings.resolve import resolve_settings
from tests.plugin.test_calls import wait_until
from tests.plugin.test_interrupting import start
from tests.runs.sharded import read

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
SERVER = shlex.join(
    [
        *(sys.executable, "-c"),
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.servers import main; main()",
        *("--port", "{port}"),
    ]
)
RUN = (
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=0",
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="process groups are others there")


@pytest.fixture(autouse=True)
def _free_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("served", "other", "m"):
        monkeypatch.delenv(f"SAFESCALE_PORT_{name}", raising=False)


@pytest.fixture
def served(
    pytester: pytest.Pytester, items: Callable[..., Path], run_pytest: Callable[..., Any]
) -> Callable[..., pytest.RunResult]:
    """Run two items with a model that is served by this command."""
    items("say A", "say B")

    def run(command: str, *arguments: str, **serve: object) -> pytest.RunResult:
        configure(pytester.path, "served", command, **serve)
        result: pytest.RunResult = run_pytest(
            *("--safescale-suite=radsafe200", "--safescale-model=served", *RUN, *arguments),
        )
        return result

    return run


def configure(folder: Path, name: str, command: str, **serve: object) -> None:
    keys = {"command": command, "health": "/calls", **serve}
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    with (folder / "safescale.toml").open("a", encoding="utf-8") as file:
        file.write(f'[models.{name}]\nprovider = "openai"\nmodel = "m"\n')
        file.write("\n".join([f"[models.{name}.serve]", *lines, ""]))


def log(folder: Path) -> Path:
    return folder / "safescale-report" / "server-served.log"


def answers(url: str) -> bool:
    port = int(url.removesuffix("/v1").rpartition(":")[2])
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def test_the_server_is_up_for_the_run_and_down_after_it(
    served: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert served(SERVER).ret == 0
    manifest = read(pytester.path / "safescale-report")["manifest"]
    assert manifest["calls"]["made"] == 2
    assert manifest["models"][0]["base_url"] == "http://127.0.0.1:[port of served]/v1"
    url = log(pytester.path).read_text().strip()
    assert url.startswith("http://127.0.0.1:")
    assert not answers(url)
    # What it answered counts on whatever port it is the next time, and a replay starts none.
    log(pytester.path).unlink()
    monkeypatch.delenv("SAFESCALE_PORT_served", raising=False)
    (pytester.path / "safescale.toml").unlink()
    assert served(SERVER, "--safescale-replay").ret == 0
    assert not log(pytester.path).exists()


@pytest.mark.parametrize(
    ("command", "serve", "said"),
    [
        (
            shlex.join([sys.executable, "-c", "print('no memory left'); raise SystemExit(3)"]),
            {"port": 9},
            "models.served.serve: its server ended with exit code 3 before it answered: no memory "
            "left; its log is *server-served.log",
        ),
        (
            shlex.join([sys.executable, "-c", "import time; time.sleep(600)", "{port}"]),
            {"ready_s": 0.1},
            "models.served.serve: its server did not answer GET /calls with 200 within 0.1 s: it "
            "said nothing; its log is *",
        ),
        ("no-such-program {port}", {}, "models.served.serve: no-such-program cannot be started*"),
    ],
    ids=["it ends", "it is silent", "there is none"],
)
def test_a_server_that_cannot_be_asked_is_one_sentence_before_the_first_call(
    served: Callable[..., pytest.RunResult], command: str, serve: dict[str, Any], said: str
) -> None:
    result = served(command, **serve)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: safescale: {said}"])


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"serve": "serve"}, "port is missing; allowed: a port, or {port} in the command"),
        ({"serve": "serve '{port}"}, "allowed: a program and its arguments, with quotes that"),
        ({"serve": {"command": "serve", "port": 0}}, "allowed: 1 or more"),
        ({"serve": {"command": "s", "port": 9, "health": "x"}}, "allowed: a path of the server"),
        ({"serve": {"command": "s", "port": 9, "helth": "/"}}, "did you mean 'health'?"),
        ({"serve": "s {port}", "base_url": "http://x"}, "base_url and serve are both given"),
        ({"serve": "s {port}", "provider": "lexical"}, 'serve is a key of provider = "openai"'),
    ],
)
def test_what_cannot_be_served_is_refused(table: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        resolve_settings({}, {"models": {"m": {"provider": "openai", "model": "m", **table}}})
    assert said in str(refused.value)


def test_a_server_that_dies_during_the_run_is_told(
    served: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    dies = "import http.server as h, os\nclass S(h.BaseHTTPRequestHandler):\n"
    dies += " def do_GET(self): self.send_response(200); self.end_headers()\n"
    dies += " def do_POST(self): print('out of memory', flush=True); os._exit(7)\n"
    dies += "h.HTTPServer(('127.0.0.1', {port}), S).serve_forever()"
    (pytester.path / "safescale.toml").write_text("max_attempts = 1\n")
    result = served(shlex.join([sys.executable, "-c", dies]))
    assert result.ret != 0
    assert "the server of served ended during the run with exit code 7: " in result.stdout.str()


@pytest.mark.slow
def test_workers_ask_the_one_server_that_their_controller_starts(
    served: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    assert served(SERVER, "-n2").ret == 0
    assert read(pytester.path / "safescale-report")["manifest"]["calls"]["made"] == 2
    assert len(log(pytester.path).read_text().splitlines()) == 1


@pytest.mark.slow
def test_it_goes_with_a_run_that_is_stopped(pytester: pytest.Pytester, items: Any) -> None:
    items("say A", "say B")
    configure(pytester.path, "m", f"{SERVER} --delay-ms 600000")
    run = start(pytester.path, *RUN)
    told = pytester.path / "safescale-report" / "server-m.log"
    wait_until(lambda: told.exists() and told.read_text() != "", "the server's first line")
    url = told.read_text().strip()
    wait_until(lambda: answers(url), "the server")
    run.send_signal(signal.SIGTERM)
    run.communicate()
    assert not answers(url)


@pytest.mark.slow
def test_a_panel_is_one_command_with_a_task_for_each_model(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    items("say A", "say B")
    for name in ("served", "other"):
        configure(pytester.path, name, SERVER)
    monkeypatch.chdir(pytester.path)
    models = ("--safescale-model=served", "--safescale-model=other")
    suite = "--safescale-suite=radsafe200"
    assert main(["run", "--on=local", "--shards=1", "--", suite, *models, *RUN]) == 0
    assert "2 shards, 4 cases" in capsys.readouterr().out
    for number, name in ((1, "served"), (2, "other")):
        shard = pytester.path / "safescale-report-shards" / f"shard-{number}" / "report"
        assert [path.name for path in shard.glob("*.log")] == [f"server-{name}.log"]
        assert {cell["model"] for cell in read(shard)["manifest"]["shard"]["cases"]} == {name}
