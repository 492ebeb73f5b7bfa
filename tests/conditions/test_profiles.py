"""Prompt profiles: what each changes of the plain prompt, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_safescale.conditions.profiles import (
    BUILT_IN,
    ProfileTexts,
    PromptProfile,
    plain_profile,
    profiles_named,
)
from pytest_safescale.conditions.prompt import PromptTemplate, build_messages, default_prompt
from pytest_safescale.errors import SettingsError
from tests.conditions.fakes import an_item

PROMPT = default_prompt("radiology")


def named(*names: str, plain: PromptTemplate = PROMPT, **own: ProfileTexts) -> list[PromptProfile]:
    return list(profiles_named(names, plain=plain, subject="radiology", own=own))


def test_without_a_name_the_plain_prompt_is_asked_as_it_was() -> None:
    (profile,) = named()
    assert profile == plain_profile(PROMPT)
    assert profile.template.sha256() == PROMPT.sha256()


def test_profiles_come_once_each_in_the_order_of_their_names() -> None:
    found = named("verify", "plain", "verify")
    assert [profile.name for profile in found] == ["verify", "plain"]


@pytest.mark.parametrize("name", [name for name in BUILT_IN if name != "plain"])
def test_every_built_in_profile_asks_otherwise_than_the_plain_one(name: str) -> None:
    profile, plain = named(name, "plain")
    assert profile.sha256() != plain.sha256()
    assert "multiple-choice questions in radiology" in profile.template.system


def test_a_profile_that_only_adds_a_turn_shares_its_first_turn_with_the_plain_one() -> None:
    verify, plain, think = named("verify", "plain", "think")
    assert verify.first_turn_as(plain)
    assert not think.first_turn_as(plain)
    assert verify.steps
    assert "harm" in verify.steps[0]


def test_the_user_message_of_ones_own_stays_and_the_usual_last_line_gives_way() -> None:
    own = replace(PROMPT, user_without_evidence="{options} {question}")
    (profile,) = named("uncertain", plain=own)
    assert profile.template.user_without_evidence == "{options} {question}"
    user = build_messages(profile.template, an_item(), "Evidence.")[1]["content"]
    assert user.endswith("Letter of the best option, or cannot say:")


def test_a_profile_of_ones_own_is_plain_where_it_says_nothing() -> None:
    (profile,) = named("blunt", blunt=ProfileTexts(system="Answer.", steps=("Sure?", "Really?")))
    assert profile.template == replace(PROMPT, system="Answer.")
    assert profile.steps == ("Sure?", "Really?")


@pytest.mark.parametrize(
    ("names", "own", "told"),
    [
        (["verfy"], {}, "found 'verfy' (did you mean 'verify'?); allowed: plain, uncertain,"),
        (["mine"], {"mine": {}}, "prompts.mine: found no text; allowed: at least one of system"),
        ([], {"mine": {}}, "prompts.mine: found no text"),
        ([], {"mine": {"abstain_option": "  "}}, "prompts.mine: found no text"),
        ([], {"My-own": {"system": "x"}}, "found the name 'My-own'; allowed: lower-case letters"),
        ([], {"think": {"system": "x"}}, "prompts.think: think is built in; allowed: a name of"),
        ([], {"plain": {"system": "x"}}, "plain is built in (the table prompt changes it)"),
        ([], {"mine": {"steps": (" ",)}}, "prompts.mine.steps: found an empty text"),
        (
            ["mine"],
            {"mine": {"user_with_evidence": "{question}"}},
            "prompts.mine: prompt user_with_evidence: placeholder {evidence} is missing",
        ),
    ],
)
def test_what_is_no_profile_is_refused_in_one_sentence(
    names: list[str], own: dict[str, dict[str, Any]], told: str
) -> None:
    texts = {name: ProfileTexts(**table) for name, table in own.items()}
    with pytest.raises(SettingsError) as refused:
        profiles_named(names, plain=PROMPT, subject="radiology", own=texts)
    assert told in str(refused.value)
