"""What stands around a letter or a text, and takes it back: denials, conditions, questions."""

from __future__ import annotations

import re

from pytest_safescale.answers.reader.clauses import (
    CLAUSE,
    CLAUSE_END,
    TURN,
    TURNS,
    clause_before,
    sentence_before,
)
from pytest_safescale.answers.reader.letters import WORD_BEGINS, WORDLY
from pytest_safescale.answers.reader.other_cases import would_hold_elsewhere
from pytest_safescale.text.pattern import Pattern

__all__ = [
    "CONDITION",
    "CONDITIONAL",
    "CORRECTION",
    "DENIED",
    "ENDS",
    "FORCED",
    "NEGATION",
    "QUESTION",
    "RETRACTED",
    "SPECIES",
    "WORD",
    "adds",
    "ends_text",
    "is_marked",
    "is_taken_back",
]

_NOW = (
    r"(?<!\w)(?:now|today|currently|heute|ahora|hoy|maintenant|aujourd|ora|oggi|hoje|nu|dziś|"
    r"теперь|сейчас)(?!\w)"
)
NEGATION = Pattern(
    rf"(?<!\w){WORD_BEGINS}(?:not|never|wrong|incorrect|inaccurate|cannot|neither|nor|no longer|"
    r"(?:anything|everything|all) (?:but|except)|anything other than|\w{2,6}n['’]t|nobody|no one|"
    r"no(?= (?:es|elegir\w*|escog\w*|seleccion\w*|optar\w*|marcar\w*)(?!\w))|não|jamais|nunca|"
    r"nooit|nigdy|değil|không phải|ليس\w?|ليست|"
    r"rather than|instead of|(?:refuse|decline) to|(?<!no )(?<!without )(?<!without a )doubt|"
    r"nicht|kein\w*|weder|falsche?|pas|incorrecta?|fausse|errada?|sbagliata|"
    r"niet|nie|неправильный|не|никогда)(?![^\W_])|不是|错误|錯誤|不选|不選|并非|排除",
    re.IGNORECASE,
)
"""What takes a commitment back before its letter: ``can't be B``, ``the wrong answer is A``."""
_NOT_ONLY = Pattern(
    rf"(?<!\w){WORD_BEGINS}(?:not|nicht|non|no|pas|nie|niet|não|не)\s(?:only|just|merely|nur|bloß|"
    r"solo|sólo|solamente|seulement|só|somente|apenas|alleen|tylko|только)\s(?:\w{1,12}\s)?"
    r"(?-i:[A-Z]),?\s?(?:(?:but|sondern|ma|sino|mais|mas|maar|ale|но)\s)?$",
    re.IGNORECASE,
)
"""What makes a contrast an addition: ``not only A but C``."""
_UNFIT = Pattern(
    rf"(?<!\w){WORD_BEGINS}(?:worst|reference|dangerous|harmful|unsafe|tempting|distracting|common|popular|"
    r"frequent|"
    r"trap|distractor|decoy|least|poor|original|old|outdated|former|previous|earlier|initial|"
    r"typical|usual|naive|alternative|second|"
    r"second-best|gefährlichste|häufigste|plus dangereuse|peor|pior|peggiore)(?:\s[\w-]{1,20})?$",
    re.IGNORECASE,
)
"""What makes an answer another than the reply's own: ``the worst answer is A``."""
_OTHERS = Pattern(
    r"(?:很多|许多|不少|有些|有的|大多数?|其他)人(?:可能|往往|常|也)?(?:会|會)?$|"
    rf"(?<!\w){WORD_BEGINS}(?<!as )(?<!as a )(?<!as an )"
    r"(?:residents|models|resident|student|doctor|physician|clinician|colleague|"
    r"trainee|"
    r"fool|model|students|people|"
    r"trainees|"
    r"doctors|physicians|clinicians|candidates|colleagues|readers|others|some|many|they|"
    r"(?:you|one)(?=\s(?:might|may|could)))"
    r"(?:\s(?:would|might|may|will|could|often|also|who|usually|falsely|mistakenly)){0,2}"
    r"(?:\s[\w-]{1,15}){0,2}$",
    re.IGNORECASE,
)
"""Who else answers: ``Many residents answer A``."""
_ONCE = Pattern(
    r"[\s,*]{0,3}(?:previously|formerly|in the past|traditionally|historically|"
    r"until (?:\d{4}|recently|then|now|lately)|(?:in|by|under) (?:the )?(?:old|older|outdated|"
    r"former|"
    r"previous|earlier) (?:\w+ )?(?:guidelines?|edition|version|criteria|recommendations?)|"
    r"(?:\w+ )?(?:years|decades) ago|früher|antes|autrefois|vroeger|dawniej|раньше|以前|かつて)"
    rf"(?:(?!{TURNS}|{_NOW})[^.;!?\n—]){{0,120}}$",
    re.IGNORECASE,
)
"""A sentence that begins with what held once: ``Until 2015 the answer was``."""
CONDITION = Pattern(
    rf"(?<!\w){WORD_BEGINS}"
    r"(?:if|whether|unless|suppose|supposing|assuming|(?<!second )thought|had been|wenn|"
    r"falls|ob|als|si|se|jeśli|eğer|nếu|если)(?!\w)|如果|もし",
    re.IGNORECASE,
)
CLOSERS = r"(?:\s?[*_`\"'“”»’)\]}>$|】」』]){0,6}"
_IS = r"(?:is|are|was|would be|seems|can be|could be|may be|ist|wäre|est|es|è|é|jest|là)"
DENIED = Pattern(
    rf"{CLOSERS}\s?[:–—-]?\s?(?:{_IS}\s)?"
    r"(?:(?:clearly|definitely|also|probably|simply|most|the|an?|therefore|only)\s){0,3}"
    r"(?:(?:not|never)(?!\s(?:option\s)?[A-E](?!\w))|wrong|incorrect|false|unlikely|less|"
    r"inappropriate|excluded|a poor|a bad|ruled out|contraindicated|unsafe|falsch|nicht|cannot|"
    r"can not|"
    r"(?:is|ca|does|would|could)n['’]t|does not|partially|partly|fausse?|incorrecte?|incorrecta?|"
    r"no(?=[.,;|]|$|\n)|n['’]est pas|no es|não é|non è|is niet|nie jest|yanlış|không|неверн\w+|"
    r"неправильн\w+)(?!\w)"
    rf"|{CLOSERS}\s?[(\[](?:wrong|incorrect|false|no|unsafe|falsch)[)\]]"
    rf"|{CLOSERS}\s?[.:)|]?\s?[❌✗✘✖❎]|{CLOSERS}\s?(?:(?:项|選項|选项)?\s?(?:是|为)?(?:不|错|"
    rf"錯|排除)|は(?:誤|不適|不正|間違|正しくな|違)"
    r"|(?:では|じゃ)(?:な|あり)|だけで|でも|뿐"
    r"|(?:은|는|이|가)\s?(?:틀|아니|아닌|아닙|오답|정답이 아|답이 아))",
    re.IGNORECASE,
)
"""What takes it back after its letter: ``is wrong``, ``cannot be right``."""
CONDITIONAL = Pattern(
    rf"{CLOSERS}\s?[,–—-]?\s?(?:only )?"
    r"(?:if(?! (?:I|forced|pressed|pushed|anything|you)(?!\w))|unless|assuming|provided|"
    r"in case|wenn|falls|had (?:he|she|it|they|there)|were (?:he|she|it|they|there))(?!\w)",
    re.IGNORECASE,
)
"""What makes it one for another case, after its letter: ``B if he were unstable``."""
_SUPPOSED = Pattern(
    r"[\s,*]{0,3}"
    r"(?:(?:and|or|only)\s)?(?:if|unless|provided(?! with(?!\w))(?: that)?|in case|in the event|"
    r"supposing|assuming|wenn|falls|si|se|"
    r"als|jeśli|eğer|nếu|если|"
    r"(?:when(?:ever)?|where|once|as long as)(?=\s(?!(?:\w+ing|\w+ed|taken|seen|viewed|an?|"
    r"all|everything|both|this|these|that|such|it comes)(?!\w)))|"
    r"(?:were|had|should)(?=\s(?:he|she|it|they|the|this|there)\s))"
    r"\s(?!(?:I|we|you|one|asked|forced|pressed|pushed|so|not)(?!\w))"
    r"[^.;!?\n—]{1,120}$",
    re.IGNORECASE,
)
"""A sentence that began with a condition: ``If the nodule grows, the answer is``."""
_SUPPOSED_UNSPACED = Pattern(
    r"(?:如果|假如|假设|要是|倘若|若(?![干是])|もし|であれば|でなければ|ならば|(?<!この)場合|"
    r"다면|라면|"
    r"(?<!이 )경우|إذا|لو(?!\w)|olsaydı|ise(?=,))"
    r"(?:(?!因此|所以|故|但|不过|しかし|したがって|よって|따라서|그러나|لذلك)[^.;!?\n。]){0,80}$"
)
"""The same where words have no spaces, and where the condition stands behind."""
QUESTION = Pattern(rf"{CLOSERS}\s?[?？]")
_ASKS = Pattern(r"(?<!\w)(?:is|could|would|might|can|why)\s", re.IGNORECASE)
_DISOWNED = Pattern(
    rf"{CLOSERS},? but not (?:here|now|in (?:this|her|his)|for (?:this|her|him|his))(?!\w)|"
    rf"{CLOSERS}\s(?:is|was) what (?:the|most|many|some|others|they|people)(?!\w)|"
    rf"{CLOSERS}[^\n.;!?]{{0,60}}[.;!?–—,]+\s(?:but |however,? |and )?(?:that|this|which|it) "
    r"(?:is|was|would be|seems|must be)(?: (?:clearly|simply|plainly|of course))? "
    r"(?:wrong|incorrect|false|mistaken|outdated|obsolete|not (?:right|correct|true))(?!\w)",
    re.IGNORECASE,
)
"""A sentence that takes back the one before it: ``That is wrong``."""
RETRACTED = Pattern(
    r"(?<!\w)(?:correction:|korrektur:|strike that|scrap that|let me (?:change|correct) (?:that|"
    r"this|my|it)|"
    r"let me (?:reconsider|rethink|think again|start over|re-?examine)(?=[.!…]|$)|typo:|"
    r"(?:sorry|apologies|oops|pardon),? (?:it should be|I mean|that was)|"
    r"I (?:hereby )?(?:withdraw|retract|take back) (?:this|that|my|the|it)(?: (?:answer|choice))?|"
    r"I take (?:this|that|it) back|nein, (?:doch|lieber)|non, (?:plutôt|c['’]est)|no, mejor|"
    r"不对|不對|更正|"
    r"changed my (?:mind|answer)(?=[.,:;]| to | from )|scratch that|"
    r"my mistake(?=[.,:;]))",
    re.IGNORECASE,
)
"""What takes back all that was said before, whatever is said instead."""
CORRECTION = Pattern(
    rf"(?<!\w){WORD_BEGINS}(?:wait|actually|correction|instead|rather|no(?=[,.;:!])|nein(?=[,.;:!])|"
    r"non(?=[,.;:!])|korrektur|strike that|scrap that|typo|second thoughts?|revis\w+|"
    r"chang\w+|disagree|here|today|now|currently|nowadays|in this case|sondern|sino|mas sim|"
    r"bensì)(?!\w)",
    re.IGNORECASE,
)
"""What announces that an earlier commitment no longer holds."""
FORCED = Pattern(
    r"(?:^|(?<=[.;!?\n] )|(?<=\n)|(?<=but )|(?<=however, ))if (?:I (?:had|have) to|I must|"
    r"(?:I (?:am|was|were) )?(?:forced|pressed|pushed)(?: to)?)"
    r"(?:(?<=to) (?:choose|guess|pick|answer|select|decide|commit)(?: one)?(?!\w)"
    r"|(?<=must) (?:choose|guess|pick|answer|select|decide|commit)(?: one)?(?!\w)|(?=[,:]))",
    re.IGNORECASE,
)
"""What only sounds like a condition: ``If I had to choose, B``."""

_ARGUES = (
    r"because|since|as|due|given|for|with|based|which|that|if|and|or|und|oder|ou|et|y|o|not|over|"
    r"but|according|rather|instead|even|weil|da|entscheiden|votieren|car|porque|perché|omdat|"
    r"ponieważ|çünkü|vì|потому"
)
ENDS = Pattern(
    rf"{CLOSERS}(?:\s?(?:$|\n|<|[.,;:!?…。、，；：](?![{WORDLY}])|[–—/&+(\\-]"
    rf"|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f])|\s(?:{_ARGUES})(?!\w)"
    r"|\sI (?:think|believe|guess|suppose|would say)(?!\w)"
    r"|\s(?:most likely|likely|probably|definitely|certainly|here|instead|so far|for now|at "
    r"present|at this point)(?=[.!]?(?:$|\n)|[.!;]\s)"
    r"|\s\d{1,3}\s?%(?:\s?(?:$|\n|[.;)])|\s(?:confident|sure|certain)(?!\w)))",
    re.IGNORECASE,
)
"""What may follow a letter that answers: an end, a mark, or a word that argues."""
_TEXT_ARGUES = (
    r"because|since|as|given|due|which|that|if|but|rather|instead|not|over|according|weil|da|car|"
    r"porque|perché|omdat|ponieważ|çünkü|vì|потому"
)
_TEXT_ENDS = Pattern(
    rf"{CLOSERS}(?:\s?(?:$|\n|<|\(|[.,;:!?…。、，；：](?![{WORDLY}])|[–—/&+\\-](?!\w))"
    rf"|\s(?:{_TEXT_ARGUES})(?!\w)"
    r"|(?:です|だ|である|でしょう|が正|を選|입니다|이다|을 선|를 선|이 정|가 정))",
    re.IGNORECASE,
)
"""What ends an option's text: less than ends a letter, for "CT with contrast" is not "CT"."""
_MARKED = Pattern(r"[*_`\"”)\]}$】」』]")
WORD = Pattern(r"[\W_]{0,6}([^\W_]+)")
SPECIES = Pattern(
    r"\.?\s?(?:coli|difficile|diff|cereus|baumannii|albicans|f[ae]+calis|fragilis|granulosus|"
    r"multilocularis|pertussis|burgdorferi|histolytica|cloacae)\b",
    re.IGNORECASE,
)
"""What makes a letter a genus: ``E. coli``, ``C difficile``."""


def ends_text(text: str, end: int) -> bool:
    """Say whether an option's text ends here, and is not the beginning of other words."""
    return _TEXT_ENDS.match(text, end) is not None


def adds(text: str, at: int) -> bool:
    """Say whether what begins at a place is added to a letter, and not chosen instead of it."""
    return _NOT_ONLY.search(text, max(0, at - CLAUSE), at) is not None


def is_marked(text: str, end: int) -> bool:
    """Say whether a letter is closed by a mark: a quote, a bracket, emphasis."""
    return _MARKED.match(text, end) is not None


def is_taken_back(text: str, start: int, named: int, end: int) -> bool:
    """Say whether a commitment is none by what stands around it.

    It is worded from ``start``, and names its option from ``named`` to ``end``.
    """
    # What is matched at one place comes first: it takes less time than what is searched for.
    if DENIED.match(text, end) or CONDITIONAL.match(text, end) or _DISOWNED.match(text, end):
        return True
    before, cue = clause_before(text, start), text[start:named]
    if CLAUSE_END.match(cue):  # "not A but B"
        before = ""
    said = before + cue
    if QUESTION.match(text, end) and _ASKS.search(said):
        return True
    sentence = sentence_before(text, start)
    return bool(
        NEGATION.search(said)
        or CONDITION.search(said)
        or would_hold_elsewhere(text, start, end)
        or _SUPPOSED.match(TURN.split(sentence)[-1])
        or _UNFIT.search(before.rstrip(" _"))
        or _SUPPOSED_UNSPACED.search(sentence_before(text, start, ends=".;!?\n。"))
        or _ONCE.match(sentence)
        or _OTHERS.search(before.rstrip())
    )
