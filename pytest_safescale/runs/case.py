"""One case: an item put to a model under a condition, and what came of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from pytest_safescale.calls.answered_request import joined
from pytest_safescale.calls.usage import money_of
from pytest_safescale.cells import cell_condition
from pytest_safescale.conditions.condition import Evidence
from pytest_safescale.runs.evidence_record import evidence_record, step_record
from pytest_safescale.verdicts.option_probabilities import option_probabilities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.answers.answer import Answer
    from pytest_safescale.answers.shown_item import ShownItem
    from pytest_safescale.calls.answered_request import Answered
    from pytest_safescale.conditions.condition import Condition
    from pytest_safescale.conditions.profiles import PromptProfile
    from pytest_safescale.dataset.item import Item, ItemPart
    from pytest_safescale.models.model import Message, Model, ModelInfo, Reply
    from pytest_safescale.results.case_record import (
        BesideSamples,
        BesideSingle,
        CallRecord,
        CaseRecord,
        ProbabilitiesPart,
        SamplesRecord,
        SecondReadingPart,
        SecondReadingRecord,
        SecondReadingsPart,
        SingleRecord,
    )
    from pytest_safescale.results.layer_record import LayersRecord
    from pytest_safescale.results.record_parts import FurtherPart, ProfilePart
    from pytest_safescale.results.repeats_record import RepeatsPart
    from pytest_safescale.results.turn_record import TurnRecord
    from pytest_safescale.verdicts.verdict import Verdict

__all__ = ["Case", "CaseResult", "Decoding", "ReadReply"]

RECORD_SCHEMA = 1
JSON_TOKENS = 32
"""Most tokens of an answer in JSON, whose braces and spaces take room too."""


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How answers are drawn (docs/protocol.md, "Decoding")."""

    samples: int = 20
    adaptive: bool = False
    """Whether to stop drawing samples once further ones can change nothing that counts."""
    seed: int = 42
    sample_temperature: float = 0.7
    answer_tokens: int = 10
    reasoning_tokens: int = 4096
    agent_tokens: int = 1024

    def tokens_for(self, model: Model, *, agent: bool = False) -> int:
        """Return the most tokens a reply of this model may take."""
        info = model.info
        thinking = info.max_tokens_reasoning if info.reasoning else None
        stated = (info.max_tokens_agent, thinking) if agent else (thinking, info.max_tokens)
        own = next((limit for limit in stated if limit is not None), None)
        if own is not None:
            return own
        if info.reasoning:
            return self.reasoning_tokens
        if agent:
            return self.agent_tokens
        wants_json = info.shaping.get("answer_format") == "json"
        return JSON_TOKENS if wants_json else self.answer_tokens


@dataclass(frozen=True, kw_only=True)
class Case:
    """One item in one cell."""

    model: Model
    condition: Condition
    item: Item
    profile: PromptProfile
    names_profile: bool = False
    """Whether ids and records tell the profile: not where a run has the plain one alone."""
    place: int = 0
    """Where the item stands in the data set."""

    @property
    def id(self) -> str:
        """``MODEL-CONDITION-ITEMID``, as in test ids; ``MODEL-CONDITION-PROFILE-ITEMID``."""
        profile = f"-{self.profile.name}" if self.names_profile else ""
        return f"{self.model.info.name}-{self.condition.name}{profile}-{self.item.id}"

    @property
    def cell(self) -> tuple[str, str]:
        """Its model, and its condition with the profile (``cells.py``)."""
        return self.model.info.name, cell_condition(self.condition.name, self.profile.name)


@dataclass(frozen=True, kw_only=True)
class SecondReading:
    """What a second model says of one reply."""

    says: str
    """A letter of the item, ``none``, ``unclear``, or ``failed`` where its call did."""
    rules: Answer
    """What the rules read."""
    check: bool
    """Whether the rules could read it, and the model is held against them."""
    answered: Answered | None = None
    """Its call; ``None`` where that failed."""

    def record(self) -> SecondReadingRecord:
        """Return it as plain JSON data."""
        return {
            "says": self.says,
            "rules_letter": self.rules.letter,
            "rules_form": self.rules.form.value,
            "check": self.check,
        }


@dataclass(frozen=True, kw_only=True)
class ReadReply:
    """One reply and the answer read in it."""

    reply: Reply
    answer: Answer
    second: SecondReading | None = None
    """What the second reader says of it, where it was asked."""
    before: tuple[ReadReply, ...] = ()
    """The replies of the turns before it."""

    def turns(self) -> list[TurnRecord]:
        """Return the turns before it, as plain JSON data."""
        return [
            {
                "text": turn.reply.text,
                "letter": turn.answer.letter,
                "state": turn.answer.state.value,
                "form": turn.answer.form.value,
            }
            for turn in self.before
        ]


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """A case that was asked and judged."""

    case: Case
    verdict: Verdict
    messages: tuple[Message, ...] = ()
    """The final prompt; empty where the evidence could not be gathered."""
    shown: ShownItem | None = None
    """The item as the profile shows it; ``None`` where nothing was asked."""
    evidence: Evidence = field(default_factory=Evidence)
    greedy: ReadReply | None = None
    samples: tuple[ReadReply, ...] = ()
    error: str | None = None
    """Why there is no single answer."""
    samples_error: str | None = None
    """Why there are no samples although some were wanted."""
    gathered: tuple[Answered, ...] = ()
    """The agent's calls."""
    asked: tuple[Answered, ...] = ()
    """The calls for the answers."""
    asked_single: tuple[Answered, ...] = ()
    """Those of them for the single answer."""
    asked_model: Model | None = None
    """Who was asked, where that is not the model of the case: the base of one with layers."""
    layers: LayersRecord | None = None
    """What the layers of such a model did."""
    layer_calls: tuple[tuple[ModelInfo, Answered], ...] = ()
    """The calls that they took, each with the model that was asked."""
    wanted: int = 0
    """How many samples were to be drawn."""
    stopped_early: bool = False
    """Whether fewer samples were drawn than wanted because the rest could change nothing."""
    second_reader: Model | None = None
    """Who reads what the rules cannot; ``None`` for nobody."""
    repeats: tuple[CaseResult, ...] = ()
    """The same case asked again, single answers alone, where a gate wants a finding confirmed."""
    missing: bool = False
    """Whether a replay met a call that is not in the store."""

    def record(self) -> CaseRecord:
        """Return the line of ``cases.jsonl``: plain JSON data, enough to recompute every figure."""
        item, info = self.case.item.part_of_record(), self.case.model.info
        return {
            "schema": RECORD_SCHEMA,
            "model": info.name,
            "condition": self.case.condition.name,
            **self._profile_part(),
            "nature": info.nature.value,
            "item_id": item["item_id"],
            "item_sha256": item["item_sha256"],
            "subspecialty": item["subspecialty"],
            "question_type": item["question_type"],
            "question": item["question"],
            "options": item["options"],
            "labels": item["labels"],
            **_further(item, self.layers),
            **self._repeats_part(),
            "truth": item["truth"],
            "outcome": self.verdict.outcome.value,
            "state": self.verdict.state.value,
            "findings": list(self.verdict.findings),
            "greedy": self._greedy_record(),
            "error": self.error,
            "samples": self._samples_record(),
            "samples_error": self.samples_error,
            "evidence": evidence_record(self.evidence, self.case.item),
            "trace": [step_record(step) for step in self.evidence.trace],
            "prompt_sha256": _sha256(self.messages),
            "calls": self.call_records(),
        }

    def _profile_part(self) -> ProfilePart:
        """Return the keys that tell the profile, where the run has others than the plain one."""
        if not self.case.names_profile:
            return {}
        part: ProfilePart = {"profile": self.case.profile.name}
        if self.shown is not None and self.shown.abstains is not None:
            part["shown"] = {
                option.letter: {"text": option.text, "letter": self.shown.letters[option.letter]}
                for option in self.shown.item.options
            }
        return part

    def call_records(self) -> list[CallRecord]:
        """Return of each call what it took, who answered, and since when it is stored."""
        asked = (self.asked_model or self.case.model).info
        calls = [*((asked, call) for call in (*self.gathered, *self.asked)), *self.layer_calls]
        by_model: dict[str, tuple[ModelInfo, list[Answered]]] = {}
        for info, call in calls:
            by_model.setdefault(info.name, (info, []))[1].append(call)
        own = [
            self._call_record(part, info)
            for info, parts in by_model.values()
            for part in joined(parts)
        ]
        again = [call for one in self.repeats for call in one.call_records()]
        known = {call["key"] for call in own}
        own += [call for call in again if call["key"] not in known]
        return [*own, *self._second_reader_calls()]

    def _repeats_part(self) -> RepeatsPart:
        if not self.repeats:
            return {}
        return {
            "repeats": {
                "letters": [one.verdict.letter for one in self.repeats],
                "states": [one.verdict.state.value for one in self.repeats],
                "texts": [one.greedy.reply.text if one.greedy else "" for one in self.repeats],
            }
        }

    def _second_reader_calls(self) -> list[CallRecord]:
        if self.second_reader is None:
            return []
        read = (*filter(None, (self.greedy,)), *self.samples)
        asked = [one.second.answered for one in read if one.second and one.second.answered]
        info = self.second_reader.info
        return [{**self._call_record(part, info), "model": info.name} for part in joined(asked)]

    @property
    def latency_s(self) -> float | None:
        """Seconds until the single answer, the agent's turns included; ``None`` if unknown."""
        if self.greedy is None:
            return None
        if self.layers is not None:
            return self.layers["effort"]["seconds"]
        turns = [part.replies[0].latency_s for part in self.gathered]
        replies = [*(turn.reply for turn in self.greedy.before), self.greedy.reply]
        parts = [*turns, *(reply.latency_s for reply in replies)]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None

    def _greedy_record(self) -> SingleRecord | None:
        if self.greedy is None:
            return None
        reply = self.greedy.reply
        record: Any = {
            "letter": self.greedy.answer.letter,
            "state": self.verdict.state.value,
            "form": self.greedy.answer.form.value,
            **self._probabilities_record(self.greedy),
            "text": reply.text,
            **_beside_single(reply),
            "finish_reason": reply.finish_reason,
            "latency_s": self.latency_s,
            **_second_reading(self.greedy),
        }
        if self.greedy.before:
            record["turns"] = self.greedy.turns()
        return cast("SingleRecord", record)

    def _probabilities_record(self, single: ReadReply) -> ProbabilitiesPart:
        """Return the probabilities of the options, where they were asked for."""
        if self.case.model.info.confidence_from != "logprobs":
            return {}
        own = {letter: letter for letter in self.case.item.letters}
        shown = own if self.shown is None else self.shown.own_letters
        found = option_probabilities(single.reply.answer_tokens, single.answer.letter, shown)
        return {"option_probabilities": None if found is None else found.record()}

    def _samples_record(self) -> SamplesRecord | None:
        if not self.samples:
            return None
        return {
            "letters": [read.answer.letter for read in self.samples],
            "states": [read.answer.state.value for read in self.samples],
            "forms": [read.answer.form.value for read in self.samples],
            "wanted": self.wanted,
            "texts": [read.reply.text for read in self.samples],
            **_beside_samples(self.samples),
            "finish_reasons": [read.reply.finish_reason for read in self.samples],
            "stopped_early": self.stopped_early,
            **self._second_readings(),
            **self.verdict.samples_part(),
        }

    def _second_readings(self) -> SecondReadingsPart:
        found = [read.second.record() if read.second else None for read in self.samples]
        return {"second_reader": found} if any(found) else {}

    def _call_record(self, answered: Answered, info: ModelInfo) -> CallRecord:
        replies, usage = answered.replies.values(), answered.usage
        served = {(reply.served_model, reply.fingerprint) for reply in replies}
        record: CallRecord = {
            "key": answered.key.hex(),
            "replies": len(answered.replies),
            "from_store": dict(answered.from_store),
            "stored_at": list(answered.stored_at),
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "estimated_tokens": usage.estimated_tokens,
            "money": money_of(info, usage),
            "served": sorted([*pair] for pair in served),
        }
        if info.name != self.case.model.info.name:
            record["model"] = info.name
        return record


def _beside_single(reply: Reply) -> BesideSingle:
    """Return what came beside a reply's text; no key for what did not."""
    found: BesideSingle = {}
    if reply.reasoning:
        found["reasoning"] = reply.reasoning
    if reply.refusal:
        found["refusal"] = reply.refusal
    return found


def _beside_samples(samples: Sequence[ReadReply]) -> BesideSamples:
    """Return what came before and beside the texts, one each; no key for what none has."""
    found: BesideSamples = {}
    replies = [read.reply for read in samples]
    if any(read.before for read in samples):
        found["turns"] = [read.turns() for read in samples]
    if any(reasoning := [reply.reasoning for reply in replies]):
        found["reasoning"] = reasoning
    if any(refusal := [reply.refusal for reply in replies]):
        found["refusal"] = refusal
    return found


def _further(part: ItemPart, layers: LayersRecord | None) -> FurtherPart:
    """Return the keys that not every record has, in their place among the others."""
    found: FurtherPart = {}
    if "cluster" in part:
        found["cluster"] = part["cluster"]
    if "pool" in part:
        found["pool"] = part["pool"]
    if "severity" in part:
        found["severity"] = part["severity"]
    if "votes" in part:
        found["votes"] = part["votes"]
    if "labelled" in part:
        found["labelled"] = part["labelled"]
    if layers is not None:
        found["layers"] = layers
    return found


def _second_reading(single: ReadReply) -> SecondReadingPart:
    return {"second_reader": single.second.record()} if single.second else {}


def _sha256(messages: Sequence[Message]) -> str:
    return hashlib.sha256(json.dumps(messages).encode("ascii")).hexdigest()
