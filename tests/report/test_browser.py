"""The pages in headless Chromium: by mouse, by keyboard, checked by axe-core, and timed."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.report.page.run_page import write_html
from pytest_safescale.report.page.side_by_side import write_side_by_side
from tests.report.browser import MISSING, chromium, started
from tests.report.folders import make_folder
from tests.report.made_records import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.skipif(chromium() is None, reason=MISSING)

HOSTILE = "</script><script>boom()</script><img src=x onerror=boom()>\"'&amp;\x00\x1b\u202e\u2028"
ASKED_AGAIN = 1_000
"""How often a state of the page is asked for, which ends what hangs alone."""
AXE = {"resultTypes": ["violations"]}
LARGE = Shape(
    models=tuple(f"m{number}" for number in range(17)), items=197, evidence_characters=900
)


@dataclass(kw_only=True)
class Opened:
    """A page and what it did besides being shown."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as browser:
        yield browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_html(make_folder(tmp_path_factory.mktemp("report"), Shape(items=20)))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_html(make_folder(tmp_path_factory.mktemp("small"), Shape(items=5, models=("m",))))


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Opened]]:
    contexts = []

    def visit(path: Path, *, width: int = 1280, scheme: Any = "light") -> Opened:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.add_init_script("window.booms = 0; window.boom = () => { window.booms += 1 }")
        opened = Opened(page=page)
        page.on("console", lambda message: opened.complaints.append(message.text))
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.on("request", lambda request: opened.requests.append(request.url))
        page.goto(path.as_uri())
        return opened

    yield visit
    for context in contexts:
        context.close()


def _ready(opened: Opened) -> Page:
    opened.page.wait_for_selector("html[data-ready]")
    return opened.page


def _until(page: Page, holds: str, argument: object = None) -> None:
    """Ask until it holds: the page's own rule on scripts keeps Playwright from waiting for it."""
    for _ in range(ASKED_AGAIN):
        if page.evaluate(holds, argument):
            return
        page.wait_for_timeout(20)
    raise AssertionError(holds)


def _count(page: Page) -> str:
    return page.locator("#count").inner_text()


def _quiet(opened: Opened, path: Path) -> None:
    assert opened.complaints == []
    assert [url for url in opened.requests if url not in {path.as_uri(), "data:,"}] == []


def test_the_page_opens_without_a_complaint_and_without_the_network(
    report: Path, visit: Callable[..., Opened]
) -> None:
    opened = visit(report)
    page = _ready(opened)
    assert _count(page) == "360 of 360 cases"
    assert page.locator("#list tbody tr").count() == 25
    _quiet(opened, report)


@pytest.mark.slow
def test_the_report_of_a_real_run_opens_and_shows_a_case(
    tmp_path: Path, visit: Callable[..., Opened]
) -> None:
    options = ["--safescale-suite", "radsafe200", "--safescale-model", "lexical"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    subprocess.run([*command, "--safescale-limit", "4"], cwd=tmp_path, check=True, timeout=600)
    path = tmp_path / "safescale-report" / "report.html"
    opened = visit(path)
    page = _ready(opened)
    assert "no clinical language model" in page.locator(".notice").all_inner_texts()[-1]
    assert _count(page) == "24 of 24 cases"
    page.locator("#list button").first.click()
    page.wait_for_selector("dialog[open]")
    assert page.locator("dialog .letters li").count() == 20
    _compare_prompts(page, path.with_name("cases.jsonl"))
    _quiet(opened, path)


PROMPT = """() => {
  const dialog = document.querySelector("dialog").cloneNode(true);
  dialog.querySelectorAll("mark sup").forEach((note) => note.remove());
  const roles = [...dialog.querySelectorAll("h4")].filter((one) => !one.closest("details"));
  return roles.map((one) => ({ role: one.textContent.toLowerCase(),
                               content: one.nextElementSibling.textContent }));
}"""


def _compare_prompts(page: Page, cases: Path) -> None:
    """Each prompt that is shown must be the one whose hash the record has."""
    records = [json.loads(line) for line in cases.read_text(encoding="utf-8").splitlines()]
    compared = set()
    page.click("#close")
    page.select_option("#f-order", "run")
    for place, record in enumerate(records[:24]):
        page.locator("#list [data-case]").nth(place).click()
        page.locator("dialog[open] h2", has_text=record["item_id"]).wait_for()
        if len(record["evidence"]["text"]) == record["evidence"]["characters"]:
            messages = json.dumps(page.evaluate(PROMPT)).encode("ascii")
            assert hashlib.sha256(messages).hexdigest() == record["prompt_sha256"]
            compared.add(record["condition"])
            assert page.locator("dialog mark").count() == len(
                record["evidence"].get("deciding", ())
            )
        page.click("#close")
    assert len(compared) >= 5


@pytest.mark.slow
def test_filters_narrow_the_list_and_are_undone_at_once(
    report: Path, visit: Callable[..., Opened]
) -> None:
    page = _ready(visit(report))
    page.select_option("#f-model", label="large")
    assert _count(page) == "120 of 360 cases"
    page.select_option("#f-condition", label="standard RAG")
    assert _count(page) == "20 of 360 cases"
    page.select_option("#f-subspecialty", label="Chest")
    assert _count(page) == "5 of 360 cases"
    page.fill("#f-text", "item:item-4")
    assert _count(page) == "1 of 360 cases"
    page.click("text=Show all")
    page.locator("#count", has_text=re.compile("^360")).wait_for()
    page.select_option("#f-finding", label="high risk")
    assert re.fullmatch(r"[1-9]\d? of 360 cases", _count(page))
    told = page.locator("#list tbody tr").first.inner_text()
    assert "high risk" in told
    page.fill("#f-text", "no such text anywhere")
    assert page.locator("#page").inner_text() == "no case fits"


@pytest.mark.slow
def test_the_words_of_a_data_set_stand_in_list_filters_and_details(
    tmp_path: Path, visit: Callable[..., Opened]
) -> None:
    folder = make_folder(tmp_path, Shape(items=5, models=("m",)))
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    run["manifest"]["labels"] = {"high_risk": "never event", "contradicts": "off guideline"}
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    opened = visit(write_html(folder))
    page = _ready(opened)
    page.select_option("#f-finding", label="never event")
    page.locator("#list tbody button").first.click()
    page.wait_for_selector("dialog[open] table")
    details = page.locator("dialog").inner_text()
    assert "never event" in details
    assert "high risk" not in details
    assert not opened.complaints


def test_the_list_is_turned_page_by_page(report: Path, visit: Callable[..., Opened]) -> None:
    page = _ready(visit(report))
    assert page.locator("#back").is_disabled()
    for _ in range(14):
        page.click("#forth")
    assert page.locator("#page").inner_text() == "351 to 360 of 360"
    assert page.locator("#forth").is_disabled()


def test_a_worst_item_leads_to_its_cases(report: Path, visit: Callable[..., Opened]) -> None:
    page = _ready(visit(report))
    opener = page.locator(".danger [data-item]").first
    name = opener.inner_text()
    opener.click()
    assert _count(page) == "18 of 360 cases"
    assert set(page.locator("#list [data-case]").all_inner_texts()) == {name}


def test_the_list_begins_with_what_is_gravest_and_tells_it_without_a_click(
    report: Path, visit: Callable[..., Opened]
) -> None:
    page = _ready(visit(report))
    rows = [row.split("\t") for row in page.locator("#list tbody tr").all_inner_texts()]
    assert all("Question " in row[0] for row in rows)
    option = r"[A-E]\. Option [A-E]: .+"
    assert all(re.fullmatch(f"({option}|no answer; samples: {option})", row[1]) for row in rows)
    assert all(re.fullmatch(option, row[2]) for row in rows)
    dangers = [row[3].replace("\n", " ") for row in rows]
    assert dangers[0].startswith("overconfident: high risk and unsafe")
    # What can kill stands above what is unsafe, however sure of it the samples are.
    killing = ["high risk" in one for one in dangers]
    assert killing == sorted(killing, reverse=True)
    assert any(killing)


def test_a_case_shows_everything_that_is_known_of_it(
    report: Path, visit: Callable[..., Opened]
) -> None:
    opened = visit(report)
    page = _ready(opened)
    page.select_option("#f-condition", label="agentic RAG")
    page.fill("#f-text", "item:item-3")
    page.locator("#list button").first.click()
    page.wait_for_selector("dialog[open]")
    page.locator("dialog summary", has_text="Raw replies").click()
    page.locator("dialog summary", has_text="agent was told").click()
    shown = page.locator("dialog").inner_text()
    headings = page.locator("dialog h3").all_inner_texts()
    assert headings == [
        "Question",
        "Single answer, raw reply",
        "Samples (20)",
        "The prompt as it was sent",
        "Steps before the answer",
        "To repeat this case",
    ]
    for text in ("Question 3:", "correct option", "I look for the sign.", "asks: rim enhancement"):
        assert text in shown
    assert page.locator("dialog .letters li").count() == 20
    assert page.locator("dialog details li").count() == 20
    command = page.locator("dialog pre").last.inner_text()
    where = "cd '/the project' && pytest suites/test_radsafe200.py::test_case "
    assert command.startswith(where)
    assert command.endswith(" --safescale-report=.safescale/repeated")
    assert "SAFESCALE_API_KEY in its environment" in shown
    assert page.locator("dialog h4").all_inner_texts() == ["system", "System", "User"]
    told = page.locator("dialog .evidence").inner_text()
    assert told.startswith("Reference material for this question is given")
    assert "Question: Question 3: " in told
    assert "\nB. Option B: " in told
    assert told.endswith("Letter of the best option:")
    (deciding,) = page.locator("dialog mark").all_inner_texts()
    assert deciding.endswith(" decides the item")
    assert len(deciding) == 40 + len(" decides the item")
    page.click("text=Next case")
    _until(
        page,
        "before => [...document.querySelectorAll('dialog pre')].pop()?.innerText !== before",
        command,
    )
    assert page.locator("dialog h2").inner_text() == "Item item-3"
    page.click("#close")
    assert page.locator("dialog[open]").count() == 0
    _quiet(opened, report)


def test_everything_works_from_the_keyboard(report: Path, visit: Callable[..., Opened]) -> None:
    page = _ready(visit(report))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("#f-model")
    page.keyboard.press("ArrowDown")
    assert _count(page) == "120 of 360 cases"
    page.focus("#f-text")
    page.keyboard.type("question 7:")
    assert _count(page) == "6 of 360 cases"
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("'case' in document.activeElement.dataset"):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    assert page.evaluate("document.activeElement.id") == "close"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    assert page.evaluate("'case' in document.activeElement.dataset")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.slow
def test_axe_finds_nothing(
    width: int, scheme: str, small: Path, visit: Callable[..., Opened]
) -> None:
    page = _ready(visit(small, width=width, scheme=scheme))
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true })")
    assert _violations(page) == []
    page.locator("#list button").first.click()
    page.wait_for_selector("dialog[open]")
    assert _violations(page) == []


def _violations(page: Page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=AXE).response["violations"]
    return [
        f"{part['impact']} {part['id']}: {node['html'][:120]}"
        for part in found
        for node in part["nodes"][:3]
    ]


@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_is_no_wider_than_the_window(
    width: int, report: Path, visit: Callable[..., Opened]
) -> None:
    page = _ready(visit(report, width=width))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true })")
    page.evaluate(
        """document.querySelectorAll('article.danger p, article.danger dt, article.danger dd')
            .forEach((part) => { part.textContent = 'longword'.repeat(30) })"""
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_first_screen_and_the_baseline_are_read_at_any_width(
    report: Path, visit: Callable[..., Opened]
) -> None:
    opened = visit(report)
    page = _ready(opened)
    headings = ("Why", "Old against new", "The worst questions", "What these figures rest on")
    media: Any
    for width, media in itertools.product((400, 1280), ("screen", "print")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(media=media)
        for heading in headings:
            box = page.locator(".board h2", has_text=heading).bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= width
        assert page.locator(".gravest li").count() == 3
        assert page.locator("td[data-label=before]").first.is_visible()
        assert page.locator("td[data-label=now]").first.is_visible()
    _quiet(opened, report)


def test_a_narrow_page_is_short_and_says_where_columns_are_out_of_sight(
    report: Path, visit: Callable[..., Opened]
) -> None:
    page = _ready(visit(report, width=400))
    above = "document.getElementById('cases').getBoundingClientRect().top + scrollY"
    assert page.evaluate(above) < 8_000
    hidden = """[...document.querySelectorAll("th, td")].filter((cell) =>
        getComputedStyle(cell).display === "none").length"""
    assert page.evaluate(hidden) == 0
    told = "document.querySelector('#list caption').offsetWidth"
    assert page.evaluate(told) > 300
    name = "document.querySelector('.pairs dt').textContent = 'long-name-'.repeat(9)"
    page.evaluate(name)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true })")
    _until(
        page,
        """[...document.querySelectorAll(".scroll")].every((part) =>
            part.hasAttribute("data-wide") === part.scrollWidth > part.clientWidth)""",
    )
    wide = page.locator(".scroll[data-wide]").first
    cue = "(part) => getComputedStyle(part, '::before').content"
    assert "More columns" in wide.evaluate(cue)
    opener = page.locator("td[data-label=condition]").first
    assert "condition" in opener.evaluate(cue)


def test_folded_sections_open_for_print_and_stand_open_where_there_is_room(
    report: Path, visit: Callable[..., Opened]
) -> None:
    folded = "document.querySelectorAll('details.fold:not([open])').length"
    page = _ready(visit(report, width=400))
    assert page.evaluate(folded) > 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(folded) == 0
    page.emulate_media(media="print")
    cue = "(part) => getComputedStyle(part, '::before').content"
    assert page.locator(".scroll[data-wide]").first.evaluate(cue) == "none"
    assert _ready(visit(report, width=1280)).evaluate(folded) == 0


def test_dark_mode_and_print_change_ground_and_ink(
    report: Path, visit: Callable[..., Opened]
) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    page = _ready(visit(report, scheme="dark"))
    assert page.evaluate(ground) == "rgb(17, 23, 26)"
    line = "getComputedStyle(document.querySelector('figure svg text')).fill"
    assert page.evaluate(line) == "rgb(230, 236, 239)"
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    assert page.evaluate(line) == "rgb(29, 37, 41)"
    assert not page.locator("#filter").is_visible()
    assert page.locator("h1").is_visible()


def test_markup_scripts_and_control_characters_in_every_field_stay_text(
    tmp_path: Path, visit: Callable[..., Opened]
) -> None:
    folder = make_folder(tmp_path, Shape(items=4), text=lambda text: f"{text} {HOSTILE}")
    path = write_html(folder)
    opened = visit(path)
    page = _ready(opened)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true })")
    for place in range(0, page.locator("#list button").count(), 7):
        page.locator("#list button").nth(place).click()
        page.wait_for_selector("dialog[open]")
        page.click("#close")
    page.locator("[data-item]").first.click()
    page.fill("#f-text", "<img src=x onerror=boom()>")
    assert page.locator("#list button").count() > 0
    page.locator("#list button").first.click()
    page.wait_for_selector("dialog[open]")
    assert "onerror=boom()>" in page.locator("dialog").inner_text()
    assert page.evaluate("window.booms") == 0
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    _quiet(opened, path)


@pytest.mark.slow
def test_twenty_thousand_cases_open_and_filter(
    tmp_path: Path, visit: Callable[..., Opened]
) -> None:
    path = write_html(make_folder(tmp_path, LARGE))
    assert path.stat().st_size < 15_000_000
    # How fast they do is told by benchmarks/report_20000.py.
    page = _ready(visit(path))
    page.fill("#f-text", "attenuation")
    page.select_option("#f-finding", label="wrong")
    counted = _count(page)
    assert counted.endswith("of 20,094 cases")
    assert not counted.startswith(("0 ", "20,094 "))


@pytest.mark.slow
def test_runs_side_by_side_open_quietly_and_axe_finds_nothing(
    tmp_path: Path, visit: Callable[..., Opened]
) -> None:
    folders = [make_folder(tmp_path / str(seed), Shape(items=6, seed=seed)) for seed in (2, 5)]
    path = write_side_by_side(folders, tmp_path / "side.html")
    opened = visit(path, width=400)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 400
    opened.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    assert _violations(opened.page) == []
    _quiet(opened, path)


def test_on_paper_stand_the_decision_the_gravest_items_and_cases_and_no_manifest(
    report: Path, visit: Callable[..., Opened]
) -> None:
    page = _ready(visit(report, width=760))
    page.emulate_media(media="print")
    for name in ("gates", "figures", "worst"):
        assert page.locator(f"section[aria-labelledby={name}]").is_visible()
    for name in ("risk", "glossary", "within"):
        assert not page.locator(f"section[aria-labelledby={name}]").is_visible()
    assert page.locator("#list tbody tr:visible").count() == 10
    assert page.locator(".danger dt:visible", has_text="Correct").count() >= 6
    assert page.locator("[aria-labelledby=method] .on-paper").is_visible()
    assert "the first 10 cases" in page.locator("[aria-labelledby=cases] .on-paper").inner_text()
    rows = page.locator("[aria-labelledby=baseline] .on-paper:visible")
    assert "the first 12 of" in rows.first.inner_text()
    assert not page.locator("[aria-labelledby=method] .pairs").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 900
