from __future__ import annotations

import pytest

from pytest_safescale.text.tokens import (
    count_tokens,
    first_tokens,
    repeat_to,
    room,
    search_words,
    windows,
)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        (" \n\t", 0),
        ("lung", 1),
        ("Lung, left.", 4),
        ("T2-weighted", 3),
        ("eGFR 30 mL/min", 5),
        ("Ödem", 1),
        ("気胸です", 4),
        ("CT検査", 3),
        ("...", 3),
    ],
)
def test_words_and_punctuation_marks_are_counted(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens


@pytest.mark.parametrize(
    ("real", "ours"),
    [(1300, 1000), (1, 0), (0, 0), (-50, 0)],
)
def test_room_divides_by_the_stated_ratio_and_is_never_negative(real: int, ours: int) -> None:
    assert room(real) == ours


@pytest.mark.parametrize(
    ("n", "start"),
    [(0, ""), (-1, ""), (1, "one"), (2, "one,"), (3, "one,  two"), (9, "one,  two\n")],
)
def test_a_text_is_cut_behind_its_nth_token(n: int, start: str) -> None:
    assert first_tokens("one,  two\n", n) == start


@pytest.mark.parametrize(
    ("tokens", "pieces"),
    [
        (0, [""]),
        (4, ["0 1 2 3"]),
        (5, ["0 1 2 3", "3 4"]),
        (7, ["0 1 2 3", "3 4 5 6"]),
        (8, ["0 1 2 3", "3 4 5 6", "6 7"]),
    ],
)
def test_windows_of_four_share_one_token_with_the_next(tokens: int, pieces: list[str]) -> None:
    assert windows(" ".join(map(str, range(tokens))), 4, 1) == pieces


@pytest.mark.parametrize(
    ("text", "n", "padded"),
    [
        ("a b", 5, "a b\n\na b\n\na"),
        ("a b", 4, "a b\n\na b"),
        ("a b c", 2, "a b"),
        ("", 4, ""),
        ("a", 0, ""),
    ],
)
def test_a_text_is_repeated_to_an_exact_length(text: str, n: int, padded: str) -> None:
    assert repeat_to(text, n) == padded


@pytest.mark.parametrize("text", ["a" * 10**6, ". " * 500_000, "word " * 200_000, " " * 10**6])
def test_a_megabyte_is_counted_and_cut_in_linear_time(text: str) -> None:
    tokens = count_tokens(text)
    assert windows(text, 300, 50)[0] == (first_tokens(text, 300) if tokens > 300 else text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Chest X-ray, 12.5 mm!", ["chest", "x", "ray", "12", "5", "mm"]),
        ("腹部CT検査。", ["腹", "部", "ct", "検", "査"]),
        ("?! …", []),
    ],
)
def test_a_search_goes_by_the_same_tokens_without_punctuation(text: str, words: list[str]) -> None:
    assert search_words(text) == words
