"""The second reader over results that exist: what the rules cannot read is read by a model.

The results are gone through once to find what is to be read, then the model is asked about all of
it, and the pass that scores looks its readings up.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_safescale.answers.answer import AnswerState
from pytest_safescale.calls.all_ended import all_ended
from pytest_safescale.models.model import Reply
from pytest_safescale.results.second_readings import SecondReadings
from pytest_safescale.runs.case import Decoding, ReadReply
from pytest_safescale.runs.one_model import asking
from pytest_safescale.runs.second_reader import (
    CHECKED,
    SecondReader,
    described_reader,
    second_reader_part,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.answers.answer import Answer
    from pytest_safescale.dataset.item import Item
    from pytest_safescale.models.model import Model
    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.manifest_models import SecondReaderOfRun
    from pytest_safescale.settings.schema import Settings

__all__ = ["FoundReplies", "ReadAgain", "read_again"]

Key = tuple[str, str]


def _key(text: str, item: Item) -> Key:
    return item.content_sha256, text


@dataclass(kw_only=True)
class FoundReplies:
    """The replies that are to be read a second time; every reply of the results goes through it."""

    seed: int
    unreadable: dict[Key, tuple[Item, ReadReply]] = field(default_factory=dict)
    """Each text to an item once, however often it was replied."""
    sample: list[tuple[Item, ReadReply]] = field(default_factory=list)
    """A seeded sample of those that the rules can read."""
    _readable: int = 0

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed)  # noqa: S311 - no secret hangs on it

    def __call__(self, text: str, item: Item, answer: Answer) -> Answer:
        """Note a reply; returns what the rules read."""
        read = ReadReply(reply=Reply(text=text), answer=answer)
        if answer.state is AnswerState.UNREADABLE:
            self.unreadable.setdefault(_key(text, item), (item, read))
            return answer
        # Reservoir sampling (Vitter 1985, algorithm R): each is in the sample with one chance.
        self._readable += 1
        if len(self.sample) < CHECKED:
            self.sample.append((item, read))
        elif (place := self._draw.randrange(self._readable)) < CHECKED:
            self.sample[place] = (item, read)
        return answer


@dataclass(frozen=True, kw_only=True)
class ReadAgain:
    """What a second reader made of results."""

    answers: dict[Key, Answer]
    part: SecondReaderOfRun
    """What the manifest says of it."""
    effort: Manifest
    """What its calls took, under the keys of a run's manifest."""

    def __call__(self, text: str, item: Item, answer: Answer) -> Answer:
        """Return a reply's answer as both readers read it."""
        if answer.state is not AnswerState.UNREADABLE:
            return answer
        return self.answers.get(_key(text, item), answer)


def read_again(found: FoundReplies, model: Model, settings: Settings, run_id: str) -> ReadAgain:
    """Ask the second reader about what was found; raises what asking raises."""
    return asyncio.run(_read_again(found, model, settings, run_id))


async def _read_again(
    found: FoundReplies, model: Model, settings: Settings, run_id: str
) -> ReadAgain:
    async with asking(model, settings, run_id) as (caller, effort):
        tokens = Decoding().tokens_for(model)
        reader = SecondReader(model, caller, tokens=tokens, seed=found.seed)
        read = await _all(reader, list(found.unreadable.values()), check=False)
        checked = await _all(reader, found.sample, check=True)
        counts = SecondReadings()
        readings = [one.second for one in (*read, *checked) if one.second is not None]
        for reading in readings:
            counts.take(reading.record())
        took = effort(reading.answered for reading in readings if reading.answered is not None)
    return ReadAgain(
        answers=dict(zip(found.unreadable, (one.answer for one in read), strict=True)),
        part=second_reader_part(described_reader(model.info), counts, took["tokens"]["this_run"]),
        effort=took,
    )


async def _all(
    reader: SecondReader, replies: Sequence[tuple[Item, ReadReply]], *, check: bool
) -> list[ReadReply]:
    asked = [reader.read_all(item, [read], check=check) for item, read in replies]
    return [read for part in await all_ended(asked) for read in part]
