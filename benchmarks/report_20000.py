"""Time to write and to use the report of 20,000 cases.

Makes a synthetic folder (17 models, 6 conditions, 197 items, 20 samples; nothing in it was
answered by a model), writes its report and opens it in headless Chromium. Prints seconds and
megabytes, the median of three openings.

    python benchmarks/report_20000.py [CHARACTERS OF EVIDENCE] [CHARACTERS OF A REPLY]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from pytest_safescale.report.page.run_page import write_html
from tests.report.browser import MISSING, chromium, started
from tests.report.folders import make_folder
from tests.report.made_records import Shape

FILTER = """async () => {
  const start = performance.now();
  const field = document.getElementById('f-text');
  field.value = 'attenuation';
  field.dispatchEvent(new Event('input', { bubbles: true }));
  document.getElementById('f-finding').value = 'wrong';
  document.getElementById('f-finding').dispatchEvent(new Event('input', { bubbles: true }));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return [(performance.now() - start) / 1000, document.getElementById('count').textContent];
}"""


def shape_of_20000(evidence: int, reply: int) -> Shape:
    """Return the shape: 17 x 6 x 197 = 20,094 cases."""
    return Shape(
        models=tuple(f"model-{number}" for number in range(17)),
        items=197,
        evidence_characters=evidence,
        reply_characters=reply,
    )


def main() -> None:
    """Print the figures."""
    evidence, reply = (int(word) for word in (*sys.argv[1:], "6000", "40")[:2])
    with tempfile.TemporaryDirectory() as temporary:
        folder = make_folder(Path(temporary), shape_of_20000(evidence, reply))
        cases = folder / "cases.jsonl"
        lines = sum(1 for _ in cases.open(encoding="utf-8"))
        print(f"cases.jsonl: {lines} cases, {cases.stat().st_size / 1e6:.1f} MB")
        start = time.perf_counter()
        page = write_html(folder)
        print(f"written in {time.perf_counter() - start:.2f} s")
        print(f"report.html: {page.stat().st_size / 1e6:.2f} MB")
        if chromium() is None:
            print(MISSING)
            return
        _open(page)


def _open(path: Path) -> None:
    opened, filtered, counted = [], [], ""
    with started() as browser:
        for _ in range(3):
            page = browser.new_page()
            start = time.perf_counter()
            page.goto(path.as_uri())
            page.wait_for_selector("html[data-ready]")
            opened.append(time.perf_counter() - start)
            seconds, counted = page.evaluate(FILTER)
            filtered.append(seconds)
            page.close()
    print(f"opened, list shown: {median(opened):.2f} s")
    print(f"filtered by text and finding ({counted}): {median(filtered):.2f} s")


if __name__ == "__main__":
    main()
