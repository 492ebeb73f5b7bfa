"""The words of a text in one form: spellings, abbreviations and endings do not tell them apart.

``urgently`` and ``at once``, ``CT`` and ``computed tomography``, ``haemorrhage`` and ``bleeding``
are the same word here. The table is small and general on purpose: it knows how radiology writes,
not what is true. Endings are cut by one short list, so that no version of a library changes a run.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from pytest_safescale.text.pattern import Pattern
from pytest_safescale.text.words import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["clinical_words"]

_SAME = """
ct | computed tomography | computed tomogram
mri | magnetic resonance imaging | magnetic resonance | mr
ultrasound | sonography | ultrasonography
radiograph | x-ray image | x-ray | plain film | film | radiography
image | imaging | picture | scan
pet | positron emission tomography
dwi | diffusion-weighted imaging | diffusion-weighted images | diffusion-weighted | diffusion
adc | apparent diffusion coefficient
haemorrhage | bleeding | bleed | bled
renal | kidney
hepatic | liver
pulmonary | lung
cardiac | heart
cerebral | brain
unenhanced | non-contrast | without contrast | before contrast
intravenous | iv | by vein | parenteral
contrast medium | contrast agent | contrast material
thrombolysis | fibrinolysis | thrombolytic | fibrinolytic
adrenaline | epinephrine
surgery | operation | operative | surgical | surgeon | theatre | operating room
malignant | cancer | carcinoma | malignancy
child | children | infant | paediatric | pediatric | baby | babies
urgent | immediate | without delay | at once | emergency | promptly | prompt | straight away | \
right away | soon
remove | withdraw | take out | taken out | removal | pull back | draw back | drawn back | \
withdrawn | extract | extraction
suspect | suspicion | suspected
wait | await | delay | hold back | held back | withhold | withheld
physician | doctor | clinician
start | begin | begun | began
refer | send | sent | transfer | referral
biopsy | sample | sampling | tissue | core
again | anew | repeat
whole | entire
exclude | rule out | ruled out
bright | hyperintense | high signal
dark | hypointense | low signal
hyperattenuating | dense | high density | high attenuation
egfr | gfr | glomerular filtration rate
csf | cerebrospinal fluid
dvt | deep vein thrombosis
pe | pulmonary embolism
bp | blood pressure
gas | air
uniform | homogeneous | even
hypotension | hypotensive | low blood pressure
"""
"""Groups of words and phrases that mean the same in a radiology text; the first stands for all."""
_SPELLINGS = (
    ("haem", "hem"),
    ("oed", "ed"),
    ("oes", "es"),
    ("anaem", "anem"),
    ("aem", "em"),
    ("aes", "es"),
    ("paed", "ped"),
    ("aetio", "etio"),
    ("rrhoea", "rrhea"),
    ("tumour", "tumor"),
    ("colour", "color"),
    ("fibre", "fiber"),
    ("centre", "center"),
    ("grey", "gray"),
    ("isation", "ization"),
    ("ise", "ize"),
)
"""British spellings within words, and American ones for them."""
_ENDING = Pattern(
    r"(?<=\w{4})(?:ically|ations?|ational|ingly|edly|ities|ments?|ness|ical|ally|ages?|ions?|ings?"
    r"|ives?|ates?|ated|ies|ied|ism|ers?|als?|ed|es|is|us|ly|ic|al|y|e|s)$"
)
"""Endings of English words, cut where four letters stay."""
_LETTERS = 7
"""Letters that count of what stays: ``endocrine`` and ``endocrinologist`` are one word."""
_WORD = Pattern(r"[^\W\d_]{2,}")
_COMMON = FUNCTION_WORDS.union(
    re.findall(
        r"\w+",
        "about above after again against also although among another because before below best "
        "between both case cases done during each ever every following found given having here "
        "however just kind least less likely made make many much must needs need never next none "
        "often only other over patient patients per same shall show shows since some such than "
        "through under until upon usually very via within without year years generally typically "
        "commonly always sign signs call calls",
    )
)
"""Words that say nothing of what a text is about."""


@lru_cache(maxsize=10_000)
def clinical_words(text: str) -> frozenset[str]:
    """Return the words of a text that carry meaning, in one form each; numbers are none."""
    table, phrases = _phrases()
    plain = phrases.sub(lambda found: table[found[0]], text.lower())
    return frozenset(_in_one_form(word) for word in _WORD.findall(plain) if word not in _COMMON)


@cache
def _phrases() -> tuple[Mapping[str, str], re.Pattern[str]]:
    """Return the table of phrases, and what finds the longest of them."""
    groups = [[one.strip() for one in line.split("|")] for line in _SAME.strip().splitlines()]
    table = {phrase: group[0] for group in groups for phrase in group}
    longest = sorted(table, key=len, reverse=True)
    return table, re.compile(rf"\b(?:{'|'.join(map(re.escape, longest))})\b")


@lru_cache(maxsize=50_000)
def _in_one_form(word: str) -> str:
    for british, american in _SPELLINGS:
        word = word.replace(british, american)
    return _ENDING.sub("", word)[:_LETTERS]
