"""``safescale view``: the address in one line, until ctrl-C; what it refuses."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.cli.command import main
from pytest_safescale.cli.view import has_display

if TYPE_CHECKING:
    from pathlib import Path

START = """
import signal, sys
from pytest_safescale.cli.command import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no ctrl-C for another process there")
def test_the_command_tells_its_address_in_one_line_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    command = [sys.executable, "-c", START, "view", str(tmp_path), "--no-browser"]
    interruptible = (
        f"import signal; signal.signal({signal.SIGINT.value}, signal.default_int_handler); "
    )
    command[2] = interruptible + START
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        line = it.stdout.readline()
        told = re.match(r"(http://127\.0\.0\.1:\d+/[\w-]{32,}/) shows .*; ctrl-C ends it\n", line)
        assert told is not None
        with urllib.request.urlopen(told[1]) as page:
            assert b"No run below this directory" in page.read()
        it.send_signal(signal.SIGINT)
        out, err = it.communicate(timeout=300)
    assert (it.returncode, out.strip(), err) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing"], "DIR: found nothing, which is no directory; allowed: one with reports"),
        ([".", "--port=70000"], "--port: found 70000; allowed: 0 (a free one) to 65535"),
        ([".", "--port=x"], "argument --port: invalid int value: 'x'"),
    ],
)
def test_what_cannot_be_shown_ends_with_exit_code_4_and_one_sentence(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["view", "--no-browser", *arguments]) == 4
    message = capsys.readouterr().err
    assert told in message
    assert message.count("\n") == 1


def test_a_port_in_use_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["view", str(tmp_path), "--no-browser", f"--port={port}"]) == 4
    assert f"--port: found {port}, which cannot be had: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("platform", "environment", "shown"),
    [
        ("linux", {}, False),
        ("linux", {"TERM": "xterm", "DISPLAY": ""}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"BROWSER": "firefox"}, True),
        ("darwin", {}, True),
    ],
)
def test_a_machine_without_a_screen_opens_no_browser(
    platform: str, environment: dict[str, str], shown: bool
) -> None:
    assert has_display(platform, environment) is shown
