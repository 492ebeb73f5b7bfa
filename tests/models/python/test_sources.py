"""Which files an application is made of: replies are bound to them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.models.model import ModelInfo
from pytest_safescale.models.python.model import PythonModel
from pytest_safescale.models.python.sources import application_sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = {
    "ragapp/__init__.py": "",
    "ragapp/rag.py": "from . import rules\ndef answer(messages, **_):\n    return rules.pick()\n",
    "ragapp/rules.py": (
        "from ragapp.deep.table import LETTER\ndef pick():\n    import raglate\n    return LETTER\n"
    ),
    "ragapp/deep/__init__.py": "",
    "ragapp/deep/table.py": "import json\nLETTER = 'A'\n",
    "ragapp/unused.py": "",
    "raglate.py": "from ragapp import missing\nimport nowhere.at.all\n",
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith(("ragapp", "raglate"))]:
        del sys.modules[name]


def test_modules_are_followed_to_the_end_and_libraries_are_not(root: Path) -> None:
    found = application_sources(["ragapp.rag"], root)
    # Imported within a function too, and by a package whose own file is empty.
    assert {str(path.relative_to(root)) for path in found} == set(FILES) - {"ragapp/unused.py"}


@pytest.mark.parametrize(
    ("changed", "counts"),
    [("ragapp/deep/table.py", True), ("raglate.py", True), ("ragapp/unused.py", False)],
)
def test_a_change_anywhere_in_the_application_makes_it_another(
    root: Path, changed: str, counts: bool
) -> None:
    info = ModelInfo(name="m", provider="python", model="ragapp.rag:answer")
    before = PythonModel(info, root=root).info.revision
    assert PythonModel(info, root=root).info.revision == before
    (root / changed).write_text(FILES[changed] + "# changed\n")
    assert (PythonModel(info, root=root).info.revision != before) is counts
