"""What other sets of layers would have done with the same cases, from what each layer decided.

A layer's decision is known where it was recorded and does not depend on a layer that is left out;
where it is not known, nothing is said of the set. Nothing is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

__all__ = [
    "ALL",
    "BARE",
    "Came",
    "Configuration",
    "LayerStep",
    "LayeredCase",
    "configurations",
    "outcome_with",
]

BARE, ALL = "bare", "all layers"
INPUT, OUTPUT, PEOPLE = "input", "output", "hand_over"
"""Stages of a layer."""
ANSWER, ABSTAIN, HAND_OVER = "answer", "abstain", "hand_over"
"""Actions of a layer: it gives a letter, or stops the case."""
ANSWERED, ABSTAINED, HANDED_OVER, NONE = "answered", "abstained", "handed_over", "none"


class LayerStep(NamedTuple):
    """What one layer decided on a case."""

    layer: str
    stage: str
    action: str
    """As in records; ``not_asked`` where it is not known."""
    letter: str | None
    """That it judged, or gives."""
    replies: int = 0
    """How many it took."""


@dataclass(frozen=True, kw_only=True)
class LayeredCase:
    """One case of a model with layers."""

    model: str
    base: str
    condition: str
    item_id: str
    letter: str | None
    """The base's own, where it is one of the item's."""
    capacity: float
    order: int
    steps: tuple[LayerStep, ...]
    """In the order in which the layers decided."""
    bare_replies: int
    """How many the base's own answer took."""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A set of the layers of a model."""

    name: str
    layers: frozenset[str]
    people: bool = True
    """Whether anybody takes what is handed over; else it is abstained from."""
    people_decide: bool = False
    """Whether a layer of the user's own decides on what is handed over."""


class Came(NamedTuple):
    """What a case comes to with some of the layers."""

    outcome: str
    letter: str | None
    replies: int


def configurations(layers: Sequence[str], people: Collection[str]) -> list[Configuration]:
    """Return the bare model, each layer alone, each left out, and all, each set once.

    ``people`` are those of the layers that take what is handed over; they are there in every set
    but the one that leaves them out.
    """
    every = frozenset(name for name in layers if name not in people)
    # A layer of this name takes whatever comes; any other may decide.
    decide = bool(set(people) - {HAND_OVER})

    def with_(name: str, chosen: Collection[str], *, taken: bool = True) -> Configuration:
        return Configuration(
            name=name, layers=frozenset(chosen), people=taken, people_decide=decide
        )

    bare, whole = with_(BARE, ()), with_(ALL, every)
    deciding = [name for name in layers if name in every]
    some = [with_(f"{name} alone", {name}) for name in deciding]
    some += [with_(f"without {name}", every - {name}) for name in deciding]
    if people:
        some.append(with_(f"without {', '.join(people)}", every, taken=False))
    unique: dict[tuple[frozenset[str], bool], Configuration] = {}
    for one in (bare, whole, *some):
        unique.setdefault((one.layers, one.people), one)
    return [one for one in (bare, *some, whole) if one in unique.values()]


def outcome_with(case: LayeredCase, chosen: Configuration) -> Came | None:
    """Return what a case comes to with some of its layers; ``None`` where that is not known."""
    letter, replies = case.letter, case.bare_replies
    for step in _of(case, chosen):
        if step.stage == OUTPUT and letter is None:
            continue
        if step.action == "not_asked" or _saw_otherwise(case, step, chosen, letter):
            return None
        replies += step.replies
        if step.action == ANSWER:
            # What an input layer has asked stands in the place of the base's own answer.
            replies = _without_base(case, step, replies)
            letter = step.letter
        elif step.action == ABSTAIN:
            return Came(ABSTAINED, None, _without_base(case, step, replies))
        elif step.action == HAND_OVER:
            outcome = _with_people(case, chosen)
            if outcome is None:
                return None
            return Came(outcome, None, _without_base(case, step, replies))
    lacking = chosen.layers - {step.layer for step in case.steps}
    if lacking and letter is not None:
        return None
    return Came(NONE if letter is None else ANSWERED, letter, replies)


def _saw_otherwise(
    case: LayeredCase, step: LayerStep, chosen: Configuration, letter: str | None
) -> bool:
    """Say whether a layer decided on something else than it would with these layers alone.

    One of the stage ``output`` judges a letter; one of the stage ``answer`` works on what layers
    before it have asked or given.
    """
    if step.stage == OUTPUT:
        return step.letter != letter
    if step.stage == INPUT:
        return False
    before = case.steps[: case.steps.index(step)]
    return any(one.action == ANSWER and one.layer not in chosen.layers for one in before)


def _with_people(case: LayeredCase, chosen: Configuration) -> str | None:
    """Return what becomes of a case that is handed over; ``None`` where it is not known."""
    if not chosen.people:
        return ABSTAINED
    said = [step.action for step in case.steps if step.stage == PEOPLE]
    if chosen.people_decide and not said:
        return None
    return ABSTAINED if ABSTAIN in said else HANDED_OVER


def _of(case: LayeredCase, chosen: Configuration) -> Iterator[LayerStep]:
    return (step for step in case.steps if step.layer in chosen.layers and step.stage != PEOPLE)


def _without_base(case: LayeredCase, step: LayerStep, replies: int) -> int:
    """Return the replies of a case; one that is stopped before the model is asked takes none."""
    return replies - case.bare_replies if step.stage == INPUT else replies
