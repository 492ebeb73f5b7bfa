"""report.html: may it be deployed, where is it dangerous, is it better, why, and how is it known.

The page is made of the report folder's own files, run.json and cases.jsonl, and of nothing else.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.layer_comparisons import LAYERS
from pytest_safescale.report.attribution_lines import attribution_sentences
from pytest_safescale.report.label_rule_lines import label_rule_sentences
from pytest_safescale.report.page.all_charts import FIRST, drawn_charts
from pytest_safescale.report.page.analysis_tables import analysis_tables
from pytest_safescale.report.page.attribution_tables import attribution_tables
from pytest_safescale.report.page.case_facts import GRAVITY, items_of
from pytest_safescale.report.page.changed_items import changed_cases
from pytest_safescale.report.page.earlier_runs import earlier_runs
from pytest_safescale.report.page.first_screen import first_screen
from pytest_safescale.report.page.gate_demands import demands
from pytest_safescale.report.page.layer_tables import layer_tables
from pytest_safescale.report.page.legend import (
    GLOSSARY,
    column_meanings,
    condition_meanings,
    label_meanings,
)
from pytest_safescale.report.page.method_references import definitions
from pytest_safescale.report.page.packed_cases import script_json
from pytest_safescale.report.page.page_cases import PageCases
from pytest_safescale.report.page.page_tables import (
    counterexamples,
    every_figure,
    figure_table,
    indexed_comparisons,
    method,
)
from pytest_safescale.report.page.prompts import prompts_of
from pytest_safescale.report.page.repair_table import repair_tables
from pytest_safescale.report.page.robustness_table import robustness_tables
from pytest_safescale.report.page.shell import page_parts, render_page
from pytest_safescale.report.page.strata_chart import strata_tables
from pytest_safescale.report.page.worst_items import OF_LABEL, worst_items
from pytest_safescale.report.page.worst_sentences import worst_sentences
from pytest_safescale.report.repair_lines import repair_sentences
from pytest_safescale.report.state_lines import STATES, forms_text, states_of_models
from pytest_safescale.report.wording import model_label
from pytest_safescale.results.label_words import label_sentence
from pytest_safescale.results.profile_rows import has_profiles, profile_names
from pytest_safescale.results.run_file import read_cases, read_run
from pytest_safescale.results.severity_facts import severity_in, severity_sentence

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_safescale.results.run_file import RunFile

__all__ = ["write_html"]

WORST = 20
"""Most items that are told as the worst."""
GRAVEST = 3
"""Of those, the most that stand on the first screen."""
COUNTEREXAMPLES = 100
"""Most counterexamples on the page; run.json has them all."""
_TEMPLATE = "report.html.j2"
_SCRIPTS = ("charts.js", "report.js")
_DATA = '<script type="application/json" id="data">'
_ERRORS = 12


def write_html(folder: Path, *, own: bool = False, cases: PageCases | None = None) -> Path:
    """Write ``report.html`` from the folder's run.json and cases.jsonl; returns its path.

    It stays under 3 MB for 1,200 cases and under 15 MB for 20,000: where the texts are longer,
    they are cut with a note. ``own`` as in ``read_cases``; ``cases`` are those of the folder where
    they were taken in as they were written. Raises DatasetError where a file cannot be read.
    """
    run = read_run(folder, own=own)
    cases = _read(folder, run, own=own) if cases is None else cases
    content = _content(run, cases)
    cases.facts.clear()  # all is told of them: the page needs the room
    parts = page_parts(scripts=_SCRIPTS)
    page = render_page(_TEMPLATE, **content, page=parts)
    budget = _budget(content["cases"]["count"]) - len(page.encode("utf-8"))
    packed = cases.packer.pack(budget)
    if packed.limit is not None:  # the page says so
        content["cases"] = {"count": packed.cases, "limit": packed.limit}
        page = render_page(_TEMPLATE, **content, page=parts)
    data = {
        **packed.content,
        "named": run.named | {one: OF_LABEL[one] for one in OF_LABEL.keys() - run.named},
        "gravity": GRAVITY,
        "prompts": prompts_of(run.manifest),
        "environment": run.manifest["repeat"]["environment"] if "repeat" in run.manifest else [],
    }
    path = folder / "report.html"
    # What users write is escaped, so that the element of the data is the first that looks so.
    before, element, after = page.partition(_DATA)
    text = f"{before}{element}{script_json(data)}{after}"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _budget(cases: int) -> int:
    """Return the bytes a page may take: 2.9 MB to 1,200 cases, 14.5 MB at 20,000, then alike."""
    per_case = (14_500_000 - 2_900_000) / (20_000 - 1_200)
    return 2_900_000 + round(per_case * max(0, cases - 1_200))


def _read(folder: Path, run: RunFile, *, own: bool) -> PageCases:
    cases = PageCases(
        severity_in(run.manifest), repeat=run.manifest.get("repeat"), beside=changed_cases(run)
    )
    for record in read_cases(folder, run, own=own):
        cases.add(record)
    return cases


def _content(run: RunFile, cases: PageCases) -> dict[str, Any]:
    items, named = items_of(cases.facts), run.named
    worst = list(islice((item for item in items if item.cells), WORST))
    shown = worst_items(worst, cases.packer.items, named)
    charts = sorted(drawn_charts(run, cases.facts), key=lambda drawn: not drawn.wide)
    return {
        "run": run,
        "manifest": run.manifest,
        "notices": [notice.rstrip(".") for notice in run.manifest.get("notices", ())],
        "models": [model_label(name) for name in run.models],
        "profiles": profile_names(run.manifest) if has_profiles(run.manifest) else [],
        "first": first_screen(run),
        "gravest": [worst_sentences(item) for item in shown[:GRAVEST]],
        "gates": demands(
            run.gates, word=run.word, facts=cases.facts, texts=cases.packer.items, named=named
        ),
        "gate_rows": run.gates,
        "label_rules": label_rule_sentences(run.analyses),
        "headings": column_meanings(run.manifest),
        "conditions_told": condition_meanings(run),
        "labels_meant": label_meanings(named),
        "glossary": GLOSSARY,
        "labels_told": label_sentence(run.manifest),
        "severities_told": severity_sentence(run.manifest),
        "table": figure_table(run),
        "every": every_figure(run),
        "states": [
            (model, counts, forms_text(counts))
            for model, counts in states_of_models(run.manifest).items()
        ],
        "state_names": STATES,
        # The broad ones first, so that the narrow stand two in a row without a hole.
        "charts": [one for one in charts if one.chart.name in FIRST],
        "more_charts": [one for one in charts if one.chart.name not in FIRST],
        "layers": layer_tables(run.analyses),
        "against_base": indexed_comparisons(run, LAYERS),
        "analyses": [*strata_tables(run.base), *analysis_tables(run.analyses, named)],
        "why": [
            *attribution_tables(run.analyses),
            *repair_tables(run.manifest, run.comparisons),
        ],
        "why_told": [
            *attribution_sentences(run.analyses),
            *repair_sentences(run.manifest, run.comparisons),
        ],
        "worst": shown,
        "dangerous": sum(item.has_any("high_risk", "unsafe") for item in items),
        "item_count": len(items),
        "named": {"high_risk": "high-risk", "unsafe": "unsafe"} | named,
        "cases": {"count": len(cases.facts), "limit": None},
        "earlier": earlier_runs(run, cases.packer.items, cases.said),
        "within": [
            (kind, entries)
            for kind in ("profile", "condition", "model")
            if (entries := indexed_comparisons(run, kind))
        ],
        "robustness": robustness_tables(run.metrics),
        "counterexamples": counterexamples(run.counterexamples[:COUNTEREXAMPLES]),
        "further_counterexamples": max(0, len(run.counterexamples) - COUNTEREXAMPLES),
        "method": method(run.manifest),
        "errors": cases.errors.most_common(_ERRORS),
        "definitions": definitions(run),
        "manifest_text": json.dumps(run.manifest, indent=1, ensure_ascii=False),
    }
