"""What a user writes, with types: mypy reads it as it stands, and pytest runs it as its plugin."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale import (
    FAMILIES,
    RELATIONS,
    Answer,
    Budget,
    CaseMetric,
    Completeness,
    Condition,
    Counterexample,
    Dataset,
    Edits,
    EndpointFacts,
    Evidence,
    EvidenceCondition,
    Gate,
    GateInputs,
    GateResult,
    Item,
    Material,
    MeaningPreserving,
    Metric,
    Model,
    ModelInfo,
    Nature,
    NotApplicable,
    Observed,
    Probe,
    Relation,
    Reply,
    Request,
    Resources,
    SafescaleCase,
    SafescaleRobustness,
    SearchReport,
    Trial,
    UsageError,
    Variant,
    expect,
    family,
    inserted,
    judge_gates,
    load_dataset,
    parse_gates,
    read_answer,
    reproduce,
    search,
    search_concurrently,
    several,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hypothesis import strategies as st


@dataclass(frozen=True)
class Titled:
    """A condition that shows the first line of the evidence."""

    name: str = "titled"
    summary: str = "The first line of the evidence."

    def lacks(self, item: Item, *, corpus: bool) -> str | None:
        return None if item.clean_evidence else "no clean evidence"

    async def gather(self, item: Item, resources: Resources) -> Evidence:
        return Evidence(text=(item.clean_evidence or "").splitlines()[0])


def pytest_safescale_conditions(config: pytest.Config) -> Sequence[Condition]:
    key = EvidenceCondition(
        name="key_fact_only", summary="The deciding sentence.", evidence=lambda item: item.key_fact
    )
    return [Titled(), key]


@dataclass
class FirstOption:
    """A model that always says A."""

    info: ModelInfo
    facts: EndpointFacts = field(default_factory=EndpointFacts)

    async def ask(self, request: Request) -> Sequence[Reply]:
        return [Reply(text="A") for _ in request.samples]

    async def aclose(self) -> None:
        """It holds nothing."""


def pytest_safescale_make_model(config: pytest.Config, spec: str) -> Model | None:
    if spec != "first":
        return None
    info = ModelInfo(name=spec, provider="mine", model=spec, nature=Nature.MODEL, revision="1")
    return FirstOption(info)


def letters(case: Mapping[str, Any]) -> float:
    return float(len(case["greedy"]["text"]))


def pytest_safescale_metrics(config: pytest.Config) -> Sequence[CaseMetric]:
    return [CaseMetric(name="reply_letters", definition="Mean length.", value=letters)]


def pytest_safescale_gates(
    config: pytest.Config, metrics: Sequence[Metric]
) -> Sequence[Mapping[str, Any]]:
    return [{"metric": "reply_letters", "max": max([1.0, *(row.value or 0 for row in metrics)])}]


@family("printed")
def printed(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """A line that says when the text was printed."""
    if not material.sentences:
        return NotApplicable(reason="no evidence is shown")
    return several(inserted("printed", ("Printed on a Monday.",), [0, material.end]))


class NeverAbstains(Relation):
    """An answer must not be lost."""

    def broken(self, trial: Trial) -> str | None:
        return "lost" if trial.chosen_before and not trial.chosen_after else None


def pytest_safescale_relations(config: pytest.Config) -> Sequence[Relation]:
    return [MeaningPreserving(printed), NeverAbstains(printed, name="printed_kept")]


def names_an_option(case: SafescaleCase) -> bool:
    return case.verdict.letter in [option.letter for option in case.item.options]


@pytest.mark.safescale(conditions=["titled", "key_fact_only"])
def test_a_case(safescale_case: SafescaleCase) -> None:
    expect(safescale_case).answered().within("A", "B").satisfies(names_an_option, "to be one")
    assert safescale_case.condition in ("titled", "key_fact_only")


@pytest.mark.safescale(where=lambda item: bool(item.clean_evidence))
def test_a_relation(safescale_robustness: SafescaleRobustness) -> None:
    found: Counterexample | None = safescale_robustness.counterexample
    assert found is None


def test_a_reply() -> None:
    answer: Answer = read_answer("B", {"A": "one", "B": "two"})
    assert answer.letter == "B"


def test_data() -> None:
    dataset: Dataset = load_dataset("sample")
    assert all(option.text for item in dataset.items for option in item.options)
    with pytest.raises(UsageError):
        load_dataset("nothing.json")


def test_gates() -> None:
    row = Metric(
        model="m", condition="c", regime="single", metric="accuracy", value=1.0, n=9, count=9
    )
    cases = {("m", "c"): 9}
    inputs = GateInputs(metrics=[row], completeness=Completeness(expected=cases, recorded=cases))
    gates: list[Gate] = parse_gates([{"metric": "accuracy", "min": 0.9}], "here")
    results: list[GateResult] = judge_gates(gates, inputs)
    assert [result.blocks for result in results] == [False]


def misled(variants: Sequence[Variant]) -> list[Observed]:
    return [Observed(letter="B" if "outdated" in one.evidence else "A") for one in variants]


async def misled_later(variants: Sequence[Variant]) -> list[Observed]:
    return misled(variants)


def test_a_search() -> None:
    item = load_dataset("sample").items[0]
    evidence = item.clean_evidence or ""
    assert FAMILIES["typos"](item, evidence) is not None
    probe = Probe(
        item=item,
        relation=RELATIONS["outdated_guideline"],
        evidence=evidence,
        before=Observed(letter="A"),
    )
    report: SearchReport = search(probe, misled, budget=Budget(variants=5))
    again = asyncio.run(search_concurrently(probe, misled_later, budget=Budget(variants=5)))
    assert (report.counterexample is None) == (again.counterexample is None)
    if report.counterexample is not None:
        assert "outdated" in reproduce(report.counterexample, item).evidence
