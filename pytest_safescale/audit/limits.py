"""For whom and when a sentence holds: population, condition and modality."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Limit", "limits", "populations", "unmet", "unmet_limits", "with_its_limits"]

_WHO: Mapping[str, str] = {
    "children": r"child(?:ren|hood)?|paediatric|pediatric|infants?|infancy|neonat\w+|newborns?"
    r"|toddlers?|adolescents?|bab(?:y|ies)|preterm|boys?|girls?",
    "adults": r"adults?|elderly|geriatric|aged|men|women|man|woman",
    "pregnancy": r"pregnan\w+|gestation\w*|trimester|expectant mothers?",
    "breastfeeding": r"breast-?feeding|lactati\w+|nursing mothers?",
    "immunosuppression": r"immunosuppress\w+|immunocompromised|neutropeni\w+|transplant\w*",
    "known cancer": r"known (?:cancer|malignancy|primary)|with a history of (?:cancer|malignancy)",
    "renal failure": r"(?:renal|kidney) (?:failure|impairment|insufficiency|disease|injury)"
    r"|dialysis|eGFR",
    "contrast reaction": r"(?:contrast |earlier |previous |prior |allergic |severe )+reactions?"
    r"|allerg(?:y|ies|ic) to contrast|anaphyla\w+",
    "instability": r"unstable|instability|shock|hypotensi\w+",
    "stability": r"(?<!un)stable|haemodynamically normal|hemodynamically normal",
}
"""Groups of people and states, and the words that name them."""
_NAMED = {name: Pattern(rf"\b(?:{words})\b", re.IGNORECASE) for name, words in _WHO.items()}
_LIMITED_TO = {
    **_NAMED,
    "adults": Pattern(r"\b(?:adults?|elderly)\b", re.IGNORECASE),
    "contrast reaction": Pattern(
        r"\b(?:(?:contrast |earlier |previous |prior |allergic |severe )+reactions?"
        r"|allerg(?:y|ies|ic) to contrast)\b",
        re.IGNORECASE,
    ),
}
"""A man or a woman in a sentence is no limit to adults, nor anaphylaxis one to what came before."""
_LIMITING = Pattern(
    r"\b(?:only|solely|exclusively) (?:if|in|for|when|after|during|with|on|by)\b"
    r"|\b(?:in|for|among|during|after|with|if|when|provided|where|unless|under)\b",
    re.IGNORECASE,
)
_ONLY = Pattern(r"\bonly (?:if|in|for|when|after|during|with|on|by)\b", re.IGNORECASE)
_MODALITY: Mapping[str, str] = {
    "CT": r"CT|computed tomography",
    "MRI": r"MRI?|magnetic resonance(?: imaging)?",
    "ultrasound": r"ultrasound|sonography",
    "radiography": r"radiographs?|radiography|plain films?|X-rays?",
    "PET": r"PET(?:/CT)?",
    "mammography": r"mammograph?y|mammograms?",
}
_MODALITIES = {name: Pattern(rf"\b(?:{words})\b") for name, words in _MODALITY.items()}
_NO_LIMIT = Pattern(
    r"\b(?:unlike|as|just as|like|not|also|even|both|especially|particularly|including|whether"
    rf"|(?:irrespective|regardless) of whether)\s+(?:{_LIMITING.pattern})[^,.;:]{{0,45}}",
    re.IGNORECASE,
)
"""A group that is named beside others, or to which nothing is limited."""
_OF_BEFORE = Pattern(
    r"(?:This|That|These|It|They|Such|The same|So much|All this)\b[^.]{0,60}?"
    r"\b(?:only|solely|exclusively|limited|restricted|confined|reserved|applies|apply|valid)\b"
)
"""A sentence that limits the one before it: ``This holds only in children.``"""
_REACH = 45
"""Characters behind a limiting word in which what it limits to is looked for."""
_AGE = Pattern(
    r"\b(\d{1,3})[- ]?(?:year|yr)s?[- ]?old\b|\b(?:aged|age of|of) (\d{1,3})(?= (?:years|has|is"
    r"|with|who|had|and|was|presents)\b|[,.](?!\d))|\b(\d{1,2})[- ](?:month|week|day)s?[- ]old\b",
    re.IGNORECASE,
)
_OPPOSITE = {
    "children": "adults",
    "adults": "children",
    "stability": "instability",
    "instability": "stability",
}


class Limit(NamedTuple):
    """One thing that a sentence is limited to."""

    kind: str
    """``population``, ``condition`` or ``modality``."""
    name: str
    words: str
    """As they stand there, with the word that limits."""


_POPULATIONS = ("children", "adults", "pregnancy", "breastfeeding")


def limits(text: str) -> tuple[Limit, ...]:
    """Return what a sentence is limited to, in the order of its words.

    A limit is a group, a state or a modality behind a word such as ``in``, ``after`` or ``only
    if``; a modality counts behind ``only`` alone, since nearly every sentence names one.
    """
    text = _NO_LIMIT.sub(" ", text)
    found: dict[str, Limit] = {}
    for match in _LIMITING.finditer(text):
        clause = re.split(r"[,.;:]", text[match.end() : match.end() + _REACH])[0]
        for name, pattern in _LIMITED_TO.items():
            if (named := pattern.search(clause)) is not None:
                kind = "population" if name in _POPULATIONS else "condition"
                words = f"{match[0]}{clause[: named.end()]}"
                found.setdefault(name, Limit(kind, name, words))
        if _ONLY.match(match[0]):
            for name, pattern in _MODALITIES.items():
                if (named := pattern.search(clause)) is not None:
                    words = f"{match[0]}{clause[: named.end()]}"
                    found.setdefault(name, Limit("modality", name, words))
    return tuple(found.values())


def with_its_limits(text: str, after: str) -> str:
    """Return a sentence, together with the next one where that limits it."""
    return f"{text} {after}" if _OF_BEFORE.match(after) else text


def populations(text: str) -> frozenset[str]:
    """Return the groups and states that a text is about: a question's patient, by words and age."""
    found = {name for name, pattern in _NAMED.items() if pattern.search(text)}
    found.update(name for name, pattern in _MODALITIES.items() if pattern.search(text))
    for match in _AGE.finditer(text):
        years = int(match[1] or match[2] or 0)
        found.add("adults" if years >= 18 else "children")
    return frozenset(found)


def unmet(limit: Limit, question: str) -> bool:
    """Say whether a question's patient or setting does not meet a limit.

    A group that the question names is met. Of adults and children, stable and unstable, a question
    that names neither meets both; a state that it does not name at all is not met.
    """
    about = populations(question)
    if limit.name in about:
        return False
    opposite = _OPPOSITE.get(limit.name)
    if opposite is not None:
        return opposite in about
    return True


def unmet_limits(text: str, question: str) -> tuple[Limit, ...]:
    """Return the limits of a sentence that a question's patient or setting does not meet.

    Of several groups of people (``in children and in pregnancy``) one that is met is enough, but
    for what stands behind ``only``.
    """
    found = limits(text)
    lacking = [limit for limit in found if unmet(limit, question)]
    people = [limit for limit in found if limit.kind == "population"]
    if any(limit not in lacking for limit in people):
        lacking = [one for one in lacking if one not in people or _ONLY.match(one.words)]
    return tuple(lacking)
