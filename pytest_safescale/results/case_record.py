"""A case as plain JSON data: a line of ``cases.jsonl``, and the part of it that a run keeps.

A record travels on the test's report from xdist workers and stands in the file as it travelled.
Keys marked ``NotRequired`` are not in every record: ``safescale score`` knows no evidence and no
trace, and records older than a key lack it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

# Pydantic reads these shapes, and takes typing's own from Python 3.12 on.
from typing_extensions import NotRequired, TypedDict

from pytest_safescale.cells import PLAIN, cell_condition
from pytest_safescale.dataset.item import PUBLIC, ItemPart
from pytest_safescale.results.evidence_record import (  # pydantic reads them
    EvidenceFacts,  # noqa: TC001
    EvidenceRecord,  # noqa: TC001
)
from pytest_safescale.results.layer_record import LayersRecord  # noqa: TC001  # and this
from pytest_safescale.results.repeats_record import RepeatsPart, kept_repeats
from pytest_safescale.results.turn_record import (  # pydantic reads them
    KeptTurn,
    ShownOption,
    TurnRecord,
    first_turn,
)
from pytest_safescale.verdicts.option_probabilities import (  # pydantic reads it
    ProbabilitiesRecord,  # noqa: TC001
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_safescale.results.search_record import SearchRecord

__all__ = [
    "BesideSamples",
    "BesideSingle",
    "CallRecord",
    "CaseRecord",
    "CustomValues",
    "JudgedPart",
    "KeptAnswer",
    "KeptCase",
    "KeptSamples",
    "KeptStep",
    "ProbabilitiesPart",
    "SamplesRecord",
    "SecondReadingPart",
    "SecondReadingRecord",
    "SecondReadingsPart",
    "ShownOption",
    "SingleRecord",
    "StepRecord",
    "cell_of",
    "kept_case",
    "reply_times",
]

CustomValues = dict[str, dict[str, float | bool | None]]
"""Values of the user's own metrics, by decoding mode and name."""


class KeptAnswer(TypedDict):
    """The single answer: what figures need of it."""

    letter: str | None
    """``None`` for a reply that names none."""
    latency_s: float | None
    """Seconds until it, an agent's turns included; ``None`` if unknown."""
    state: NotRequired[str | None]
    """A value of ``AnswerState``."""
    form: NotRequired[str | None]
    """A value of ``AnswerForm``: how it was read, or why there is none."""
    option_probabilities: NotRequired[ProbabilitiesRecord | None]
    """Where they were asked for; ``None`` where the endpoint gave none of its letter."""
    first: NotRequired[KeptTurn]
    """The reply of the first turn, where there were more."""


class SecondReadingRecord(TypedDict):
    """What a second model says of one reply."""

    says: str
    """A letter of the item, ``none``, ``unclear``, or ``failed`` where its call did."""
    rules_letter: str | None
    """What the rules read."""
    rules_form: str
    check: bool
    """Whether the rules could read it, and the model is held against them."""


class SingleRecord(KeptAnswer):
    """The single answer."""

    text: NotRequired[str | None]
    """The reply."""
    turns: NotRequired[list[TurnRecord]]
    """The replies of the turns before it."""
    finish_reason: NotRequired[str | None]
    """Why the model stopped, as the server said."""
    reasoning: NotRequired[str]
    """Hidden reasoning that came beside the text."""
    refusal: NotRequired[str]
    """What the endpoint's own field for declining said."""
    second_reader: NotRequired[SecondReadingRecord]


class BesideSingle(TypedDict, total=False):
    """What came beside the text of a single answer; the keys of ``SingleRecord``."""

    reasoning: str
    refusal: str


class BesideSamples(TypedDict, total=False):
    """What came before samples and beside them, one each; the keys of ``SamplesRecord``."""

    turns: list[list[TurnRecord]]
    reasoning: list[str]
    refusal: list[str]


class ProbabilitiesPart(TypedDict, total=False):
    """The key of ``KeptAnswer``, where it has it."""

    option_probabilities: ProbabilitiesRecord | None


class SecondReadingPart(TypedDict, total=False):
    """The key of ``SingleRecord``, where it has it."""

    second_reader: SecondReadingRecord


class SecondReadingsPart(TypedDict, total=False):
    """The key of ``SamplesRecord``, where it has it."""

    second_reader: list[SecondReadingRecord | None]


class KeptSamples(TypedDict):
    """The samples: what figures need of them, in the order in which they were drawn."""

    letters: list[str | None]
    states: NotRequired[list[str] | None]
    """Values of ``AnswerState``, one a letter."""
    wanted: NotRequired[int | None]
    """How many were to be drawn."""
    stopped_early: NotRequired[bool]
    """Whether fewer were drawn because the rest could change nothing."""


class SamplesRecord(KeptSamples):
    """The samples, and what they come to together."""

    majority: NotRequired[str | None]
    """The letter most samples gave; ``None`` also where abstentions are among the most."""
    confidence: NotRequired[float | None]
    """One less their normalised entropy, in [0, 1]."""
    agreement: NotRequired[float]
    """Share of the answer given most often, NULL being one."""
    agreement_low: NotRequired[float]
    """Wilson's interval of the share at 95 %: its ends."""
    agreement_high: NotRequired[float]
    margin: NotRequired[float]
    """The lead over the next answer, as a share of the samples."""

    forms: NotRequired[list[str]]
    """Values of ``AnswerForm``, one a letter."""
    texts: NotRequired[list[str]]
    """The replies, one a letter."""
    turns: NotRequired[list[list[TurnRecord]]]
    """The replies of the turns before each, one list a letter."""
    finish_reasons: NotRequired[list[str]]
    second_reader: NotRequired[list[SecondReadingRecord | None]]
    """One a letter; ``None`` for a reply that it was not shown."""
    reasoning: NotRequired[list[str]]
    refusal: NotRequired[list[str]]


class KeptStep(TypedDict):
    """One turn of the agent: what figures need of it."""

    letter: str | None
    """The answer it leaned to, where it named one."""


class StepRecord(KeptStep):
    """One turn of the agent."""

    kind: str
    """``search`` or ``report``."""
    text: str
    """The model's turn as it came."""
    queries: NotRequired[list[str]]
    passages: NotRequired[list[str]]
    """Ids of the chunks it was given to read."""


class CallRecord(TypedDict):
    """One call behind a case: what it took, who answered, since when it is stored."""

    key: str
    """Of the store, in hexadecimal digits."""
    replies: int
    from_store: dict[str, int]
    """Replies that earlier runs made, by the day (UTC) on which they were stored."""
    stored_at: NotRequired[list[float]]
    """When the replies were stored, each time once, in seconds since 1970, ascending."""
    prompt_tokens: int
    completion_tokens: int
    estimated_tokens: int
    """How many of both are estimates."""
    money: float
    """In the user's unit."""
    served: list[list[str]]
    """Pairs of the model's name and fingerprint, as the server gave them."""
    model: NotRequired[str]
    """Who was asked, where that is not the model of the case: the second reader, or of a model with
    layers its base and whom they ask."""


class _Facts(TypedDict):
    """What a record and the part that a run keeps say of the answers."""

    outcome: str
    """A value of ``Outcome``."""
    findings: list[str]
    """The names of ``--safescale-strict``, gravest first."""
    error: str | None
    """Why there is no single answer."""
    samples_error: str | None
    """Why there are no samples although some were wanted."""
    fallback: NotRequired[str | None]
    """What the paper's release takes for the majority where there are no checked samples."""


class _Names(ItemPart, RepeatsPart):
    """What a record and the part that a run keeps say of the case."""

    model: str
    condition: str
    profile: NotRequired[str]
    """The prompt profile, where the run had others than the plain one."""
    nature: NotRequired[str]
    """What kind of thing answered: a value of ``Nature``."""
    custom: NotRequired[CustomValues | None]


class JudgedPart(_Facts):
    """The answers and what they mean: the part of a record that judging anew makes."""

    state: NotRequired[str]
    """What the single answer comes to: a value of ``AnswerState``."""
    greedy: SingleRecord | None
    samples: SamplesRecord | None
    prompt_sha256: NotRequired[str | None]
    """Of the final prompt's messages, in hexadecimal digits."""
    calls: NotRequired[list[CallRecord]]


class CaseRecord(_Names, JudgedPart):
    """A line of ``cases.jsonl``: enough to compute every figure again."""

    schema: NotRequired[int]
    """The version of this shape."""
    shown: NotRequired[dict[str, ShownOption]]
    """The options as they were shown, by letter, where the profile added one."""
    evidence: NotRequired[EvidenceRecord]
    trace: NotRequired[list[StepRecord]]
    layers: NotRequired[LayersRecord]
    """Of a model with layers alone."""
    nodeid: NotRequired[str]
    """Of the test that asked the case."""
    run_id: NotRequired[object]
    """Of the run whose report the line is of; one that is none is of another run."""
    partial: NotRequired[bool]
    """Whether cases that belong to it could not be scored."""


class KeptCase(_Names, _Facts):
    """What a run keeps of a case from beginning to end: nothing of its long texts.

    Its condition goes with the profile as one name (``cells.py``).
    """

    greedy: KeptAnswer | None
    samples: KeptSamples | None
    trace: list[KeptStep]
    unmatched: int
    """Searches no word of which stands in the corpus."""
    replies: dict[str, tuple[float, ...]]
    """When the replies behind it were stored, by call, in seconds since 1970."""
    layers: NotRequired[LayersRecord]
    """Of a model with layers alone."""
    evidence_facts: NotRequired[EvidenceFacts]
    """Where evidence was retrieved."""


def kept_case(record: CaseRecord) -> KeptCase:
    """Return a case without replies, evidence and question."""
    greedy, samples = record["greedy"], record["samples"]
    kept: KeptCase = {
        "item_id": record["item_id"],
        "item_sha256": record.get("item_sha256"),
        "subspecialty": record.get("subspecialty", ""),
        "question_type": record.get("question_type", ""),
        "options": record["options"],
        "labels": record["labels"],
        "cluster": record.get("cluster", ""),
        "pool": record.get("pool", PUBLIC),
        "severity": record.get("severity", {}),
        "votes": record.get("votes", {}),
        "labelled": record.get("labelled", False),
        "truth": record["truth"],
        "model": record["model"],
        "condition": cell_of(record)[1],
        "outcome": record["outcome"],
        "findings": record["findings"],
        "error": record["error"],
        "samples_error": record["samples_error"],
        "fallback": record.get("fallback"),
        "custom": record.get("custom"),
        "greedy": None if greedy is None else _kept_answer(greedy),
        "samples": None if samples is None else _kept_samples(samples),
        "trace": [{"letter": step["letter"]} for step in record.get("trace", ())],
        "unmatched": _unmatched(record),
        "replies": reply_times(record.get("calls", ())),
    }
    if "repeats" in record:
        kept["repeats"] = kept_repeats(record["repeats"])
    if "layers" in record:
        kept["layers"] = record["layers"]
    evidence = record.get("evidence")
    if evidence and "facts" in evidence:
        kept["evidence_facts"] = evidence["facts"]
    return kept


def cell_of(record: CaseRecord | KeptCase | SearchRecord) -> tuple[str, str]:
    """Return the model of a case or search, and its condition with the profile."""
    return record["model"], cell_condition(record["condition"], record.get("profile", PLAIN))


def reply_times(calls: Iterable[CallRecord]) -> dict[str, tuple[float, ...]]:
    """Return when the replies behind a case were stored, by call; of a record's ``calls``."""
    return {call["key"]: tuple(call.get("stored_at") or ()) for call in calls}


def _kept_answer(single: SingleRecord) -> KeptAnswer:
    kept: KeptAnswer = {
        "letter": single["letter"],
        "latency_s": single["latency_s"],
        "state": single.get("state"),
        "form": single.get("form"),
    }
    if (first := first_turn(single.get("turns", ()))) is not None:
        kept["first"] = first
    if "option_probabilities" in single:
        kept["option_probabilities"] = single["option_probabilities"]
    return kept


def _kept_samples(samples: SamplesRecord) -> KeptSamples:
    return {
        "letters": samples["letters"],
        "states": samples.get("states"),
        "wanted": samples.get("wanted"),
        "stopped_early": samples.get("stopped_early", False),
    }


def _unmatched(record: CaseRecord) -> int:
    evidence = record.get("evidence")
    return evidence.get("unmatched", 0) if evidence else 0
