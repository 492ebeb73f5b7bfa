"""What a model's layers did with a case: a part of a line of ``cases.jsonl``."""

from __future__ import annotations

from typing_extensions import NotRequired, TypedDict

__all__ = ["BareRecord", "EffortRecord", "LayerStepRecord", "LayersRecord", "UnreadChecks"]


class EffortRecord(TypedDict):
    """What an answer took: the replies that it rests on, whichever run made them."""

    replies: int
    tokens: int
    money: float
    """In the user's unit."""
    seconds: float | None
    """``None`` if unknown."""


class BareRecord(TypedDict):
    """The single answer of the model that the layers are around."""

    letter: str | None
    state: str
    """A value of ``AnswerState``."""
    effort: EffortRecord


class LayerStepRecord(TypedDict):
    """What one layer decided."""

    layer: str
    stage: str
    """``input``, ``answer``, ``output`` or ``hand_over``."""
    action: str
    """``pass``, ``answer``, ``abstain`` or ``hand_over``; ``not_asked`` where it would have taken
    a call on a case that was stopped already."""
    letter: str | None
    """The letter that it judged, or that it gave where its action is ``answer``."""
    says: str
    """Why, in a few words."""
    score: NotRequired[float]
    """How sure it is of the answer, where it has such a number."""
    could_read: NotRequired[bool]
    """Whether the reply of its own model could be read, where it asked one."""
    stopped: bool
    """Whether another layer had stopped the case before."""
    effort: EffortRecord


class LayersRecord(TypedDict):
    """What the layers did with a case."""

    base: str
    """The model that they are around."""
    outcome: str
    """``answered``, ``abstained``, ``handed_over``, or ``none`` where the base gave no answer."""
    by: str | None
    """The layer that stopped the case or gave its letter; ``None`` for the base."""
    capacity: float
    """The share of the cases of a cell that people can take."""
    order: int
    """Where the item stands in the data set: people take the first that come."""
    bare: BareRecord
    effort: EffortRecord
    """What the outcome took in use: layers that decided on a case stopped already took nothing."""
    steps: list[LayerStepRecord]


class UnreadChecks(TypedDict):
    """Replies of the models that a layer asks, which could not be read."""

    model: str
    """The model that the layer is around."""
    layer: str
    unread: int
    of: int
