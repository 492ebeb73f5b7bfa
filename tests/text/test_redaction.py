"""Keys in every form in which a server may repeat them, and words that are none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_safescale.text.redaction import REDACTED, Redactor, is_secret
from tests.keys import FORMS, MARKED, forms_of
from tests.servers import KEY


@pytest.mark.parametrize("key", [KEY, MARKED], ids=["plain", "marked"])
@pytest.mark.parametrize("form", FORMS)
def test_a_key_is_found_in_every_form(form: str, key: str) -> None:
    said = f"You sent {FORMS[form](key)} to us."
    shown = Redactor([key]).text(said)
    assert REDACTED in shown
    assert FORMS[form](key) not in shown
    for part in forms_of(key):
        assert part.lower() not in shown.lower()
    assert shown.startswith("You sent ")
    assert shown.endswith(" to us.")


@pytest.mark.parametrize("form", FORMS)
def test_every_key_of_a_run_is_found(form: str) -> None:
    keys = (KEY, f"{KEY}-and-more", MARKED)
    said = ", ".join(FORMS[form](key) for key in (*keys, *keys))
    shown = Redactor(keys).text(said)
    assert "planted" not in shown.lower()
    assert "0123456789" not in shown
    assert "-and-more" not in shown


def test_forms_beside_each_other_are_all_found() -> None:
    said = " ".join(form(KEY) for form in FORMS.values())
    shown = Redactor([KEY]).text(said)
    assert shown.count(REDACTED) == len(FORMS)


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("", False),
        ("none", False),
        ("x", False),
        ("EMPTY", False),
        ("ollama", False),
        ("sk-1234", False),
        ("anything", False),
        ("PLACEHOLDER", False),
        ("Pneumothorax", False),
        ("abcdefghijklmnopqrs", False),
        ("abcdefghijklmnopqrst", True),
        ("sk-12345", True),
        ("12345678", True),
        ("aBcDeFgHiJkL", True),
        ("no-key-needed", True),
        (KEY, True),
    ],
)
def test_short_keys_and_single_words_are_no_secrets(key: str, secret: bool) -> None:
    assert is_secret(key) is secret
    said = f"none of it, ollama, Anything: {key}"
    assert (Redactor([key]).text(said) != said) is secret


@pytest.mark.parametrize(
    "said",
    [
        "",
        "B",
        "The sign is 50 % sensitive & specific; 100%25 of C:\\users\\u0041.",
        "QSBwbmV1bW90aG9yYXggaXMgc2Vlbi4gVGhlIGFuc3dlciBpcyBC",
        "\ud800 half a pair, \u212aelvin and \u0130",
    ],
)
def test_text_without_a_key_stays_as_it_is(said: str) -> None:
    assert Redactor([KEY, MARKED]).text(said) == said
    assert Redactor([]).text(said) == said


def test_json_data_is_redacted_throughout() -> None:
    def said(word: str) -> dict[str, Any]:
        return {"a": [word, {word: [1, 2.5, None, True, [f"-{word}-"]]}], "b": "B"}

    assert Redactor([KEY]).data(said(KEY)) == said(REDACTED)


@given(st.text(min_size=0, max_size=60), st.text(max_size=5), st.sampled_from(sorted(FORMS)))
def test_whatever_stands_around_it_no_key_is_left(before: str, after: str, form: str) -> None:
    shown = Redactor([KEY]).text(f"{before} {FORMS[form](KEY)} {after}")
    assert REDACTED in shown
    for part in forms_of(KEY):
        assert part.lower() not in shown.lower()


def test_hostile_text_is_gone_through_in_time_that_grows_with_its_length() -> None:
    # Each of these made a pattern that backtracks go over the same characters again and again.
    redactor = Redactor([KEY, MARKED])
    for unit in ("\\", "%25", "&amp;", "A", "=", FORMS["base64"](KEY) + " ", KEY[:-1], "\\u005c"):
        said = unit * (300_000 // len(unit))
        assert KEY not in redactor.text(said)
