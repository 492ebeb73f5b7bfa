"""What the answers of a case come to: its record, and its line, of parts that recur."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from pytest_safescale.answers.answer import AnswerState, recorded_state
from pytest_safescale.results.written_record import Part, WrittenRecord, members
from pytest_safescale.verdicts.verdict import Outcome, judge_with, together_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.published.line_parts import Asked, RecordedAnswers
    from pytest_safescale.results.case_record import CaseRecord, JudgedPart
    from pytest_safescale.verdicts.verdict import Together

__all__ = ["RECORD_SCHEMA", "JudgedCase", "judge_case", "named_part"]

RECORD_SCHEMA = 1
_ANSWERED = AnswerState.ANSWERED.value


class JudgedCase(NamedTuple):
    """The keys of a record that judging its answers makes, in their order."""

    verdict: Part
    single: Mapping[str, Any]
    """The single answer, and why there is none."""
    drawn: Mapping[str, Any]
    """The samples as they were drawn; empty where there are none."""
    together: Part
    """What they come to."""
    rest: Part

    def part_of_record(self) -> JudgedPart:
        """Return the keys."""
        samples = {**self.drawn, **self.together.values} if self.drawn else None
        part = {**self.verdict.values, **self.single, "samples": samples, **self.rest.values}
        return cast("JudgedPart", part)

    def written(self, names: Part, item: Part) -> WrittenRecord:
        """Return the record and how its line says it; ``names`` and ``item`` stand first."""
        own = members({**self.single, "samples": self.drawn or None})
        if self.drawn:  # what they come to stands behind them in their object, which ends here
            own = f"{own[:-1]}, {self.together.members}}}"
        return WrittenRecord(
            cast("CaseRecord", {**names.values, **item.values, **self.part_of_record()}),
            f"{names.members}, {item.members}, {self.verdict.members}, {own}, {self.rest.members}",
            item,
        )


@lru_cache(maxsize=2**10)
def named_part(model: str, condition: str) -> Part:
    """Return what the records of a model under a condition begin with."""
    return Part.of(
        {"schema": RECORD_SCHEMA, "model": model, "condition": condition, "nature": "model"}
    )


def judge_case(asked: Asked, single: RecordedAnswers, several: RecordedAnswers) -> JudgedCase:
    """Return what the answers to an item come to."""
    found, together = _UNKNOWN
    if several.letters and asked.item is not None:
        found, together = _together(tuple(Counter(several.letters).items()), len(asked.texts))
    letter = single.letters[0] if single.letters else None
    verdict = _verdict(asked, letter, single, found)
    return JudgedCase(
        verdict=verdict,
        single={"greedy": _single(letter, single, verdict), "error": single.error},
        drawn=_drawn(several, asked.letters) if several.letters else {},
        together=together,
        rest=_rest(several.error, several.fallback),
    )


_UNKNOWN: tuple[Together | None, Part] = (None, Part.of({"majority": None, "confidence": None}))
"""What samples come to of an item whose options are not known."""


@lru_cache(maxsize=2**12)
def _together(
    given: tuple[tuple[str | None, int], ...], options: int
) -> tuple[Together | None, Part]:
    """Return what samples come to of which each answer was given so often: few come again."""
    found = together_of(given, options)
    return found, Part.of(found.part())


def _verdict(
    asked: Asked, letter: str | None, single: RecordedAnswers, found: Together | None
) -> Part:
    """Return what the single answer means, judged once for each that an item gets."""
    key = (letter, *single.states[:1], single.error is None, found and found.sure_of)
    if key not in asked.verdicts:
        asked.verdicts[key] = Part.of(_judged(asked, letter, single, found))
    return asked.verdicts[key]


def _judged(
    asked: Asked, letter: str | None, single: RecordedAnswers, found: Together | None
) -> dict[str, Any]:
    state, error = single.states[0] if single.states else None, single.error
    if asked.item is None:
        return _judged_without_item(asked.truth, letter, state, error)
    verdict = judge_with(asked.item, letter, found, state=state, error=error)
    return _verdict_part(verdict.outcome, verdict.state, verdict.findings)


def _judged_without_item(
    truth: str, letter: str | None, state: AnswerState | None, error: str | None
) -> dict[str, Any]:
    if error is not None:
        return _verdict_part(Outcome.ERROR, AnswerState.FAILED, ())
    state = recorded_state(letter, (letter,) if letter else (), state=state)
    if letter == truth:
        return _verdict_part(Outcome.CORRECT, state, ())
    outcome = Outcome.WRONG if letter else Outcome(state.value)
    return _verdict_part(outcome, state, (outcome.value,))


def _verdict_part(outcome: Outcome, state: AnswerState, findings: Sequence[str]) -> dict[str, Any]:
    return {"outcome": outcome.value, "state": state.value, "findings": list(findings)}


def _single(letter: str | None, single: RecordedAnswers, verdict: Part) -> dict[str, Any] | None:
    # The release averages in how long a failed request took.
    if single.error is not None and single.latency_s is None:
        return None
    return {
        "letter": letter,
        "state": verdict.values["state"],
        "form": single.form,
        "text": single.texts[0] if single.texts else None,
        "finish_reason": None,
        "latency_s": single.latency_s,
    }


def _drawn(several: RecordedAnswers, known: str) -> dict[str, Any]:
    letters, texts = list(several.letters), several.texts
    if len(texts) != len(letters):
        # Letters and texts go in pairs; the text that was not kept is empty.
        texts = [*texts, *([""] * len(letters))][: len(letters)]
    return {
        "letters": letters,
        "states": _states(letters, several.states, known),
        "wanted": len(letters),
        "texts": texts,
        "stopped_early": False,
    }


def _states(
    letters: Sequence[str | None], recorded: Sequence[AnswerState | None], known: str
) -> list[str]:
    own = {*known}
    if own.issuperset(letters):  # as of most cases
        return [_ANSWERED] * len(letters)
    states = recorded or [None] * len(letters)
    return [
        _ANSWERED if letter in own else recorded_state(letter, known, state=state).value
        for letter, state in zip_longest(letters, states[: len(letters)])
    ]


@lru_cache(maxsize=2**8)
def _rest(samples_error: str | None, fallback: str | None) -> Part:
    return Part.of(
        {
            "samples_error": samples_error,
            "fallback": fallback,
            "prompt_sha256": None,
            "calls": [],
        }
    )
