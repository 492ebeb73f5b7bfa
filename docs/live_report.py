"""Makes the report of a run that stands on the site, by the commands of docs/live-report.md.

python -m docs.live_report
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from docs.steps import gone_through, steps

__all__ = ["PAGE", "PLACE"]

PAGE = Path(__file__).with_name("live-report.md")
PLACE = Path(__file__).parents[1] / "build" / "live" / "sample"
"""``docs/conf.py`` puts what stands above it beside the pages."""


def main() -> None:
    """Run the commands in an empty folder, and keep the page that the last one writes."""
    with tempfile.TemporaryDirectory() as folder:
        for done in gone_through(steps(PAGE), Path(folder)):
            if done.code != done.step.code:
                sys.exit(f"{done.step.line}\n{done.told}")
        PLACE.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(folder) / "sample" / "report.html", PLACE)


if __name__ == "__main__":
    main()
