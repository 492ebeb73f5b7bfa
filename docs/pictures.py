"""Draws docs/pictures/ from the runs of the tutorial: terminals as SVG, the page by Chromium.

python -m docs.pictures
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from docs.steps import gone_through, steps
from tests.report.browser import started

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["FOLDER", "terminal"]

FOLDER = Path(__file__).with_name("pictures")
PAGE = Path(__file__).with_name("tutorial.md")
COLUMNS = 96
TERMINALS = {"today": "first-run.svg", "candidate": "blocked.svg"}
"""The picture of the step that writes a report folder."""
_LINES = 30
"""Most lines of a terminal: a picture is looked at, the text stands in the run."""


def main() -> None:
    """Go through the tutorial, and draw what it shows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        colours = {"PYTEST_ADDOPTS": "--color=yes --no-header -q", "COLUMNS": str(COLUMNS)}
        for done in gone_through(steps(PAGE), folder, **colours):
            report = re.search(r"--safescale-report (\S+)", done.step.line)
            if report and (picture := TERMINALS.get(report[1])):
                told = done.told.replace(f"{folder}/", "")
                (FOLDER / picture).write_text(terminal(done.step.line, told), encoding="utf-8")
        with started() as browser:
            _photograph(browser, folder / "candidate" / "report.html", FOLDER / "report.png")


def terminal(line: str, told: str) -> str:
    """Return an SVG of a terminal with a command and the last lines that it wrote."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), highlight=False)
    console.print(Text(f"$ {line}", style="bold"))
    lines = told.rstrip().split("\n")
    if len(lines) > _LINES:
        lines = [*lines[: _LINES // 2], "...", *lines[-_LINES // 2 :]]
    console.print(Text.from_ansi("\n".join(lines)))
    drawn = console.export_svg(title="", theme=MONOKAI, unique_id="terminal")
    # The fonts that rich names are fetched from elsewhere; the reader's own will do.
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.S)


def _photograph(browser: Browser, report: Path, picture: Path) -> None:
    """Take the first screen of a report, as it opens on a laptop, in few colours: a small file."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page.goto(report.as_uri())
    taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    taken.quantize(64, dither=Image.Dither.NONE).save(picture, optimize=True)


if __name__ == "__main__":
    main()
