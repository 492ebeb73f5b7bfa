"""Patterns that are compiled when they are first wanted: all can be, and few are at the start."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys

import pytest

import pytest_safescale
from pytest_safescale.text.pattern import Pattern

ROOMS = ("answers.reader", "audit", "text", "conditions", "models")


def patterns() -> list[tuple[str, Pattern]]:
    """Return the patterns of all modules that have any, by name."""
    found = []
    for _, name, _ in pkgutil.walk_packages(pytest_safescale.__path__, "pytest_safescale."):
        if name.startswith(tuple(f"pytest_safescale.{room}" for room in ROOMS)):
            module = importlib.import_module(name)
            found += [
                (f"{name}.{variable}", value)
                for variable, value in vars(module).items()
                if isinstance(value, Pattern)
            ]
    return found


def test_every_pattern_is_one() -> None:
    found = patterns()
    assert len(found) > 100
    for name, pattern in found:
        assert isinstance(pattern.compiled, re.Pattern), name


def test_it_does_what_the_expression_does() -> None:
    pattern, plain = Pattern(r"b(\d)", re.IGNORECASE), re.compile(r"b(\d)", re.IGNORECASE)
    text = "a B1 b2 c"
    for way in ("search", "match", "fullmatch"):
        for told in (text, "b3", "b3 "):
            ours, theirs = getattr(pattern, way)(told), getattr(plain, way)(told)
            assert (ours and ours.span()) == (theirs and theirs.span()), way
    assert [one.span() for one in pattern.finditer(text)] == [(2, 4), (5, 7)]
    assert pattern.findall(text) == plain.findall(text)
    assert pattern.split(text) == plain.split(text)
    assert pattern.sub("x", text) == plain.sub("x", text)
    assert pattern.search(text, 3) is not None


def test_an_expression_that_is_none_says_so_when_it_is_wanted() -> None:
    pattern = Pattern("(")
    with pytest.raises(re.error):
        pattern.search("")


def test_what_begins_a_run_compiles_few_expressions() -> None:
    program = (
        "import re, sys\n"
        "compiled = []\n"
        "import pytest, pydantic, aiohttp, httpx, email.utils, tenacity\n"
        "own = re.compile\n"
        "def count(pattern, flags=0):\n"
        "    name = sys._getframe(1).f_globals['__name__']\n"
        "    compiled.append(name)\n"
        "    return own(pattern, flags)\n"
        "re.compile = count\n"
        "import pytest_safescale.runs.run\n"
        "print(*[name for name in compiled if name.startswith('pytest_safescale')])\n"
        "from pytest_safescale.answers.read_answer import read_answer\n"
        "compiled.clear()\n"
        "read_answer('It is B.', {'A': 'first', 'B': 'second'})\n"
        "print(len(compiled))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    at_start, when_read = done.stdout.splitlines()
    assert len(at_start.split()) <= 40, at_start
    assert int(when_read) > 40
