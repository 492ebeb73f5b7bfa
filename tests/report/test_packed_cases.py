from __future__ import annotations

import gc
import json
from typing import Any

from pytest_safescale.report.page import packed_cases
from pytest_safescale.report.page.packed_cases import LIMITS, CasePacker, Packed, script_json
from tests.report.made_records import Shape, make_records
from tests.report.pages import Cases


def _packed(records: list[dict[str, Any]], budget: int = 10_000_000, **more: Any) -> Packed:
    packer = CasePacker(None, **more)
    for record in records:
        packer.add(record)
    return packer.pack(budget)


def _records(**shape: Any) -> list[Any]:
    return make_records(Shape(models=("m",), **shape))


def test_every_text_of_every_case_comes_back() -> None:
    records = _records(items=40, evidence_characters=2_000, reply_characters=50)
    packed = _packed(records)
    cases = Cases(dict(packed.content))
    assert packed.limit is None
    assert packed.cases == len(records) == len(cases.details)
    for record, detail in zip(records, cases.details, strict=True):
        greedy, samples = record["greedy"] or {}, record["samples"] or {}
        assert cases.text(detail[0]) == greedy.get("text", "")
        assert cases.text(detail[4]) == (record["error"] or "")
        assert detail[5] == samples.get("letters", [])
        assert cases.replies(detail) == samples.get("texts", [])
        assert cases.text(detail[8]) == record["evidence"]["text"]
        assert detail[10] == record["evidence"]["passages"]
        assert [cases.text(step[1]) for step in detail[11]] == [s["text"] for s in record["trace"]]


def test_the_index_holds_what_the_list_shows() -> None:
    records = _records(items=5)
    index = Cases(dict(_packed(records).content)).index
    models, conditions, items, outcomes, findings, letters, majorities, confidences = index["rows"]
    for at, record in enumerate(records):
        assert index["models"][models[at]] == record["model"]
        assert index["conditions"][conditions[at]] == record["condition"]
        assert index["items"][items[at]]["id"] == record["item_id"]
        assert index["items"][items[at]]["truth"] == record["truth"]
        assert index["outcomes"][outcomes[at]] == record["outcome"]
        found = {name for bit, name in enumerate(index["findings"]) if findings[at] >> bit & 1}
        assert found == set(record["findings"])
        samples = record["samples"] or {}
        assert letters[at] == (record["greedy"] or {}).get("letter")
        assert majorities[at] == samples.get("majority")
        assert (confidences[at] is None) == ("confidence" not in samples)


def test_what_is_held_of_a_case_the_garbage_collector_does_not_come_back_to() -> None:
    records = _records(items=60, evidence_characters=100, reply_characters=50)
    few, packer = len(records) // 6, CasePacker(None)
    held = []
    for some in (records[:few], records[few:]):
        for record in some:
            packer.add(record)
        for _ in range(3):  # a pass finds out of one layer of tuples that it leads in no circle
            gc.collect()
        held.append(len(gc.get_objects()))
    assert held[1] - held[0] < 0.1 * len(records)


def test_a_passage_shared_by_cases_is_embedded_once() -> None:
    records = _records(items=3)
    for record in records:
        record["evidence"]["text"] = f"{record['item_id']}\n\nThe same long passage.\n\nThe end."
    assert Cases(dict(_packed(records).content)).pieces.count("The same long passage.") == 1


def test_beyond_the_budget_texts_are_cut_with_a_note_and_a_reply_keeps_its_end() -> None:
    records = _records(items=30, evidence_characters=15_000, reply_characters=3_000)
    whole = _packed(records)
    packed = _packed(records, budget=whole.size // 4)
    assert packed.limit is not None
    assert packed.size <= whole.size // 4
    cases = Cases(dict(packed.content))
    answered = next(
        at for at, record in enumerate(records) if record["evidence"]["text"] and record["greedy"]
    )
    assert "[cut: " in cases.text(cases.details[answered][8])
    reply = records[answered]["greedy"]["text"]
    if len(reply) > packed.limit:
        assert "characters left out here]" in cases.text(cases.details[answered][0])
    assert cases.text(cases.details[answered][0])[-20:] == reply[-20:]


def test_where_memory_has_no_room_texts_are_cut_as_the_page_cuts_them() -> None:
    records = _records(items=30, evidence_characters=15_000, reply_characters=3_000)
    smallest = _packed(records, budget=1)
    assert smallest.limit == LIMITS[-1][0]
    for held in (2_000_000, 200_000, 1):
        assert _packed(records, budget=1, held=held) == smallest
    roomy = _packed(records, held=200_000)
    assert roomy.limit is not None
    assert roomy.limit > LIMITS[-1][0]


def test_json_inside_a_script_cannot_end_it() -> None:
    hostile = {"a": "</script><!--<script>&\u2028\u2029"}
    text = script_json(hostile)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == hostile


def test_a_run_without_cases_packs_to_nothing() -> None:
    packed = _packed([])
    assert packed.cases == 0
    assert Cases(dict(packed.content)).index["rows"] == []


def test_where_there_is_no_room_the_replies_of_samples_are_left_out_first() -> None:
    records = _records(items=20, reply_characters=500)
    cases = Cases(dict(_packed(records, budget=1).content))
    answered = next(detail for detail in cases.details if detail[5])
    assert cases.replies(answered) == [None] * 20
    assert cases.text(answered[0])


def test_a_reply_that_is_its_letter_takes_no_text() -> None:
    records = _records(items=3, errors=False)
    detail = Cases(dict(_packed(records).content)).details[0]
    assert {1 if letter else None for letter in detail[5]} >= {1}
    for letter, text in zip(detail[5], detail[6], strict=True):
        assert (text == 1) == (letter is not None)


def test_more_texts_and_letters_than_a_byte_can_number_come_back_too() -> None:
    (record,) = _records(items=1, conditions=("closed_book",), errors=False)
    letters = [None, *(f"L{number}" for number in range(300))]
    texts = ["", *(f"the answer is L{number}" for number in range(299)), "L299"]
    record["samples"] |= {"letters": letters, "texts": texts}
    cases = Cases(dict(_packed([record, record]).content))
    for detail in cases.details:
        assert detail[5] == letters
        assert cases.replies(detail) == texts


def test_states_that_many_cases_have_are_put_into_signs_once() -> None:
    records = _records(items=8, errors=False)
    for number, record in enumerate(records):
        last = ("abstained", "unreadable", "answered")[number % 3]
        record["samples"]["states"] = [*["answered"] * 19, last]
    packed_cases._signs.cache_clear()
    details = Cases(dict(_packed(records).content)).details
    assert [detail[14][-2:] for detail in details[:3]] == [".a", ".?", ".."]
    assert packed_cases._signs.cache_info().misses == 3
