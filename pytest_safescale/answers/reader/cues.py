"""The wordings that announce an answer, as data: each is a row, and what they announce follows.

``Answer:``, ``the best option is``, ``ich wähle``, ``{"choice":``. Between a cue and its option
there are only marks, verbs and articles. The option is a letter, a position, or its own text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_safescale.answers.answer import AnswerForm
from pytest_safescale.answers.reader.letters import CHOICE, WORD_BEGINS, WORDLY
from pytest_safescale.answers.reader.stances import VIEW
from pytest_safescale.answers.reader.vocabulary import SPACED, UNSPACED, either
from pytest_safescale.text.pattern import Pattern

__all__ = ["CUES", "Cue"]


@dataclass(frozen=True, kw_only=True)
class Cue:
    """One kind of announcement."""

    pattern: Pattern
    form: AnswerForm = AnswerForm.DECLARED
    positions: bool = True
    """Whether a number after it is the option's position."""
    guarded: bool = True
    """Whether what stands around it may take it back."""


_ANSWER = rf"(?:(?<![{WORDLY}])(?:{either('answer', SPACED)})(?!\w)|{either('answer', UNSPACED)})"
_BEST = rf"(?:{either('best', SPACED)}|{either('best', UNSPACED)})"
_INSTRUCTION = (
    r"(?:[*_]{0,3}\s?\((?:[^()\n]{0,25}(?<!\w)(?:letters?|only|one|single|"
    r"choice)(?!\w)[^()\n]{0,25}"
    r"|A\s?(?:[-–]|to)\s?[D-Z]|A(?:\s?[,/|]\s?(?:or\s)?[B-Z]){1,25}(?:\sor\s[D-Z])?)\)"
    r"(?=[*_]{0,3}\s?[:=]))?"
)  # "(one letter)", "(A-E)": what was asked for, repeated
_ASIDE = r"(?:,\s[^,.;:\n]{1,30},)?"  # "the answer, in my view, is"
_IS = (
    r"(?:is|was|would\sbe|will\sbe|must\sbe|should\sbe|seems(?:\sto\sbe)?|appears(?:\sto\sbe)?|"
    r"remains|ha[sd]\sto\sbe|has\sgot\sto\sbe|ought\sto\sbe|can\sonly\sbe|ist|lautet|est|es|é|è|"
    r"seria|"
    r"sería|serait|sarebbe|wäre|jest|to|là|является|هو|هي)"
)
_FIELD = r"(?:answer|choice|option|output|response|letter|result|selection|final)"
_UNFIT_KEY = (
    r"(?:not|wrong|incorrect|false|worst|least|bad|unsafe|dangerous|rejected|excluded|eliminated|"
    r"discarded|ruled|distract\w*|trap|second|alternative|other|runner|previous|initial|original|"
    r"old)"
    r"[\s_-]"
)
_KEY = (
    rf"[\"'](?!{_UNFIT_KEY})(?:[\w-]{{1,20}}[\s_-])?(?:final|correct|predicted|selected|chosen|"
    rf"my|best)?[\s_-]?"
    r"(?:answer|option|choice|selected|selection|letter|pick|prediction|predicted|final|result|"
    r"response|output|verdict|label|decision)(?:[\s_-]?(?:idx|index|letter|choice|option|key|id))?"
    r"[\"']\s?:"
)
_SUBJECT = (
    r"(?:(?<!\w)(?:I|we|I['’](?:d|ll|m)|let['’]?s|let me)(?=\s)[^.;:!?\n]{0,40}?\s"
    r"|(?:(?<=[.;:!?\n*] )|(?<=\n)|^)[*_]{0,3})"
)
_CHOOSE = (
    r"(?=[acdfgloprsvw])(?:choos(?:e|ing)|select(?:ing)?|pick(?:ing)?|chose|selected|picked|"
    r"answer(?:ing)?(?: with)?|"
    r"go(?:ing)? (?:with|for)|went with|opt(?:ing)? for|vote for|lean(?:ing)?(?: to(?:wards?)?)?|"
    r"settl(?:e|ing) (?:on|for)|stand by|put my money on|say(?= (?:option )?(?-i:[A-Z])[.!])|"
    r"favou?r|prefer|recommend|suggest|decide (?:on|for)|conclude)"
)
_CHOOSE_ELSEWHERE = (
    r"wähle(?: (?:aber|jedoch|lieber|hier))?|"
    r"entscheide mich für|würde mich für|tippe auf|nehme|choisis|opte pour|choisirais|"
    r"retiens|elijo|escojo|selecciono|elegiría|me quedo con|opto por|escolho|opto pela|marco|"
    r"dirais|diría|diria|direi|escolheria|wybrał(?:a)?bym|бы выбрал|seçiyorum|seçerdim|"
    r"s['’]agit de (?:la|l['’])|c['’]est (?:la|l['’])(?= ?(?:réponse|option|proposition))|"
    r"scelgo|sceglierei|kies(?: voor)?|wybieram|выбираю|выбрал бы|chọn|أختار|pilih"
)
_CORRECTING = (
    r"(?:correction|chang(?:ed|ing) my (?:mind|answer)(?: to)?|scratch that|my mistake|"
    r"strike that|scrap that|typo|edit|apologies|korrektur|corrección|correzione|correção|"
    r"nein, (?:doch|lieber|sondern)|non, (?:plutôt|c['’]est)|no, (?:mejor|más bien|sino)|"
    r"let me (?:change|correct) (?:that|this|it|my answer)(?: to)?|"
    r"on second thoughts?|on reflection|I mean|I meant|make that|I stand corrected)"
)
_WORDINGS: tuple[tuple[str, dict[str, object]], ...] = (
    # \boxed{
    (
        r"(?:\\(?:fbox|framebox)|\\?boxed)\s?\{|\\boxed\s",
        {"form": AnswerForm.BOXED, "guarded": False},
    ),
    # Answer:, the correct answer is, Réponse finale :, 答案：
    (rf"{_ANSWER}{_INSTRUCTION}{_ASIDE}", {}),
    # {"selected_option":, <choice>
    (_KEY, {}),
    (rf"<\s?(?:[\w-]{{1,12}}[_-])?{_FIELD}(?:[_-][\w-]{{1,12}})?\s?>", {}),
    # best option:, choice:, the correct option is
    (
        rf"(?<![{WORDLY}]){WORD_BEGINS}(?:{_BEST}[\s-]{CHOICE}(?!\w)"
        rf"|(?:{CHOICE}(?:\s{_BEST})?|correct|right|prediction|final|diagnosis|next step|"
        rf"(?:right|correct|best) one|"
        r"one that fits|winner)"
        rf"(?!\w)(?=[*_\"']{{0,3}}\s?(?::|=|{_IS}\s)))",
        {},
    ),
    # My view: C, meine Meinung: C, 我的看法：C
    (
        rf"(?<![{WORDLY}])(?:{VIEW})(?:\snow)?{_ASIDE}"
        rf"(?=[*_\"']{{0,3}}\s?(?:[:：=–—-]|{_IS}\s|[是为為はのー은는이가]))",
        {"positions": False},
    ),
    # the result is C: a number would be what was reckoned
    (
        rf"(?<![{WORDLY}])result(?!\w)(?=[*_\"']{{0,3}}\s?(?::|=|{_IS}\s))",
        {"positions": False},
    ),
    # the most appropriate next step is, the exception is, richtig ist
    (
        rf"(?<![{WORDLY}])(?=[a-z])(?:best|safest|correct|preferred|appropriate|likely|probable|suitable|"
        r"indicated|exception|richtig|korrekt|zutreffend|am (?:wahrscheinlichsten|ehesten|besten)|"
        r"correct[ao]|"
        rf"correcte|corretto)(?:\s[\w-]{{1,20}}){{0,4}}(?=\s{_IS}\s|\s?:)",
        {},
    ),
    # I would choose, leaning towards, ich wähle
    (
        rf"(?:{_SUBJECT}{_CHOOSE}|(?<!\w){WORD_BEGINS}(?:{_CHOOSE_ELSEWHERE}))(?!\w)",
        {"positions": False},
    ),
    # Correction:, changed my mind:, on second thought, 而是
    (rf"(?<!\w){WORD_BEGINS}{_CORRECTING}(?!\w)[,.;]?", {"positions": False}),
    (
        r"(?:而是|而应选|而應選|不对|不對|更正|应该?为|(?<!だけ)ではなく"
        r"|(?<!뿐만 )(?<!뿐 )아니라)[\s,，、]?",
        {"positions": False},
    ),
)
CUES = tuple(
    Cue(pattern=Pattern(template, re.IGNORECASE | re.MULTILINE), **fields)  # type: ignore[arg-type]
    for template, fields in _WORDINGS
)
"""Of two that announce at one place, the earlier describes it better."""
