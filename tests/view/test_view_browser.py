"""The pages in headless Chromium: from run to comparison to case to report, checked by axe-core."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.report.page.run_page import write_html
from pytest_safescale.view.pages import Pages
from pytest_safescale.view.server import ViewServer
from tests.report.browser import MISSING, chromium, started

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [pytest.mark.skipif(chromium() is None, reason=MISSING), pytest.mark.slow]


def test_a_reader_goes_from_the_runs_to_a_comparison_a_case_and_a_report(copied: Path) -> None:
    write_html(copied / "may" / "new")
    complaints: list[str] = []
    requests: list[str] = []
    with ViewServer(Pages(copied)) as server, started() as browser:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            for width, scheme in ((1280, "light"), (400, "dark")):
                size: Any = {"width": width, "height": 900}
                dark: Any = scheme
                context = browser.new_context(viewport=size, color_scheme=dark)
                page = context.new_page()
                page.on("console", lambda message: complaints.append(message.text))
                page.on("pageerror", lambda error: complaints.append(str(error)))
                page.on("request", lambda request: requests.append(request.url))
                page.goto(server.address)
                _walk(page)
                context.close()
        finally:
            server.shutdown()
            thread.join()
    assert complaints == []
    assert [url for url in requests if not url.startswith((server.address, "data:,"))] == []


def _walk(page: Page) -> None:
    _fine(page)
    page.get_by_label("before: may/old").check()
    page.get_by_label("now: may/new").check()
    page.get_by_role("button", name="Compare the two chosen").click()
    assert page.title() == "may/new against may/old"
    _fine(page)
    page.get_by_role("link", name="item-1", exact=True).first.click()
    assert page.title() == "Item item-1 across runs"
    _fine(page)
    page.get_by_role("link", name="Trends").click()
    page.get_by_label("Figure", exact=True).select_option("single:high_risk_error_rate")
    page.get_by_role("button", name="Show", exact=True).click()
    mark = page.locator(".panel svg [data-told]").first
    mark.hover()
    assert "high risk error rate" in (mark.get_attribute("data-told") or "")
    _fine(page)
    page.get_by_role("link", name="may/new").first.click()
    page.wait_for_selector("html[data-ready]")
    assert (
        page.evaluate("() => { try { return localStorage.length } catch { return 'none' } }")
        == "none"
    )


def _fine(page: Page) -> None:
    """Hold a page to what axe sees, and to its width."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], one["impact"]) for one in found] == []
    sizes = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert sizes[0] <= sizes[1], page.title()
