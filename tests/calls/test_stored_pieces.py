"""What a run has stored is taken from its store piece by piece, while it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.calls.store import Store
from pytest_safescale.calls.stored_replies import Kept, Row, Spent
from pytest_safescale.models.model import Reply

if TYPE_CHECKING:
    from pathlib import Path


def keep(store: Store, name: str, *texts: str) -> None:
    replies = {sample: Reply(text=text) for sample, text in enumerate(texts)}
    kept = Kept(
        call=name.encode() * 32, model="m", base_url="", replies=replies, at=5.0, spent=Spent()
    )
    store.put([kept])


def test_pieces_together_are_what_the_run_has_stored(tmp_path: Path) -> None:
    with Store(tmp_path / "s", run="other") as earlier:
        keep(earlier, "e", "not of this run")
    with Store(tmp_path / "s", run="mine") as store, Store(tmp_path / "t") as into:
        place, pieces = 0, list[list[Row]]()
        for name in "abc":
            keep(store, name, "first", name)
            while len(found := store.replies.after(place, "mine", most=2)) > 1 or not pieces:
                pieces.append([row for _, row in found])
                place = found[-1][0]
        for piece in pieces:
            into.take_in(piece)
        assert into.size() == 6
        assert list(into.replies.each()) == [
            row for row in store.replies.each() if row is not None and row.run == "mine"
        ]


def test_a_reply_that_was_asked_for_anew_is_in_the_next_piece(tmp_path: Path) -> None:
    with Store(tmp_path / "s", run="mine") as store:
        keep(store, "a", "before")
        ((place, _),) = store.replies.after(0, "mine", most=9)
        keep(store, "a", "after")
        assert [row.reply.text for _, row in store.replies.after(place, "mine", most=9)] == [
            "after"
        ]
