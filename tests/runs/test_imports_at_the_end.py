"""What the end of a run loads, by name: a library that takes long is told of here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
END = """
import json, sys
from pathlib import Path
from pytest_safescale.report.page.run_page import write_html
from pytest_safescale.runs import conclude
from tests.report.folders import make_folder
from tests.report.made_records import Shape
write_html(make_folder(Path(sys.argv[1]), Shape(items=3)))
print(json.dumps(sorted(sys.modules)))
"""
LATER = ("scipy.stats", "scipy.optimize", "scipy.sparse", "scipy.linalg", "statsmodels")
ELSEWHERE = ("pandas", "polars", "pyarrow", "matplotlib", "resvg_py", "aiohttp", "hypothesis")


def test_the_end_loads_special_functions_and_templates_and_nothing_that_takes_longer(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", END, str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    loaded = set(json.loads(done.stdout))
    assert loaded >= {"numpy", "scipy.special", "jinja2"}
    assert loaded.isdisjoint(LATER)
    assert loaded.isdisjoint(ELSEWHERE)
