"""What the installed plugin costs a project that does not use it.

Collects 200 tests of an unrelated project with and without the plugin, in turn, and prints the
medians and their difference. Run: ``python benchmarks/unrelated_collection.py``.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 20
TEST = "import pytest\n@pytest.mark.parametrize('n', range(200))\ndef test_it(n): pass\n"


def collect(folder: Path, *arguments: str) -> float:
    """Return the seconds one collection takes."""
    command = [sys.executable, "-m", "pytest", "--co", "-q", *arguments, str(folder)]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return time.perf_counter() - start


def main() -> None:
    """Print the medians of both and their difference in milliseconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_other.py").write_text(TEST)
        collect(folder)
        collect(folder, "-p", "no:safescale")
        pairs = [(collect(folder), collect(folder, "-p", "no:safescale")) for _ in range(RUNS)]
    with_plugin = statistics.median(pair[0] for pair in pairs)
    without = statistics.median(pair[1] for pair in pairs)
    difference = statistics.median(pair[0] - pair[1] for pair in pairs)
    print(f"with the plugin     {1000 * with_plugin:7.1f} ms")
    print(f"without it          {1000 * without:7.1f} ms")
    print(f"median difference   {1000 * difference:7.1f} ms (allowed: 15)")


if __name__ == "__main__":
    main()
