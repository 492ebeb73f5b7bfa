"""Whose answer a commitment gives: the reply's own, a source's, or that of other times and cases.

What a source says counts where the reply has no answer of its own and does not overrule it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pytest_safescale.answers.reader.clauses import (
    SENTENCE,
    TURNS,
    clause_before,
    sentence_before,
)
from pytest_safescale.answers.reader.context import CLOSERS, DENIED
from pytest_safescale.answers.reader.letters import WORD_BEGINS
from pytest_safescale.answers.reader.other_cases import goes_on_elsewhere, is_elsewhere
from pytest_safescale.answers.reader.stances import OWN
from pytest_safescale.text.pattern import Pattern

__all__ = ["is_anothers", "is_overruled"]

_FORMERLY = Pattern(
    rf"(?<!\w){WORD_BEGINS}"
    r"(?:previously|formerly|in the past|traditionally|historically|used to be|outdated|"
    r"obsolete|early on|at first|initially|früher|avant|antes)(?!\w)",
    re.IGNORECASE,
)
"""What held once: ``Previously the answer was A``."""
_NOUN = (
    r"(?:reference|passage|text|textbook|article|guideline|guidance|document|source|excerpt|note|"
    r"report|abstract|authors?|colleague|evidence|context|study|website|paper|key|literature|"
    r"snippet|"
    r"recommendation|review|trial|consensus)s?"
)
_NOUN_ELSEWHERE = (
    r"(?:texte?s?|quellen?|passagen?|leitlinien?|richtlinien?|dokumente?|artikel|studien?|"
    r"literatur|referenz|texto?s?|test[oi]|tekst\w*|metin\w*|тексте?|guides?|guías?|documento?s?|"
    r"documenti|article|artículos?|artigos?|articol[oi]|recommandations?|référence|références|"
    r"recomendaciones|études?|estudios?|estudos?|referencias?|referências?|evidencia|evidência|"
    r"fuentes?|fontes?|fonti|linee? guida|diretriz(?:es)?|richtlijn(?:en)?|wytyczne|dokument\w*|"
    r"источник\w*|документ\w*|kaynak\w*|kılavuz\w*)"
)
_SAYS = (
    r"(?:says?|states?|claims?|asserts?|suggests?|argues?|lists?|gives?|names?|"
    r"recommends?|concludes?|said|stated|claimed|insists?|maintains?|indicates?|reports?|"
    r"reported|found|finds?|makes?)"
)
_SAYS_ELSEWHERE = (
    r"(?:sagt|sagen|behaupte[nt]|besagt|besagen|nennt|nennen|gibt an|geben an|empfiehlt|empfehlen|"
    r"dit|disent|affirme(?:nt)?|indique(?:nt)?|prétend|recommande(?:nt)?|dice[n]?|indican?|afirman?|"
    r"recomiendan?|sostiene|diz(?:em)?|indicam?|afirmam?|recomendam?|afferma(?:no)?|dicono|"
    r"indica(?:no)?|zegt|zeggen|stelt|mówią?|podaje|сказано|утверждает|говорит|söylüyor|diyor)"
)
_SOURCE = Pattern(
    rf"(?<!\w){WORD_BEGINS}{_NOUN}\s(?:\w{{1,12}}\s){{0,2}}{_SAYS}(?!\w)|"
    rf"(?<!\w){WORD_BEGINS}{_NOUN_ELSEWHERE}\s{_SAYS_ELSEWHERE}(?!\w)|"
    rf"(?<!\w){WORD_BEGINS}{_NOUN}(?:['’]s)?\s$|"
    r"(?:文中|文献|原文|資料|문헌|본문)(?:(?!だが|ですが|が、|しかし|但|지만)[^。\n]){0,60}$|"
    r"(?<!\w)I (?:was|am|have been) told(?!\w)",
    re.IGNORECASE,
)
"""Whose words are given: ``The reference says the correct answer is A``."""
_SPEECH = Pattern(
    r"(?<!\w)(?<!to )(?:says?|states?|claims?|asserts?|argues?|insists?|maintains?|said|stated|"
    r"claimed|argued|wrote|writes?|expects?|thinks?|believes?|recommends?|advises?|"
    r"teach(?:es)?)(?!\w)",
    re.IGNORECASE,
)
"""What anybody else may say: ``The leaflet says``. Findings suggest and indicate, too."""
_ACCORDING = (
    rf"(?:nach de[rmn](?=\s{_NOUN_ELSEWHERE}(?!\w))|following|if (?:one|we|you) follows?|"
    r"according to|as per|per|laut|gemäß|selon|d['’]après|según|de acuerdo con|"
    r"conforme a|secondo|stando a|segundo|de acordo com|conforme|volgens|według|zgodnie z|согласно|"
    r"theo|وفقا ل\w*|حسب|根据|依据|據)"
    r"\s?(?!(?:me|my|mir|meiner|moi|mí|mim|mij|mnie|yo|mi|the (?:findings?|images?|film))(?!\w))"
)
_BASED_ON = Pattern(r"(?:^|(?<=\s))based on\s[^.;!?\n—]{1,100}$", re.IGNORECASE)
"""What a reply infers from: it overrules that by its own words alone."""
_OF_SOURCE = Pattern(
    rf"(?:^|(?<=\s)){_ACCORDING}[^.;!?\n—]{{1,100}}$"
    rf"|(?<!\w){WORD_BEGINS}as\s(?:the\s)?{_NOUN}\s{_SAYS}"
    r"[^.;!?\n—]{0,100}$",
    re.IGNORECASE,
)
"""A sentence that begins with its source: ``According to the passage, the answer is``."""
_LABELS = (
    r"(?:reference|passage|textbook|article|guidelines?|guidance|document|source|excerpt|abstract|"
    r"evidence|context|study|website|literature|snippet|trial|leaflet|protocol|handbook|manual|"
    r"chapter|chunk|paper|colleague|reviewer|expert|author)s?"
)
_LABEL = Pattern(
    rf"[\W_]{{0,6}}(?:(?:the|retrieved|provided|given|cited|der|die|das|le|la|les|el|il|o|a|het|de)"
    rf"\s)?(?:{_LABELS}|{_NOUN_ELSEWHERE}|tài liệu|المصدر|المرجع|文献|文中|指南|资料|資料|"
    rf"原文|문헌|지침|자료)"
    rf"(?:\s\w{{1,12}})?(?:\s\[?\d{{1,3}}\]?)?[*_]{{0,3}}\s?[:：]"
    rf"(?:(?!{TURNS}|{OWN})[^.;!?\n—。]){{0,100}}$",
    re.IGNORECASE,
)
"""A sentence with its source as a label: ``Evidence: the answer is``."""
_OWN = Pattern(OWN, re.IGNORECASE)
_SOURCE_BEHIND = Pattern(
    rf"{CLOSERS},?\s{_ACCORDING}"
    rf"|{CLOSERS},\s(?:as\s)?(?:the\s|this\s|that\s)?{_NOUN}\s{_SAYS}(?!\w)",
    re.IGNORECASE,
)
"""A source that is named behind: ``The answer is A according to the passage``."""
_BUT = (
    r"(?:but(?! (?:rather|instead))|however|yet|whereas|nevertheless|"
    r"nonetheless|still|otherwise|aunque|hier aber|aber|jedoch|doch|hingegen|mais|pourtant|"
    r"cependant|toutefois|pero|sin embargo|no obstante|ma|però|tuttavia|mas|porém|contudo|maar|"
    r"echter|ale|jednak|но|однако|ancak|fakat|nhưng|لكن|ولكن)"
)
_TURNED = Pattern(
    rf"{CLOSERS}(?:\s(?:ist|is|sei))?\s?[,;–—-]?\s{_BUT}(?!\w)(?!\s(?:it is )?(?:not only|also))"
    r"|\s?,?(?:但|但是|不过|不過|然而)|(?:です)?(?:だが|が[、,])|(?:이지만|지만)",
    re.IGNORECASE,
)
"""A turn against what a source says, right behind its letter."""
_TURNS_NEXT = Pattern(
    rf"{CLOSERS}(?:\s(?:ist|is|sei))?\s?[.;–—,]\s?(?:{_BUT}(?!\w)|(?:in|for|here|bei|für|hier|en|"
    r"chez|pour|ici|para|aquí|in questo|qui|mine|ich|je|yo|I)(?!\w))",
    re.IGNORECASE,
)
"""A next clause about this case, or by the reply itself."""
_WRONG = (
    r"(?:wrong|incorrect|inaccurate|false|mistaken|erroneous|outdated|obsolete|unreliable|"
    r"misleading|superseded|unsafe|dangerous|untrue|invalid|flawed|old|out of date|an? "
    r"(?:error|mistake|misprint|typo)|no longer|"
    r"(?:not|n['’]t) (?:\w+ly )?(?:right|correct|true|valid|appropriate|safe|applicable|reliable|"
    r"the case|current|up to date)|"
    r"falsch|veraltet|überholt|unzutreffend|inkorrekt|ein fehler|nicht (?:mehr )?(?:richtig|"
    r"korrekt|aktuell|zutreffend|gültig|wahr)|"
    r"faux|fausse|inexacte?|incorrecte?|dépassée?|obsolètes?|périmée?|erronée?|une erreur|"
    r"falso|falsa|incorrect[oa]s?|erróne[oa]|desactualizad[oa]s?|obsolet[oa]s?|un error|"
    r"sbagliat[oa]|errat[oa]|superat[oa]|errad[oa]|incorret[oa]|ultrapassad[oa]|onjuist|fout|"
    r"verouderd|błędn\w+|nieaktualn\w+|неверно|неправильно|устарел\w*|yanlış)"
)
_IS = (
    r"(?:is|are|was|were|seems?|looks?|appears?|has been|have been|would be|must be|ist|sind|war|"
    r"est|sont|es|son|está|están|è|sono|é|são|jest|są|это)"
)
_OVERRULES = Pattern(
    rf"(?<!\w){WORD_BEGINS}(?:(?:that|this|which|it|they|these|those|{_NOUN}|claim|answer|advice|was|das|"
    r"dies|diese|sie|er|der text|die (?:leitlinie|quelle)|ce qui|cela|ça|lo (?:cual|que)|eso|esto|"
    r"questo|ciò|isso|isto|o que|dit|wat|to|co|что|это)\s"
    rf"(?:{_IS}|isn['’]t|aren['’]t)(?:\s\w{{1,12}}){{0,2}}?\s{_WRONG}|"
    rf"(?:c['’]est|pero (?:está|es)|mas (?:está|é)|ma è|but (?:is )?|aber (?:ist )?|mais )"
    rf"\s?(?:\w{{1,12}}\s)?{_WRONG}|"
    r"(?:I|we)\s(?:\w{1,12}\s)?(?:disagree|dispute|doubt|reject|(?:do not|don['’]t|cannot|"
    r"can['’]t|would not|wouldn['’]t) (?:agree|follow|accept|trust|believe|endorse|support))|"
    r"(?:that|this|which|it|they|he|she|these)\s(?:\w{1,12}\s)?(?:contradicts?|conflicts?|"
    r"(?:does not|doesn['’]t|do not|don['’]t|cannot|can['’]t) (?:apply|fit|hold|agree|match|be)|"
    r"no longer)|(?:dem|da) stimme ich|ce n['’]est (?:plus|pas)|"
    r"I(?: am|['’]m) not (?:convinced|sure)|"
    rf"(?:current|newer|new|latest|updated|recent) (?:ones?|guid\w+|version|edition) {_SAYS}|"
    rf"(?:was|das) (?:\w{{1,12}} )?{_WRONG}|"
    r"(?:das|dies) (?:stimmt|trifft|gilt|passt) (?:\w{1,12} )?nicht|ich (?:widerspreche|stimme "
    r"(?:\w{1,12} )?nicht)|je ne suis pas d['’]accord|no estoy de acuerdo|non sono d['’]accordo|"
    r"não concordo|cela ne (?:s['’]applique|convient|vaut) pas|(?:eso )?no (?:se aplica|aplica|"
    r"corresponde))(?!\w)|[这這该該][^。\n]{0,6}(?:错|錯|过时|過時|不正确|不正確|不适用)|"
    r"(?:誤り|間違|古い|正しくな)|(?:틀렸|틀린|잘못|오래된|맞지 않)",
    re.IGNORECASE,
)
"""What a reply says against its source: ``this is outdated``, ``I disagree``."""
_NOT = Pattern(
    r"(?<!\w)(?:not|never|nicht|pas|non|não|niet|nie|не|không phải|\w{2,6}n['’]t)"
    r"(?:\s\w{1,12}){0,2}\s[*_(\[\"'“]{0,4}$|不是[*_(]{0,4}$",
    re.IGNORECASE,
)
"""What denies the letter that follows: ``not A``, ``would not choose A``."""
_TWO_SENTENCES = Pattern(r"[^.!?\n。]{0,160}(?:[.!?。]\s?[^.!?\n。]{0,100})?")
"""What of the sentence stands behind a commitment, and the next."""
_THAT = Pattern(r",(?=\s(?:что|że|dass|daß|hogy|že)\s)")
"""The comma that some languages put before what is said."""
_SAID = Pattern(rf"(?<!\w){WORD_BEGINS}({_SAYS}|{_SAYS_ELSEWHERE})[,:](?=\s)", re.IGNORECASE)
_SENTENCE_END = Pattern(r"[.;!?\n。]")
_ENDS = ".;!?\n。"


def is_anothers(text: str, start: int, end: int) -> bool:
    """Say whether a source's words are given, what held once, or what holds of other cases.

    They count where the reply has none of its own. The commitment is worded from ``start`` on,
    and its option's name ends at ``end``.
    """
    before = _joined(text[max(0, start - SENTENCE) : start])
    sentence = _SENTENCE_END.split(before)[-1]
    label = sentence_before(before, len(before), ends=_ENDS)
    return bool(
        _speaks(clause_before(before, len(before)))
        or _FORMERLY.search(sentence)
        or is_elsewhere(label)
        or goes_on_elsewhere(text, end)
        or (_LABEL.match(label) and not _OWN.match(text, start))
        or (_TURNS_NEXT.match(text, end) and _names_a_source(text, start, end))
    )


def is_overruled(text: str, start: int, end: int) -> bool:
    """Say whether a reply gives a source's answer and then speaks against it.

    Whatever it chooses instead, and if it names nothing.
    """
    if not _names_a_source(text, start, end):
        return False
    behind = _TWO_SENTENCES.match(text, end)
    if behind and (_OVERRULES.search(behind[0]) or _denies(behind[0], text[end - 1])):
        return True
    turned = _TURNED.match(text, end) is not None
    return turned and _names_a_source(text, start, end, inferred=False)


def _denies(behind: str, letter: str) -> bool:
    """Say whether what follows denies a letter: ``My view: not A.``, ``A is wrong.``."""
    named = re.compile(rf"(?-i:(?<![\w'’-]){re.escape(letter)}(?![\w'’-]))")
    return any(
        _NOT.search(behind, 0, one.start()) or DENIED.match(behind, one.end())
        for one in named.finditer(behind)
    )


def _names_a_source(text: str, start: int, end: int, *, inferred: bool = True) -> bool:
    """Say whether a sentence says whose words it gives, before its option or behind.

    Or, if ``inferred``, what it is based on.
    """
    before = _joined(text[max(0, start - SENTENCE) : start])
    sentence = sentence_before(before, len(before), ends=_ENDS)
    return bool(
        _speaks(clause_before(before, len(before)))
        or _OF_SOURCE.search(sentence)
        or _SOURCE_BEHIND.match(text, end)
        or (inferred and (_BASED_ON.search(sentence) or _LABEL.match(sentence)))
    )


def _speaks(clause: str) -> bool:
    """Say whether somebody else speaks in a clause."""
    return bool(_SOURCE.search(clause) or (_SPEECH.search(clause) and not _OWN.search(clause)))


@lru_cache(maxsize=8)
def _joined(before: str) -> str:
    """Return a text without the commas between who says and what is said."""
    return _SAID.sub(r"\1", _THAT.sub("", before))
