"""report.html written in a process of its own.

Loading what draws the charts takes longer than many a call to a model. A second process loads it
while the run goes on, and writes the page when the other files of the folder are there.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

__all__ = ["PageProcess", "write_page"]

_CHILD = "import sys; sys.path[:] = {path!r}; from {module} import main; main()"


def write_page(folder: Path, *, figures: Path | None = None) -> None:
    """Write ``report.html`` into the folder, and the charts as files where ``figures`` says."""
    from pytest_safescale.report.html import write_figures, write_html

    write_html(folder)
    if figures is not None:
        write_figures(folder, figures)


class PageProcess:
    """A process that waits to be told which page to write."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Begin to load; nothing is written yet."""
        code = _CHILD.format(path=sys.path, module=__name__)
        with contextlib.suppress(OSError):  # the page is then written by this process
            self._child = subprocess.Popen(  # noqa: S603 (this interpreter, and code of our own)
                [sys.executable, "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
                # Ctrl-C ends the run and not the page about it.
                start_new_session=True,
            )

    def write(self, folder: Path, *, figures: Path | None = None) -> None:
        """Write the page there; what the other process cannot do, this one does."""
        order = json.dumps([str(folder), None if figures is None else str(figures)])
        if not self._end(order):
            write_page(folder, figures=figures)

    def stop(self) -> None:
        """End the process where no page is wanted."""
        self._end("")

    def _end(self, order: str) -> bool:
        child, self._child = self._child, None
        if child is None:
            return False
        with contextlib.suppress(OSError):
            child.communicate(order)
        return child.returncode == 0


def main() -> None:
    """Load, wait for a folder on standard input, and write its page."""
    from pytest_safescale.report.html import prepare_page

    prepare_page()
    if order := sys.stdin.read():
        folder, figures = json.loads(order)
        write_page(Path(folder), figures=Path(figures) if figures else None)
    os._exit(0)  # at once: tearing the libraries down takes as long as a chart
