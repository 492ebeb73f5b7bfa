"""Templates are compiled once: counted, in folders of all kinds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from jinja2 import DictLoader, Environment

from pytest_safescale.report.page.shell import CompiledTemplates

if TYPE_CHECKING:
    from pathlib import Path


class Counting(Environment):
    """Counts the sources that it compiles."""

    compiled = 0

    def compile(self, *args: Any, **kwargs: Any) -> Any:
        self.compiled += 1
        return super().compile(*args, **kwargs)


def compiled(folder: Path, source: str = "{{ word }}") -> int:
    """Return how many sources a process compiles that renders a page twice."""
    cache = CompiledTemplates(folder)
    environment = Counting(loader=DictLoader({"page": source}), bytecode_cache=cache)
    for _ in range(2):
        assert environment.get_template("page").render(word="said") == "said"
    return environment.compiled


@pytest.fixture(autouse=True)
def writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let bytecode be written, as it is where users do not say otherwise."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def test_a_template_is_compiled_once_for_all_processes(tmp_path: Path) -> None:
    assert [compiled(tmp_path / "kept") for _ in range(3)] == [1, 0, 0]
    # Another source is compiled anew, and stands in its place.
    assert [compiled(tmp_path / "kept", "{{ word }}{# #}") for _ in range(2)] == [1, 0]
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_what_is_cut_short_is_compiled_anew(tmp_path: Path) -> None:
    compiled(tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:20])
    assert [compiled(tmp_path) for _ in range(2)] == [1, 0]


def test_nothing_is_written_where_python_writes_no_bytecode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert [compiled(tmp_path / "kept") for _ in range(2)] == [1, 1]
    assert not (tmp_path / "kept").exists()


def test_a_place_that_cannot_be_written_to_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    assert [compiled(tmp_path / "file") for _ in range(2)] == [1, 1]
