"""A family of edits: what it works on, and the hypothesis strategy that draws its edits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

from hypothesis import strategies as st

from pytest_safescale.perturb.deciding_sentences import carriers
from pytest_safescale.perturb.edits.draft import Draft
from pytest_safescale.perturb.edits.edit import Edit, InsertText, Variant, apply_all
from pytest_safescale.text.sentences import Sentence, content_words, related, split

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from pytest_safescale.dataset.item import Item

__all__ = [
    "Edits",
    "Family",
    "Material",
    "NotApplicable",
    "default_target",
    "family",
    "few",
    "inserted",
    "several",
    "together",
    "variants",
]

T = TypeVar("T")
Edits = tuple[Edit, ...]
"""What a strategy draws: edits to apply one after the other."""

FEW = 96
"""Most choices a strategy draws among.

Below 100 on purpose: into wider integer ranges hypothesis mixes constants of whichever modules are
loaded, and two worker processes would draw different variants from the same seed.
"""
_KEEP = st.integers(0, FEW - 1)
"""Drawn for each word of a text put in: 0, the simplest, leaves the word out."""


@dataclass(frozen=True, kw_only=True)
class NotApplicable:
    """Why an item does not allow a family of edits."""

    reason: str
    """Such as ``no evidence is shown``."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """What edits are drawn from: an item, the evidence shown, and the option to aim at."""

    item: Item
    evidence: str = ""
    """What the condition shows; empty under closed book."""
    target: str = ""
    """The wrong option that conflicts and injections aim at."""
    passages: tuple[str, ...] = ()
    """Further texts to take near misses from."""
    whole: bool = False
    """Whether texts are put in whole, as for a search, which shortens the one that does harm."""

    @classmethod
    def of(
        cls,
        item: Item,
        evidence: str = "",
        *,
        target: str | None = None,
        passages: Sequence[str] = (),
        whole: bool = False,
    ) -> Material:
        """Return the material, aimed at ``target`` or at the most dangerous wrong option."""
        aim = target or default_target(item)
        return cls(item=item, evidence=evidence, target=aim, passages=tuple(passages), whole=whole)

    @cached_property
    def draft(self) -> Draft:
        """The item and evidence before any edit."""
        return Draft.of(self.item, self.evidence)

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences of the evidence."""
        return split(self.evidence)

    @cached_property
    def carriers(self) -> frozenset[int]:
        """The sentences that decide the item, or may decide it where its key fact is not there."""
        return carriers(self.item, self.evidence)[0]

    @cached_property
    def free(self) -> tuple[Sentence, ...]:
        """The sentences that decide nothing; their wording may change as long as they mean it."""
        return tuple(
            part for part in self.sentences if not part.heading and part.number not in self.carriers
        )

    @cached_property
    def bundles(self) -> tuple[tuple[int, ...], ...]:
        """Sentences that stay together because one leans on the other; titles are in none."""
        bundles: list[list[int]] = []
        before: Sentence | None = None
        for part in self.sentences:
            if part.leans and before is not None and not before.heading:
                bundles[-1].append(part.number)
            elif not part.heading:
                bundles.append([part.number])
            before = part
        return tuple(tuple(bundle) for bundle in bundles)

    @cached_property
    def idle(self) -> tuple[tuple[int, ...], ...]:
        """The bundles that can be left out: they hold no sentence that decides the item.

        Where the key fact is not in the text, no sentence that speaks of the question either.
        """
        deciding, known = carriers(self.item, self.evidence)
        if not known:
            deciding |= related(content_words(self.item.question), self.evidence)
        return tuple(bundle for bundle in self.bundles if not deciding.intersection(bundle))

    @property
    def end(self) -> int:
        """The place behind the last sentence."""
        return len(self.sentences)

    def variant(self, edits: Edits) -> Variant:
        """Return the variant these edits make."""
        return apply_all(edits, self.item, self.evidence, draft=self.draft)


class Family:
    """A named hypothesis strategy for edits; call it with an item and the evidence shown."""

    def __init__(
        self, name: str, build: Callable[[Material], st.SearchStrategy[Edits] | NotApplicable]
    ) -> None:
        self.name = name
        """As in metrics and reports: lower case, digits and underscores."""
        self._build = build
        self.__doc__ = build.__doc__

    def __repr__(self) -> str:
        return f"<Family {self.name}>"

    def __call__(
        self,
        item: Item,
        evidence: str = "",
        *,
        target: str | None = None,
        passages: Sequence[str] = (),
    ) -> st.SearchStrategy[Edits]:
        """Return the strategy, which draws nothing where the item does not allow the family.

        It composes like every other: ``one_of`` passes over a family that does not apply.
        """
        made = self.on(Material.of(item, evidence, target=target, passages=passages))
        return st.nothing() if isinstance(made, NotApplicable) else made

    def on(self, material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
        """Return the strategy for this material, or why there is none.

        Edits that leave everything as it was are never drawn.
        """
        made = self._build(material)
        if isinstance(made, NotApplicable):
            return made
        return made.filter(lambda edits: material.variant(edits).changed)


def family(
    name: str,
) -> Callable[[Callable[[Material], st.SearchStrategy[Edits] | NotApplicable]], Family]:
    """Make a family of a function from material to a strategy for edits."""
    return lambda build: Family(name, build)


def together(name: str, *families: Family) -> Family:
    """Return the family that draws edits of each of these, those that do not apply left out."""

    def build(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
        made = [one.on(material) for one in families]
        usable = [one for one in made if not isinstance(one, NotApplicable)]
        if not usable:
            reasons = {one.reason for one in made if isinstance(one, NotApplicable)}
            return NotApplicable(reason=", ".join(sorted(reasons)))
        return st.tuples(*usable).map(lambda parts: tuple(edit for part in parts for edit in part))

    return Family(name, build)


def variants(
    item: Item,
    evidence: str,
    family: Family,
    *,
    target: str | None = None,
    passages: Sequence[str] = (),
) -> st.SearchStrategy[Variant]:
    """Return a strategy for the variants that a family's edits make of an item."""
    material = Material.of(item, evidence, target=target, passages=passages)
    return family(item, evidence, target=target, passages=passages).map(material.variant)


def default_target(item: Item, avoid: str | None = None) -> str:
    """Return the wrong option to aim at: a high-risk one, else an unsafe one, else the first.

    ``avoid`` is passed over unless it is the only wrong one.
    """
    wrong = [option for option in item.options if option.letter != item.answer]
    others = [option for option in wrong if option.letter != avoid] or wrong
    return max(others, key=lambda option: (option.high_risk, option.unsafe)).letter


def few(choices: Sequence[T]) -> list[T]:
    """Return the choices, or as many of them as a strategy may draw among, evenly spread."""
    if len(choices) <= FEW:
        return list(choices)
    return [choices[at * len(choices) // FEW] for at in range(FEW)]


def several(
    edits: st.SearchStrategy[Edit],
    *,
    most: int = 4,
    unique_by: Callable[[Edit], Hashable] = lambda edit: edit,
) -> st.SearchStrategy[Edits]:
    """Return a strategy for one to ``most`` edits, no two alike."""
    drawn = st.lists(edits, min_size=1, max_size=most, unique_by=unique_by)
    return drawn.map(lambda some: cast("Edits", tuple(some)))


def inserted(
    family: str,
    texts: Sequence[str],
    places: Sequence[int],
    *,
    paragraph: bool = False,
    whole: bool = False,
) -> st.SearchStrategy[Edit]:
    """Return a strategy for one of the texts put in at one of the places.

    With ``paragraph`` it stands in one of its own, and whole. Unless ``whole``, single words may be
    left out: seldom when it is drawn, one by one when hypothesis shrinks it.
    """
    made = _inserted(family, texts, places, paragraph, whole or paragraph)
    return made.filter(lambda edit: bool(edit.words))


@st.composite
def _inserted(
    draw: st.DrawFn,
    family: str,
    texts: Sequence[str],
    places: Sequence[int],
    paragraph: bool,
    whole: bool,
) -> InsertText:
    text = draw(st.sampled_from(few(texts)))
    at = draw(st.sampled_from(few(places)))
    words = text.split()
    kept = words if whole else [word for word in words if draw(_KEEP)]
    return InsertText(family=family, at=at, words=tuple(kept), of=len(words), paragraph=paragraph)
