"""The wordings that deny one letter and choose another, as data: ``Not A but C``, ``AではなくC``.

They hold both letters, so they are put together for the letters an item can have.
"""

from __future__ import annotations

import re

from pytest_safescale.answers.reader.clauses import CLAUSE
from pytest_safescale.answers.reader.letters import CHOICE, WORD_BEGINS, WORDLY
from pytest_safescale.answers.reader.vocabulary import SPACED, either
from pytest_safescale.text.pattern import Pattern

__all__ = ["CONTRASTS", "is_a_name", "turns_from_a_name"]

_CLOSED = r"[*_\"'”)\]]{0,4}"
_OPEN = r"[\s*_(\[\"'“]{0,4}"
_DENY = (
    r"(?:(?<![^\W_])(?:not|\w{2,6}n['’]t|nicht|não|niet|non|no|pas|nie|не|không phải|ليست?)"
    r"|不是|并非|並非|不选|不選)"
)
_DENY_ANY = rf"(?:{_DENY}|(?<![^\W_])(?:neither|weder|ni|né|ani|ни))"
_FILL = (
    rf"(?:\s?(?:(?:{CHOICE}|the|is|answer|die|antwort|la|le|el|il|a|o|de|het|é|es|è|est|c['’]est|l['’]|"
    r"to|là|câu|هو|هي|الإجابة|réponse|respuesta|resposta|risposta|antwoord|odpowiedź|ответ|лишь)"
    r"(?![^\W_])|选项|選項)){0,3}"
)
_FURTHER = (
    r"(?:(?:,\s|,?\s(?:or|nor|and|oder|und|noch|ou|et|ni|o|né|y|e|nem|of|en|lub|ani|i|или|и|ни|hoặc|"
    rf"أو)\s)(?:option\s)?%(other)s{_CLOSED}){{0,3}}"
)
_BUT = (
    r"(?:but(?:\s(?:rather|instead))?|rather|sondern|mas(?:\ssim)?|maar(?:\swel)?|mà|بل|ma|bensì|"
    r"sino|mais(?:\s(?:bien|plutôt))?|lecz|ale|tylko|а|но)(?!\w)|而是|是|而应选|而應選"
)
_INSTEAD_OF = (
    r"(?:instead of|rather than|anstatt|statt|anstelle von|au lieu de|plutôt que|en lugar de|"
    r"en vez de|em vez de|ao invés de|invece di|in plaats van|zamiast|вместо|thay vì|بدلا من)"
)
_POSTPOSED = (
    r"(?:(?:\s(?:seçeneği|şıkkı))?\sdeğil|(?:では|じゃ|で)なく(?:て)?|\s?(?:번)?(?:이|가)\s?아니(?:라|고)"
    r"|\s?(?:번)?(?:이|가)\s?아닌)"
)
_NO_NAME = r"(?:(?<=选项)|(?<=選択肢)|(?<=答案)|(?<=选择)|(?<![\u4e00-\u9fff\uac00-\ud7af]))"
"""Before a letter in languages without spaces: "肝炎A" is the name of a disease."""
_RIGHT = (
    r"(?:(?:is|would be|ist|est|es|é|è|jest|هو|هي)\s(?:(?:the|die|la|le|het|de|a|l['’])\s?)?"
    r"(?:correct|right|best|better|safest|answer|richtig|korrekt|zutreffend|beste|bonne|meilleure|"
    r"juist|réponse|respuesta|resposta|risposta|antwoord|poprawn|prawidłow|certa|giusta|adecuada|"
    r"الصحيح)"
    r"|trifft zu|doğru|đúng|верн|правильн|because|since|as|given|due|for|weil|da|denn|car|porque|"
    r"pois|perché|omdat|want|ponieważ|bo|çünkü|vì|потому)"
)
_ENDS = (
    rf"(?={_CLOSED}(?:\s?(?:$|\n|[.;!,:(。،–—](?![{WORDLY}]))|\s{_RIGHT}"
    r"|\s?(?:です|だ|である|が正|が最|を選|입니다|이다|(?:이|가)\s(?:정답|맞|옳))))"
)
_STOPS = rf"(?={_CLOSED}(?:[.!。]?{_CLOSED}\s?(?:$|\n)|[.!]\s(?-i:[A-Z])|\s{_RIGHT}))"
"""Less than ends a letter behind "but": "Not A; C, however, is wrong too" chooses none."""
CONTRASTS: tuple[str, ...] = (
    # Not A but C; nicht A, sondern C ist richtig; không phải A mà là C; 不是A，而是C
    rf"{WORD_BEGINS}{_DENY}{_FILL}{_OPEN}(?<![{WORDLY}])%(other)s{_CLOSED}{_FURTHER}"
    rf"\s?[,;،、]?\s?(?:{_BUT}){_FILL}{_OPEN}%(letter)s{_ENDS}",
    # Not A; C.
    rf"{WORD_BEGINS}{_DENY_ANY}{_FILL}{_OPEN}(?<![{WORDLY}])%(other)s{_CLOSED}{_FURTHER}"
    rf"(?:\s?[;:；：—]\s?|\s[–-]\s){_FILL}{_OPEN}%(letter)s{_STOPS}",
    # Not A. C.
    rf"{WORD_BEGINS}{_DENY_ANY}{_FILL}{_OPEN}(?<![{WORDLY}])%(other)s{_CLOSED}{_FURTHER}"
    rf"\.\s{_FILL}{_OPEN}%(letter)s(?={_CLOSED}[.!]?\s?\Z)",
    # A değil, C; AではなくC; A가 아니라 C
    rf"(?:(?P<name>(?<!\w)[^\W\d_\u1100-\ud7af][\w'’-]{{2,20}})\s)?(?<![{WORDLY}]){_NO_NAME}"
    rf"%(other)s{_CLOSED}{_POSTPOSED}[\s,;、]{{0,2}}{_FILL}{_OPEN}%(letter)s{_ENDS}",
    # Instead of A, C.
    rf"(?<!\w){WORD_BEGINS}{_INSTEAD_OF}{_FILL}{_OPEN}%(other)s{_CLOSED},\s{_FILL}{_OPEN}%(letter)s"
    rf"(?={_CLOSED}[.!]?(?:$|\n))",
)
"""Of each: the denied letter, what turns from it, and the letter that is chosen."""

_NAME = Pattern(
    rf"{_DENY}(?:\s[\w'’-]{{1,20}}){{0,4}}?\s(?P<name>[^\W\d_][\w'’-]{{2,20}})\s(?-i:[A-Z]){_CLOSED}"
    r"\s?[,;]?\s?$",
    re.IGNORECASE,
)
"""A letter that is denied behind a word."""
_TURNS_TO = Pattern(
    r"(?:but|rather|sondern|mais|plutôt|sino|mas|ma|bensì|maar|lecz|ale|но|а|بل)(?!\w)",
    re.IGNORECASE,
)
"""What turns from what is denied to what is so; "so" and "therefore" infer."""
_NO_THING = Pattern(
    rf"{CHOICE}|{either('answer', SPACED)}|{either('best', SPACED)}|{either('fill', SPACED)}|"
    r"statement|aussage|assertion|not|nor|and|either|both|oder|und|noch|nicht|pas|não|niet|nie|или|"
    r"hoặc|say(?:ing|s)?|think|believe|with|for|choos(?:e|ing)|choisi\w*|select(?:ing)?|"
    r"pick(?:ing)?|take|go|prefer|favou?rs?|recommends?|supports?|suggests?|indicates?|means?|"
    r"marks?|gives?|only|simply|just|merely|actually|really|letters?|wähle|nehme|elijo|elegiría|"
    r"escolho|escolheria|scelgo|kies|wybieram|выбираю|выбрал",
    re.IGNORECASE,
)
"""Words behind which a letter is an option's, not a thing's."""


def is_a_name(word: str | None) -> bool:
    """Say whether a letter behind a word is a part of a name: ``hepatitis A``, ``type A``."""
    # "l'opzione" is an article and a word.
    return word is not None and _NO_THING.fullmatch(re.split("['’]", word)[-1]) is None


def turns_from_a_name(text: str, at: int) -> bool:
    """Say whether what is denied before a place is named by a letter: ``not hepatitis A but``."""
    if _TURNS_TO.match(text, at) is None:
        return False
    denied = _NAME.search(text, max(0, at - CLAUSE), at)
    return denied is not None and is_a_name(denied["name"])
