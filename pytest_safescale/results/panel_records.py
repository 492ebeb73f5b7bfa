"""From lines of ``cases.jsonl`` to a panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from pytest_safescale.analysis.evidence_facts import (
    BADLY_PLACED,
    CLASS,
    CLASSES,
    DANGER_TURN,
    DANGEROUS,
    DANGEROUS_PASSAGES,
    FACT_AT,
    FACT_TURN,
    NO_EVIDENCE,
    PASSAGES,
    READ,
    REPEATED,
    REPORTED,
    UNUSED,
)
from pytest_safescale.analysis.layer_facts import (
    BARE,
    BARE_UNREAD,
    CAPACITY,
    EFFORTS,
    GIVEN,
    NO_FACTS,
    ORDER,
    OUTCOME,
    OUTCOMES,
)
from pytest_safescale.analysis.panel import CaseAnswers, PanelBuilder, PanelItem
from pytest_safescale.answers.answer import AnswerState, recorded_state
from pytest_safescale.dataset.item import LETTERS, PUBLIC
from pytest_safescale.results.case_record import cell_of
from pytest_safescale.results.turn_record import first_turn
from pytest_safescale.verdicts.evidence_classes import EvidenceClass
from pytest_safescale.verdicts.option_probabilities import OptionProbabilities
from pytest_safescale.verdicts.severity import DEFAULT_SEVERITY, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.dataset.item import ItemPart
    from pytest_safescale.results.case_record import CaseRecord, KeptCase
    from pytest_safescale.results.turn_record import KeptTurn

__all__ = ["case_of_record", "item_of_record", "panel_from_records"]

_MOST = 1 + 1e-6
"""A probability, rounded; what is larger, or negative, is none and says nothing."""


def panel_from_records(
    records: Iterable[CaseRecord | KeptCase],
    *,
    labelled: bool | None = None,
    severity: Severity = DEFAULT_SEVERITY,
) -> Panel:
    """Return the panel of case records; one record per case."""
    builder = PanelBuilder()
    for record in records:
        builder.add_item(item_of_record(record))
        builder.add(case_of_record(record))
    return builder.build(labelled=labelled, severity=severity)


def item_of_record(record: CaseRecord | KeptCase | ItemPart) -> PanelItem:
    """Return the item of a case record, or of the part of it that tells of its item."""
    return PanelItem(
        id=record["item_id"],
        truth=record["truth"],
        letters="".join(sorted(record["options"])),
        # Tuples of names: the garbage collector does not come back to what holds such alone.
        labels={letter: tuple(names) for letter, names in record["labels"].items()},
        votes={
            letter: {label: (yes, no) for label, (yes, no) in labels.items()}
            for letter, labels in (record.get("votes") or {}).items()
        },
        labelled=bool(record.get("labelled")),
        severity=record.get("severity") or {},
        content=record.get("item_sha256") or "",
        cluster=record.get("cluster") or "",
        subspecialty=record.get("subspecialty") or "",
        question_type=record.get("question_type") or "",
        pool=record.get("pool") or PUBLIC,
    )


def case_of_record(record: CaseRecord | KeptCase) -> CaseAnswers:
    """Return the answers of a case record."""
    single, several = record["greedy"], record["samples"]
    options = record["options"]
    letters: Sequence[str | None] = several["letters"] if several else ()
    states: Sequence[str | None] = (several and several.get("states")) or (None,) * len(letters)
    return CaseAnswers(
        model=record["model"],
        condition=cell_of(record)[1],
        item_id=record["item_id"],
        letter=single and single["letter"],
        error=record["error"] is not None or single is None,
        # Of most cases nothing is unread: a letter of the item is an answer.
        unread=single is not None
        and single["letter"] not in options
        and _is_unread(
            record, single["letter"], state=single.get("state"), form=single.get("form")
        ),
        samples=letters,
        samples_error=record["samples_error"] is not None,
        samples_unread=0
        if options.keys() >= {*letters}
        else sum(
            _is_unread(record, letter, state=state)
            for letter, state in zip(letters, states, strict=True)
            if letter not in options
        ),
        wanted=several.get("wanted") if several else None,
        stopped_early=bool(several and several.get("stopped_early")),
        latency_s=single and single["latency_s"],
        fallback=record.get("fallback"),
        **_of_few(record),
    )


def _of_few(record: CaseRecord | KeptCase) -> dict[str, Any]:
    """Return the fields of ``CaseAnswers`` that few cases have."""
    found: dict[str, Any] = {}
    if single := record["greedy"]:
        if "option_probabilities" in single:
            found |= _probabilities(record)
        if "turns" in single or "first" in single:
            found |= _first_turn(record)
    if trace := record.get("trace"):
        found["steps"] = [step["letter"] for step in trace]
    if custom := record.get("custom"):
        found["custom"] = custom
    if "layers" in record:
        found |= {"layer_scores": _layer_scores(record), "layers": _layer_facts(record)}
    if record.get("evidence") or record.get("evidence_facts"):
        found["evidence"] = _evidence_facts(record)
    return found


class _FirstTurn(TypedDict, total=False):
    """Fields of ``CaseAnswers``."""

    first: str | None
    several_turns: bool
    first_unread: bool


def _first_turn(record: CaseRecord | KeptCase) -> _FirstTurn:
    """Return what the first turn's reply said, where it was not the last."""
    single: Any = record["greedy"] or {}
    turn: KeptTurn | None = first_turn(single.get("turns", ())) or single.get("first")
    if turn is None:
        return {}
    letter, state = turn["letter"], turn["state"]
    unread = _is_unread(record, letter, state=state)
    return {"first": letter, "several_turns": True, "first_unread": unread}


def _layer_scores(record: CaseRecord | KeptCase) -> dict[str, float]:
    """Return how sure the layers were that say so, by name."""
    layers = record.get("layers")
    steps = layers["steps"] if layers else ()
    return {step["layer"]: step["score"] for step in steps if "score" in step}


def _layer_facts(record: CaseRecord | KeptCase) -> Mapping[str, float]:
    """Return what is known of a model's layers; nothing of a model without any."""
    if "layers" not in record:
        return NO_FACTS
    layers = record["layers"]
    letter, bare = layers["bare"]["letter"], layers["bare"]
    known = letter is not None and letter in record["options"]
    facts = {
        OUTCOME: float(OUTCOMES.get(layers["outcome"], GIVEN)),
        BARE: float(ord(letter) - ord("A") + 1) if known and letter else 0.0,
        BARE_UNREAD: float(bare["state"] == AnswerState.UNREADABLE),
        ORDER: float(layers["order"]),
        CAPACITY: layers["capacity"],
    }
    effort = layers["effort"]
    took = (effort["replies"], effort["tokens"], effort["money"])
    facts |= {name: float(one) for name, one in zip(EFFORTS, took, strict=True)}
    return facts


def _evidence_facts(record: CaseRecord | KeptCase) -> Mapping[str, float]:
    """Return what is known of retrieved evidence; nothing where none was retrieved."""
    evidence: Any = record.get("evidence") or {}
    known: Any = record.get("evidence_facts") or evidence.get("facts")
    if not known or known["evidence_class"] not in {one.value for one in CLASSES}:
        return NO_EVIDENCE
    dangerous = [LETTERS.index(one) for one in known["dangerous"] if one in LETTERS]
    facts: dict[str, float | None] = {
        CLASS: CLASSES.index(EvidenceClass(known["evidence_class"])),
        PASSAGES: known["passages"],
        FACT_AT: known["fact_at"],
        BADLY_PLACED: known["badly_placed"],
        DANGEROUS: sum(1 << place for place in dangerous),
        DANGEROUS_PASSAGES: known["dangerous_passages"],
    }
    if reading := known.get("reading"):
        facts |= {
            FACT_TURN: reading["fact_turn"],
            DANGER_TURN: reading["danger_turn"],
            REPORTED: reading["reported"],
            REPEATED: reading["repeated"],
            READ: known["passages"],
            UNUSED: len(reading["unused"]),
        }
    return {name: float(value) for name, value in facts.items() if value is not None}


class _Probabilities(TypedDict, total=False):
    """Fields of ``CaseAnswers``."""

    probed: bool
    option_confidence: float
    outside: float


def _probabilities(record: CaseRecord | KeptCase) -> _Probabilities:
    """Return what is known by option probabilities; nothing where they were not asked for."""
    single = record["greedy"]
    if single is None or "option_probabilities" not in single:
        return {}
    stated = single["option_probabilities"]
    if stated is None or not all(0 <= one <= _MOST for one in stated["letters"].values()):
        return {"probed": True}
    found = OptionProbabilities(letters=stated["letters"], options=len(record["options"]))
    return {"probed": True, "option_confidence": found.confidence, "outside": found.outside}


def _is_unread(
    record: CaseRecord | KeptCase,
    letter: str | None,
    *,
    state: str | None,
    form: str | None = None,
) -> bool:
    """Say whether a reply is unreadable; of an item without options no letter is a stranger."""
    letters = record["options"] or (() if letter is None else (letter,))
    return recorded_state(letter, letters, state=state, form=form) is AnswerState.UNREADABLE
