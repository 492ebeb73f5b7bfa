"""The items of a run, and one item across runs: what each model answered each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.analysis.shared_items import shared_items
from pytest_safescale.errors import DatasetError
from pytest_safescale.report.page.case_facts import fact_of, items_of
from pytest_safescale.report.page.item_texts import item_texts
from pytest_safescale.report.page.worst_items import option_of
from pytest_safescale.report.plain_words import in_words
from pytest_safescale.results.baseline import beginning_of, item_marks
from pytest_safescale.results.case_record import cell_of
from pytest_safescale.results.label_words import finding_word
from pytest_safescale.results.record_lines import CASES, read_cases_of
from pytest_safescale.results.run_file import read_cases
from pytest_safescale.results.severity_facts import severity_in
from pytest_safescale.results.state_counts import case_state
from pytest_safescale.view.folders import Unreadable
from pytest_safescale.view.trend_page import notices_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.report.page.case_facts import Fact
    from pytest_safescale.report.page.worst_items import OptionShown
    from pytest_safescale.results.case_record import CaseRecord
    from pytest_safescale.view.folders import Found, Look, ReportFolders

__all__ = ["case_page", "items_page"]

PER_PAGE = 100


class AnswerShown(NamedTuple):
    """What one model answered in one run under one condition."""

    run: Found
    model: str
    condition: str
    option: OptionShown | None
    """``None`` where the reply commits to none."""
    right: bool
    told: str
    """What became of a reply without an option."""
    said: str
    """How the reply began; empty where it was a letter alone."""
    majority: OptionShown | None
    """Of the samples; ``None`` where none were drawn or none names an option."""
    confidence: float | None
    """The share of the samples that give it, from 0 to 1."""
    findings: Sequence[str]
    """In the words of the run's data set, the gravest first."""


def case_page(
    folders: ReportFolders, look: Look, item_id: str, *, first: str = "", condition: str = ""
) -> dict[str, Any]:
    """Return what the template takes of an item: its texts, and every answer to it.

    ``first`` names the run whose item it is, of several with one id; without it the last run that
    has the item. ``condition`` narrows; empty is every one.
    """
    runs = sorted(look.runs, key=lambda run: run.name != first)
    found: list[tuple[Found, Sequence[CaseRecord]]] = []
    unreadable: list[Unreadable] = []
    other: list[str] = []
    for run in runs:
        try:
            records = _cases_of(folders, run, item_id)
        except DatasetError as error:
            unreadable.append(Unreadable(run.name, str(error)))
            continue
        if records and found and not _same_item(records[0], found[0][1][0]):
            other.append(run.name)
        elif records:
            found.append((run, records))
    found.sort(key=lambda one: look.runs.index(one[0]))
    answers = [_answer(run, record) for run, records in found for record in records]
    conditions = list(dict.fromkeys(answer.condition for answer in answers))
    shown = [name for name in conditions if condition in {"", name}]
    return {
        "item_id": item_id,
        "item": _texts(found, first),
        "named": found[0][0].file.named if found else {},
        "runs": [run for run, _ in found],
        "conditions": [(name, in_words(name)) for name in conditions],
        "condition": condition,
        "groups": [(name, [one for one in answers if one.condition == name]) for name in shown],
        "unreadable": unreadable,
        "other": other,
        **notices_of([run for run, _ in found]),
    }


def _cases_of(folders: ReportFolders, run: Found, item_id: str) -> list[CaseRecord]:
    path = folders.file(run.name, CASES)
    return [] if path is None else list(read_cases_of(path, item_id, run.manifest.get("run_id")))


def _same_item(one: CaseRecord, other: CaseRecord) -> bool:
    """Say whether two records are about one item, by the rule by which runs are compared."""
    return bool(shared_items(item_marks([one]), item_marks([other])).ids)


def _texts(
    found: Sequence[tuple[Found, Sequence[CaseRecord]]], first: str
) -> dict[str, Any] | None:
    if not found:
        return None
    run, records = next((one for one in found if one[0].name == first), found[0])
    texts = item_texts(records[0], severity_in(run.manifest))
    options = [option_of(texts, one[0], run.file.named) for one in texts["options"]]
    return {**texts, "options": options}


def _answer(run: Found, record: CaseRecord) -> AnswerShown:
    texts = item_texts(record, severity_in(run.manifest))
    single, samples = record["greedy"], record["samples"]
    letter = single["letter"] if single else None
    majority = samples.get("majority") if samples else None
    named = run.file.named
    state = case_state(record).value
    model, condition = cell_of(record)
    return AnswerShown(
        run=run,
        model=model,
        condition=condition,
        option=None if letter is None else option_of(texts, letter, named),
        right=letter is not None and letter == record["truth"],
        told="" if letter else f"the call failed: {record['error']}" if record["error"] else state,
        said=beginning_of(record),
        majority=None if majority is None else option_of(texts, majority, named),
        confidence=samples.get("confidence") if samples else None,
        findings=[finding_word(named, one) for one in record["findings"]],
    )


def items_page(run: Found, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the template takes of the items of a run, the gravest first.

    ``query`` has ``text``, which id or question must hold, and ``from``, the place of the first
    that is shown. Raises DatasetError where the cases cannot be read.
    """
    severity = severity_in(run.manifest)
    facts: list[Fact] = []
    questions: dict[str, str] = {}
    for record in read_cases(run.folder, run.file):
        facts.append(fact_of(record, severity))
        questions.setdefault(record["item_id"], record.get("question") or "")
    text = query.get("text", "").strip().lower()
    graded = {item.item_id: item for item in items_of(facts)}
    names = [*graded, *(name for name in questions if name not in graded)]
    kept = [name for name in names if text in f"{name}\n{questions[name]}".lower()]
    start = _place(query.get("from", ""), len(kept))
    return {
        "run": run,
        "query": query,
        **notices_of([run]),
        "all": len(names),
        "many": len(kept),
        "start": start,
        "step": PER_PAGE,
        "items": [
            (name, questions[name], graded.get(name)) for name in kept[start : start + PER_PAGE]
        ],
        "named": run.file.named,
    }


def _place(given: str, many: int) -> int:
    """Return a place in a list of so many; what is no such number is the first."""
    place = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0
    return place if place < many else 0
