"""Hypothesis at the helm: drawing many variants at once, and shrinking one that fails.

Only hypothesis's public interface is used. ``hypothesis.find`` is not enough here: with a seed it
forgets its database, since ``seed`` takes the database away. ``settings`` applied after ``seed``
gives it back, and a database that puts its own key in front keeps searches apart, where ``find``
would take a key of its own.
"""

from __future__ import annotations

import hashlib
import unittest
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.database import ExampleDatabase
from hypothesis.errors import Unsatisfiable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hypothesis.strategies import SearchStrategy

    from pytest_safescale.perturb.edits import Variant
    from pytest_safescale.perturb.family import Edits

__all__ = ["Drawing"]

IDLE_DRAWS = 60
"""Draws without a new variant after which there is taken to be none."""


class _Enough(Exception):
    """Ends drawing."""


class _Failing(Exception):
    """Tells hypothesis that a variant fails."""


class Drawing:
    """The variants of one search: which are drawn is settled by the seed alone."""

    def __init__(
        self,
        strategy: SearchStrategy[Edits],
        variant: Callable[[Edits], Variant],
        *,
        wanted: int,
        number: int,
        key: bytes,
        profile: settings,
    ) -> None:
        """``number`` is the seed, ``key`` names the search in the profile's database."""
        self._strategy = strategy
        self._variant = variant
        self._wanted = wanted
        self._number = number
        self._phases = set(profile.phases)
        self._database = None if profile.database is None else _Keyed(profile.database, key)
        # Cut and repeated variants are drawn too and passed over, hence more draws than wanted.
        # Both runs need the same number: hypothesis paces itself by it.
        self._settings = settings(
            profile,
            max_examples=4 * wanted + 20,
            derandomize=False,
            database=None,
            deadline=None,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )

    def variants(self) -> list[Variant]:
        """Draw the variants, all different and none cut short; nothing is asked."""
        found: dict[str, Variant] = {}
        idle = 0

        def collect(edits: Edits) -> None:
            nonlocal idle
            if len(found) >= self._wanted or idle >= IDLE_DRAWS:
                raise _Enough
            idle += 1
            if any(edit.cut for edit in edits):
                return
            variant = self._variant(edits)
            if variant.key not in found:
                found[variant.key] = variant
                idle = 0

        if Phase.generate in self._phases:
            self._run(collect, {Phase.generate}, _Enough)
        return list(found.values())

    def shrink(self, fails: Callable[[Variant], bool], known: Callable[[str], bool]) -> bool:
        """Draw again up to the first variant that fails and shrink that one; say if one did.

        ``fails`` asks where it has to; ``known`` says whether a variant's answer is there already,
        which it is for all that were drawn. ``fails`` sees the smallest failing variant among
        those it says ``True`` of.
        """
        met = False

        def check(edits: Edits) -> None:
            nonlocal met
            variant = self._variant(edits)
            # Up to the failure, what was passed over when drawing is passed over again: unasked.
            if (met or known(variant.key)) and fails(variant):
                met = True
                raise _Failing

        self._run(check, {Phase.generate, Phase.shrink} & self._phases, _Failing, keep=True)
        return met

    def reuse(self, fails: Callable[[Variant], bool]) -> None:
        """Try the counterexamples that the database holds for this search, and shrink what fails.

        Nothing happens without a database, or where a profile leaves the phase out.
        """
        if self._database is None or Phase.reuse not in self._phases or self._database.empty:
            return

        def check(edits: Edits) -> None:
            if fails(self._variant(edits)):
                raise _Failing

        self._run(check, {Phase.reuse, Phase.shrink} & self._phases, _Failing, keep=True)

    def _run(
        self,
        body: Callable[[Edits], None],
        phases: Iterable[Phase],
        end: type[Exception],
        *,
        keep: bool = False,
    ) -> None:
        database = self._database if keep else None
        chosen = settings(self._settings, phases=tuple(phases), database=database)

        def one(edits: Edits) -> None:
            body(edits)

        test = chosen(seed(self._number)(given(self._strategy)(one)))
        try:
            test()
        except (end, Unsatisfiable, unittest.SkipTest):
            # SkipTest: the database's examples no longer fit the strategy, so that none was run.
            return


class _Keyed(ExampleDatabase):
    """A part of a database that one search has to itself."""

    def __init__(self, inner: ExampleDatabase, key: bytes) -> None:
        super().__init__()
        self._inner = inner
        self._key = hashlib.sha384(key).digest()

    @property
    def empty(self) -> bool:
        """Whether nothing was ever saved for this search."""
        return not any(True for _ in self._inner.fetch(self._key))

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """Return what was saved."""
        return self._inner.fetch(self._own(key))

    def save(self, key: bytes, value: bytes) -> None:
        """Save one more."""
        self._inner.save(self._own(key), value)

    def delete(self, key: bytes, value: bytes) -> None:
        """Forget one."""
        self._inner.delete(self._own(key), value)

    def _own(self, key: bytes) -> bytes:
        """Return the search's key, kept apart for each corpus that hypothesis keeps."""
        for corpus in (b".secondary", b".pareto"):
            if key.endswith(corpus):
                return self._key + corpus
        return self._key
