"""The pages by their paths: what each is asked with, and what it answers."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from pytest_safescale.errors import UsageError
from pytest_safescale.report.page.shell import page_parts, render_page
from pytest_safescale.results.record_lines import CASES
from pytest_safescale.view.case_page import case_page, items_page
from pytest_safescale.view.compare_page import compare_page
from pytest_safescale.view.folders import PAGE, ReportFolders
from pytest_safescale.view.run_list import run_list
from pytest_safescale.view.trend_page import trend_page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_safescale.view.folders import Found, Look

__all__ = ["Page", "Pages"]

_FOREIGN = (
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
)
"""What a report.html may do, whoever wrote it: run its own scripts, and neither read these pages
nor ask anything of anyone."""


class Page(NamedTuple):
    """What is sent."""

    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    policy: str = ""
    """A Content-Security-Policy beside the page's own."""


class Pages:
    """The pages over the report folders below a directory; each looks at the folders anew."""

    def __init__(self, directory: Path) -> None:
        """``directory`` must be resolved."""
        self._folders = ReportFolders(directory=directory)
        self._pages: Mapping[str, Callable[[Look, Mapping[str, str]], Page]] = {
            "": self._runs,
            "trends": self._trends,
            "compare": self._compare,
            "items": self._items,
            "case": self._case,
            "report": self._report,
        }

    def page(self, name: str, query: Mapping[str, str]) -> Page | None:
        """Return a page by its name, ``""`` for the first; ``None`` for none of these."""
        make = self._pages.get(name)
        return None if make is None else make(self._folders.look(), query)

    def _runs(self, look: Look, query: Mapping[str, str]) -> Page:
        return _rendered("runs", **run_list(self._folders.directory, look, query))

    def _trends(self, look: Look, query: Mapping[str, str]) -> Page:
        return _rendered("trends", scripts=("charts.js",), **trend_page(look, query))

    def _compare(self, look: Look, query: Mapping[str, str]) -> Page:
        before, now = (look.run(query.get(key, "")) for key in ("before", "now"))
        if before is None or now is None or before is now:
            return _refused("Two runs are compared: choose one as before and another as now")
        try:
            self._require_cases(before, now)
            content = compare_page(before, now)
        except UsageError as error:
            return _refused(f"{now.name} cannot be compared with {before.name}: {error}")
        rest = "are told by safescale compare"
        return _rendered("compare", **content, case_at=_case_at(now), all_stand=rest)

    def _items(self, look: Look, query: Mapping[str, str]) -> Page:
        run = look.run(query.get("run", ""))
        if run is None:
            return _no_such_run()
        try:
            self._require_cases(run)
            content = items_page(run, query)
        except UsageError as error:
            return _refused(f"The cases of {run.name} cannot be read: {error}")
        return _rendered("items", **content, case_at=_case_at(run))

    def _case(self, look: Look, query: Mapping[str, str]) -> Page:
        item, run = query.get("item", "").strip(), query.get("run", "")
        condition = query.get("condition", "")
        content = case_page(self._folders, look, item, first=run, condition=condition)
        return _rendered("case", **content, run_name=run)

    def _report(self, look: Look, query: Mapping[str, str]) -> Page:
        run = look.run(query.get("run", ""))
        if run is None:
            return _no_such_run()
        path = self._folders.file(run.name, PAGE) if run.has_page else None
        if path is None:
            again = f"safescale report writes {PAGE} from its other files"
            return _refused(f"{run.name} has no {PAGE}: {again}", HTTPStatus.NOT_FOUND)
        return Page(path.read_bytes(), policy=_FOREIGN)

    def _require_cases(self, *runs: Found) -> None:
        """Raise DatasetError for a run whose cases lead out of the directory."""
        for run in runs:
            self._folders.file(run.name, CASES)


def _case_at(run: Found) -> str:
    """Return how links to the items of a run begin."""
    return f"case?{urlencode({'run': run.name})}&item="


def _rendered(name: str, *, scripts: tuple[str, ...] = (), **content: Any) -> Page:
    parts = page_parts(scripts=scripts, forms=True)
    return Page(render_page(f"view/{name}.html.j2", page=parts, **content).encode("utf-8"))


def _refused(why: str, status: HTTPStatus = HTTPStatus.OK) -> Page:
    """Return a page that says why there is nothing to see."""
    parts = page_parts(forms=True)
    text = render_page("view/refused.html.j2", page=parts, why=why.rstrip("."))
    return Page(text.encode("utf-8"), status)


def _no_such_run() -> Page:
    return _refused("No run of that name is there any more", HTTPStatus.NOT_FOUND)
