"""The report folders below a directory: found at each look, read anew where they changed."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.errors import DatasetError
from pytest_safescale.report.page.chart_words import figures_are_of
from pytest_safescale.report.page.first_screen import verdict_headline
from pytest_safescale.report.page.page_tables import run_verdict
from pytest_safescale.results.manifest_facts import SUPERSEDED, fact
from pytest_safescale.results.record_lines import CASES
from pytest_safescale.results.run_file import RunFile, read_run
from pytest_safescale.text.escaping import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_safescale.results.manifest import Manifest

__all__ = ["PAGE", "RUN", "Found", "Look", "ReportFolders", "Unreadable"]

RUN, PAGE, _SUMMARY = "run.json", "report.html", "summary.md"
_NOT_ENTERED = frozenset({"node_modules", "__pycache__"})
_WITHOUT_RUN = ("## No verdict: ", "## Blocked: ")
"""How the summary of a run begins that has left no run.json."""
_UNFINISHED = (
    "this run has not come to its end: it goes on, or it was ended before its gates were judged"
)
_LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Found:
    """A run that could be read."""

    name: str
    """The folder's path below the directory; ``.`` is the directory itself."""
    folder: Path
    file: RunFile
    """Manifest and figures: what else a run.json holds is not kept."""
    state: str
    """As of ``RunVerdict``."""
    verdict: str
    """The verdict; without gates that there is none, and what the figures show."""
    has_page: bool
    """Whether a report.html stands beside it."""

    @property
    def manifest(self) -> Manifest:
        """What was run."""
        return self.file.manifest

    @property
    def end(self) -> str:
        """When the run ended, as its manifest has it; empty where that is not known."""
        return str(self.manifest.get("end") or "")

    @property
    def models(self) -> list[str]:
        """The models that were asked."""
        return [model["name"] for model in self.manifest.get("models", ())]

    @property
    def data(self) -> str:
        """The data set and how many of its items."""
        return (
            f"{self.manifest['dataset'].get('name')}, {self.manifest['dataset'].get('items')} items"
        )

    @property
    def data_key(self) -> str:
        """What the data set is recognised by."""
        return str(fact(self.manifest, "data set") or "unknown")

    @property
    def label(self) -> str:
        """What the figures are of where they are of no model under test; may be empty."""
        return figures_are_of([self.manifest])


class Unreadable(NamedTuple):
    """A folder that is a report, or was to be one, and cannot be shown."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Look:
    """What there is below the directory at one time."""

    runs: Sequence[Found]
    """The last to end first."""
    unreadable: Sequence[Unreadable]
    outside: Sequence[str]
    """Links to folders outside the directory, which are not followed."""

    def run(self, name: str) -> Found | None:
        """Return the run of a name; a name is looked up and never made a path."""
        return next((run for run in self.runs if run.name == name), None)


@dataclass(kw_only=True)
class ReportFolders:
    """The report folders below a directory.

    ``directory`` is resolved by whoever makes this: no file outside it is opened.
    """

    directory: Path
    _kept: dict[str, tuple[object, Found | Unreadable]] = field(default_factory=dict)
    """What was read of each folder, and the state of its run.json then."""

    def look(self) -> Look:
        """Return what there is now; a run.json is read where it is new or has changed."""
        unreadable: list[Unreadable] = []
        outside: list[str] = []
        found = {name: self._read(name) for name in self._reports(unreadable, outside)}
        self._kept = {name: self._kept[name] for name in found if name in self._kept}
        runs = [one for one in found.values() if isinstance(one, Found)]
        unreadable += [one for one in found.values() if isinstance(one, Unreadable)]
        return Look(
            runs=sorted(runs, key=lambda run: (run.end, run.name), reverse=True),
            unreadable=sorted(unreadable),
            outside=outside,
        )

    def file(self, name: str, file: str) -> Path | None:
        """Return a file of a found folder by its real path; ``None`` without one in there.

        Raises DatasetError for a link that leads out of the directory.
        """
        path = self.directory / name / file
        real = path.resolve()
        if not real.is_relative_to(self.directory):
            raise DatasetError(f"{file} is a link that leads out of {self.directory}")
        return real if real.is_file() else None

    def _reports(self, unreadable: list[Unreadable], outside: list[str]) -> Iterator[str]:
        """Give the folders that are reports or were to be some, by name."""

        def cannot(error: OSError) -> None:
            unreadable.append(Unreadable(self._name(error.filename), _reason(error)))

        for folder, below, files in os.walk(self.directory, onerror=cannot):
            kept = sorted(name for name in below if _is_entered(name))
            links = [name for name in kept if Path(folder, name).is_symlink()]
            outside += [self._name(Path(folder, n)) for n in links if self._leaves(folder, n)]
            below[:] = [name for name in kept if name not in links]
            if _is_report(Path(folder), files):
                yield self._name(folder)

    def _leaves(self, folder: str, name: str) -> bool:
        return not Path(folder, name).resolve().is_relative_to(self.directory)

    def _name(self, folder: str | Path) -> str:
        return Path(folder).relative_to(self.directory).as_posix()

    def _read(self, name: str) -> Found | Unreadable:
        try:
            path = self.file(name, RUN)
            if path is None:
                return Unreadable(name, self._without_run(name))
            page = self._has_page(name)
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino, page)
            kept = self._kept.get(name)
            if kept is None or kept[0] != stamp:
                self._kept[name] = kept = (
                    stamp,
                    _found(name, self.directory / name, has_page=page),
                )
            return kept[1]
        except OSError as error:
            return Unreadable(name, _reason(error))
        except DatasetError as error:
            return Unreadable(name, str(error))

    def _has_page(self, name: str) -> bool:
        try:
            return self.file(name, PAGE) is not None
        except DatasetError:
            return False

    def _without_run(self, name: str) -> str:
        """Say why a folder has no run.json: what its summary says, where it says so."""
        summary = self.file(name, _SUMMARY)
        first = _first_line(summary) if summary is not None else ""
        return first.removeprefix("## ") if first.startswith(_WITHOUT_RUN) else _UNFINISHED


def _found(name: str, folder: Path, *, has_page: bool) -> Found | Unreadable:
    """Read a run; what is kept of it for as long as it does not change is small."""
    try:
        whole = read_run(folder)
        if not whole.manifest.get("dataset"):
            return Unreadable(name, f"{RUN} is no report of a run: it names no data set")
        verdict, headline = run_verdict(whole), verdict_headline(whole)
    except DatasetError as error:
        return Unreadable(name, str(error))
    except KeyError as error:
        return Unreadable(name, f"{RUN} is no report of a run: it has no {error}")
    file = RunFile(content={"manifest": whole.manifest, "metrics": list(whole.metrics)})
    return Found(
        name=name,
        folder=folder,
        file=file,
        state=verdict.state,
        verdict=headline,
        has_page=has_page,
    )


def _is_entered(name: str) -> bool:
    return not name.startswith(".") and name not in _NOT_ENTERED


def _is_report(folder: Path, files: Sequence[str]) -> bool:
    if not {RUN, SUPERSEDED, CASES}.isdisjoint(files):
        return True
    return _SUMMARY in files and _first_line(folder / _SUMMARY).startswith(_WITHOUT_RUN)


def _first_line(path: Path) -> str:
    """Return how a text begins; empty where it is no regular file, or a link."""
    if path.is_symlink() or not path.is_file():
        return ""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return shorten(file.readline(_LONGEST), _LONGEST)
    except OSError:
        return ""


def _reason(error: OSError) -> str:
    return f"it cannot be read: {error.strerror or error}"
