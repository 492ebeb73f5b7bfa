"""Charts in headless Chromium: values by mouse and keyboard, series, print, without scripts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.report.page.run_page import write_html
from pytest_safescale.report.page.side_by_side import write_side_by_side
from tests.report.browser import MISSING, chromium, started
from tests.report.folders import make_folder
from tests.report.made_records import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.skipif(chromium() is None, reason=MISSING), pytest.mark.slow]

LONG = "organisation/a-very-long-name-of-a-model-instruct-2026-05-preview-{}b"
SCATTER = "#chart-accuracy-risk"
UNREADABLE = """() => {
  const found = [];
  const meet = (a, b) =>
    a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom;
  document.querySelectorAll(".panel svg").forEach((svg) => {
    const frame = svg.getBoundingClientRect(), chart = svg.closest("figure").id;
    const inside = (r) => r.left >= frame.left - 0.5 && r.right <= frame.right + 0.5 &&
      r.top >= frame.top - 0.5 && r.bottom <= frame.bottom + 0.5;
    const placed = (part) => [part.textContent, part.getBoundingClientRect()];
    const texts = [...svg.querySelectorAll("text")].map(placed);
    texts.forEach(([words, box], at) => {
      if (!inside(box)) found.push([chart, "leaves the frame", words]);
      texts.slice(at + 1).forEach(([others, other]) => {
        if (meet(box, other)) found.push([chart, "touches", words, others]);
      });
    });
    svg.querySelectorAll(".mark").forEach((mark) => {
      const box = mark.getBoundingClientRect();
      if (!inside(box)) found.push([chart, "leaves the frame", mark.dataset.told]);
    });
  });
  return found;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as browser:
        yield browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = tuple(LONG.format(size) for size in (1, 7, 13, 34, 70, 405))
    return write_html(make_folder(tmp_path_factory.mktemp("charts"), Shape(items=8, models=models)))


@contextmanager
def _opened(browser: Browser, path: Path, **options: Any) -> Iterator[Page]:
    width = options.pop("width", 1280)
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    page = context.new_page()
    page.goto(path.as_uri())
    yield page
    context.close()


def _unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true })")


@pytest.mark.parametrize("width", [400, 1280])
def test_no_label_touches_another_or_leaves_its_frame(
    browser: Browser, report: Path, width: int
) -> None:
    with _opened(browser, report, width=width) as page:
        _unfold(page)
        assert page.evaluate(UNREADABLE) == []
        section = page.locator('section[aria-labelledby="charts"]')
        assert section.evaluate("part => part.scrollWidth") <= width


@pytest.mark.parametrize("width", [400, 1280])
def test_a_mark_tells_its_figure_under_the_pointer(
    browser: Browser, report: Path, width: int
) -> None:
    with _opened(browser, report, width=width) as page:
        _unfold(page)
        mark = page.locator(f"{SCATTER} .mark").first
        mark.scroll_into_view_if_needed()
        box = mark.bounding_box()
        assert box
        readout = page.locator(f"{SCATTER} .readout").first
        assert not readout.is_visible()
        page.mouse.move(box["x"] + box["width"] / 2 + 3, box["y"] + box["height"] / 2)
        # Marks that lie on each other are told together.
        read = page.locator(f"{SCATTER} .mark.read")
        where = read.get_attribute("transform")
        same = page.locator(f"{SCATTER} .panel").first.locator(f'.mark[transform="{where}"]')
        told = same.evaluate_all("marks => marks.map((mark) => mark.dataset.told)")
        assert readout.inner_text().split("\n") == told
        page.mouse.move(box["x"] + box["width"] / 2, 0)
        assert not readout.is_visible()


def test_arrow_keys_go_from_mark_to_mark_and_each_says_its_figure(
    browser: Browser, report: Path
) -> None:
    with _opened(browser, report) as page:
        panel = page.locator(f"{SCATTER} .panel").first
        marks = panel.locator(".mark")
        assert panel.locator('.mark[tabindex="0"]').count() == 1
        panel.locator('.mark[tabindex="0"]').focus()
        for _ in range(marks.count()):
            page.keyboard.press("ArrowLeft")
        visited = []
        for _ in range(marks.count()):
            told = page.evaluate("document.activeElement.dataset.told")
            visited.append((page.evaluate("+document.activeElement.dataset.x"), told))
            assert page.evaluate("document.activeElement.getAttribute('aria-label')") == told
            assert panel.locator(".readout").inner_text() == told
            page.keyboard.press("ArrowRight")
        assert [x for x, _ in visited] == sorted(x for x, _ in visited)
        assert len(set(visited)) == marks.count() == 7
        page.keyboard.press("Escape")
        assert not panel.locator(".readout").is_visible()


def test_a_name_of_the_legend_hides_its_series_on_screen_and_not_in_print(
    browser: Browser, report: Path
) -> None:
    with _opened(browser, report) as page:
        button = page.locator(f"{SCATTER} .legend button").last
        at = button.evaluate("node => node.parentElement.dataset.series")
        own = page.locator(f'{SCATTER} .panel .mark[data-series="{at}"]')
        assert own.first.is_visible()
        button.press("Enter")
        assert button.get_attribute("aria-pressed") == "false"
        assert not own.first.is_visible()
        assert page.locator(f"{SCATTER} .panel .mark:visible").count() > 0
        page.emulate_media(media="print")
        assert own.first.is_visible()
        page.emulate_media(media="screen")
        button.press("Enter")
        assert own.first.is_visible()


def test_in_print_the_charts_that_are_folded_are_shown(browser: Browser, report: Path) -> None:
    with _opened(browser, report) as page:
        folded = page.locator("details.more .panel svg").first
        assert not folded.is_visible()
        page.emulate_media(media="print")
        assert folded.is_visible()


def test_without_scripts_charts_stand_with_a_legend_and_promise_nothing(
    browser: Browser, report: Path
) -> None:
    with _opened(browser, report, java_script_enabled=False, color_scheme="dark") as page:
        assert page.locator(f"{SCATTER} .mark").first.is_visible()
        assert page.locator(f"{SCATTER} .legend li").first.is_visible()
        assert page.locator(f"{SCATTER} .legend button").count() == 0
        assert not page.locator(".with-script").first.is_visible()


def test_charts_of_runs_side_by_side_can_be_read_by_keyboard_too(
    browser: Browser, tmp_path: Path
) -> None:
    shapes = [Shape(items=4, conditions=("closed_book",), seed=seed) for seed in (1, 2)]
    folders = [make_folder(tmp_path / str(shape.seed), shape) for shape in shapes]
    with _opened(browser, write_side_by_side(folders, tmp_path / "side.html")) as page:
        page.locator('#chart-trend-accuracy .mark[tabindex="0"]').focus()
        told = page.locator("#chart-trend-accuracy .readout.on").inner_text()
        assert told.startswith("run 1, ")
        assert page.locator("#chart-trend-accuracy .legend button").count() > 1
