"""Commitments about other cases: ``In children the answer is``, ``A would be right in pregnancy``.

What is said of them counts where the reply says nothing else; what only would hold never counts.
"""

from __future__ import annotations

import re

from pytest_safescale.answers.reader.clauses import TURN, TURNS, sentence_before
from pytest_safescale.answers.reader.letters import WORD_BEGINS
from pytest_safescale.text.pattern import Pattern

__all__ = ["goes_on_elsewhere", "is_elsewhere", "would_hold_elsewhere"]

_ELSEWHERE = Pattern(
    r"[\s,*]{0,3}(?:and |but )?(?:when|where|with|without|among|for|in|during)\s"
    r"(?!(?:this|these|that|my|our|conclusion|summary|short|view|light|order|fact|general|all|"
    r"addition|the|such|his|her|(?<=in )contrast|particular|most|a)(?!\w))"
    rf"(?:(?!{TURNS})[^.;!?\n—]){{1,120}}$",
    re.IGNORECASE,
)
"""A sentence about cases of another kind: ``In children the answer is``."""
_GOES_ON = (
    r"(?!\s(?:with|without|who|whose|presenting|having|of|aged|under|over|below|above)(?!\w))"
)
"""What makes a kind of patients the case itself: ``in children with these findings``."""
_ENGLISH = (
    r"(?:in|during|for|among|with)\s(?:an?\s)?"
    r"(?:(?:other|most|many|some|older|younger|young|old|healthy|pregnant|nursing|unstable|stable|"
    r"premature|preterm|small|non-?pregnant)\s)?"
    r"(?:pregnancy|lactation|breast-?feeding|childhood|child(?:ren)?|kids|infan(?:ts?|cy)|"
    r"neonates?|newborns?|bab(?:y|ies)|toddlers?|adolescents?|teenagers?|adults?|adulthood|"
    r"wom[ae]n|m[ae]n|females?|males?|girls?|boys?|the elderly|elderly (?:people|patients?)|"
    r"old age|smokers?|athletes?|diabetics?|others|"
    r"(?<=other )(?:patients?|people|cases?|settings?|situations?|circumstances)|"
    r"(?<=stable )patients?|(?<=older )(?:patients?|people)|(?<=younger )(?:patients?|people)|"
    rf"(?<=pregnant )patients?|(?<=healthy )(?:patients?|people)){_GOES_ON}"
)
_SPACED = (
    r"(?:bei|in|für|während)\s(?:(?:der|einer|einem|anderen|älteren|jungen|kleinen|instabilen|"
    r"stabilen)\s)?(?:kind(?:ern)?|säuglingen?|neugeborenen|schwangeren|schwangerschaft|stillzeit|"
    r"erwachsenen|jugendlichen|frauen|männern|anderen|(?<=stabilen )patienten|"
    r"(?<=anderen )patienten|(?<=älteren )(?:menschen|patienten))|"
    r"(?:chez|pendant|durant|pour)\s(?:l['’]|la\s|les\s|une?\s|d['’]autres\s)?(?:enfants?|"
    r"nourrissons?|nouveau-nés?|femmes?(?: enceintes?)?|hommes?|adultes?|adolescents?|grossesse|"
    r"allaitement|sujets? âgés?|personnes? âgées?|patients? (?:in)?stables?|"
    r"(?<=autres )patients)|"
    r"(?:en|durante|para)\s(?:el\s|la\s|los\s|las\s|una?\s|otr[oa]s\s)?(?:embarazo|embarazadas?|"
    r"lactancia|niñ[oa]s?|lactantes?|neonatos?|recién nacidos?|adultos?|mujer(?:es)?|hombres?|"
    r"ancianos?|adolescentes?|pacientes? (?:in)?estables?|(?<=otros )pacientes)|"
    r"(?:n[ao]s?|em|durante|para)\s(?:[ao]s?\s|outr[oa]s\s)?(?:gravidez|gestação|grávidas?|"
    r"gestantes?|crianças?|lactentes?|neonatos?|recém-nascidos?|adultos?|mulher(?:es)?|homens?|"
    r"idosos?|adolescentes?|pacientes? (?:in|e)stáve(?:l|is)|(?<=outros )pacientes)|"
    r"(?:in|nei|nelle|negli|nel|nella|durante|per)\s(?:la\s|il\s|i\s|le\s|gli\s)?(?:gravidanza|"
    r"allattamento|bambin[oi]|neonat[oi]|lattant[ei]|adult[oi]|donne|uomini|anzian[oi]|"
    r"adolescenti|altri pazienti|pazienti (?:in)?stabili)|"
    r"(?:bij|tijdens|in|voor)\s(?:(?:de|een|andere|oudere|jonge|stabiele|instabiele)\s)?(?:kind|"
    r"kinderen|zuigelingen|pasgeborenen|zwangeren|zwangere vrouwen|zwangerschap|volwassenen|"
    r"vrouwen|mannen|ouderen|(?<=stabiele )patiënten|(?<=andere )patiënten)|"
    r"(?:u|w|dla|podczas)\s(?:innych\s)?(?:dzieci|niemowląt|noworodków|ciąży|ciężarnych|kobiet|"
    r"mężczyzn|dorosłych|osób starszych|(?<=innych )pacjentów)(?: w ciąży)?|"
    r"(?:çocuk|bebek|yenidoğan|gebe|hamile|yetişkin|kadın|erkek|yaşlı|diğer hasta)l[ae]rd[ae]|"
    r"(?:gebelik|hamilelik)te|"
    r"(?:ở|với|trong|khi)\s(?:trẻ (?:em|nhỏ|sơ sinh)|phụ nữ(?: có thai| mang thai)?|thai kỳ|"
    r"mang thai|người (?:lớn|già|cao tuổi)|nam giới|bệnh nhân khác)|"
    r"(?:у|для|при|среди|во время)\s(?:других\s)?(?:детей|младенцев|новорожд[её]нных|беременных|"
    r"беременности|взрослых|женщин|мужчин|пожилых|подростков|(?<=других )пациентов)|"
    r"(?:عند|لدى|في|أثناء)\s(?:الأطفال|الرضع|الحوامل|الحمل|البالغين|النساء|الرجال|كبار السن)"
)
_UNSPACED = (
    r"(?:对于?|對於?|在)(?:其他)?(?:儿童|兒童|小儿|婴儿|嬰兒|新生儿|孕妇|孕婦|孕期|妊娠期?|成人|成年人|老年人|女性|男性)"
    r"|(?:小児|子ども|子供|乳児|新生児|妊婦|妊娠中|成人|高齢者|女性|男性)(?:の場合|では|なら|において)"
    r"|(?:소아|아동|어린이|영아|신생아|임산부|임신부|임신 중|성인|노인|여성|남성)"
    r"(?:에서|에게|의 경우|라면|이라면)"
)
_OTHERWISE = (
    r"(?:otherwise|normally|ordinarily|theoretically|in theory|elsewhere|"
    r"(?:in|for|with|under)\s(?:another|a different|any other|different|other)\s\w{1,20}|"
    r"sonst|ansonsten|andernfalls|normalerweise|theoretisch|autrement|sinon|normalement|"
    r"de lo contrario|en otro caso|normalmente|altrimenti|caso contrário|anders|normaliter|"
    r"inaczej|normalnie|иначе|обычно|normalde|aksi halde|nếu không|bình thường|وإلا|عادة)"
)
_KINDS = rf"(?:(?<!\w){WORD_BEGINS}(?:{_ENGLISH}|{_SPACED})(?!\w)|{_UNSPACED})"
_OTHER = Pattern(
    rf"{_KINDS}|(?<!\w){WORD_BEGINS}{_OTHERWISE}(?!\w)|"
    r"否则|否則|通常|さもなければ|그렇지 않으면|보통",
    re.IGNORECASE,
)
"""Patients of a kind, of whom a reply alone does not tell whether the case is one; other cases."""
_WOULD_BE_RIGHT = Pattern(
    r"[*_\"'”)\]]{0,4}\s(?:would|might|could|may) (?:\w+ly )?(?:be|have been) (?:the )?"
    r"(?:right|correct|answer)(?!\w)",
    re.IGNORECASE,
)
"""What is said of a letter in another case: ``With renal failure, A would be right``."""
_THE_CASE = (
    r"(?<!\w)(?:this|these|here|her|his|like|diese[mnrs]?|hier|cet(?:te)?|ici|est[ea]|aquí|"
    r"quest[oa]|qui|nest[ea]|dit|dez?e|tej|tego|bu|этого|этой|هذا|هذه)(?!\w)|这|這|この|이 "
)
_BEGINS = Pattern(
    rf"[\s,*]{{0,3}}(?:\w{{1,6}}\s)?{_KINDS}(?:(?!{TURNS}|{_THE_CASE})[^.;!?\n—。]){{0,120}}$",
    re.IGNORECASE,
)
"""The same at the beginning of a sentence."""
_BEHIND = Pattern(
    r"[*_\"'”)\]]{0,4}(?:\sis (?:the )?(?:right|correct|best)(?: (?:answer|option|choice))?)?,?\s"
    rf"(?:only )?{_KINDS}",
    re.IGNORECASE,
)
"""The same behind an answer."""
_WOULD = Pattern(
    r"\w['’]d(?!\w)|(?<!\w)(?:would|might|could|wäre|würde|hieße|serait|sería|seria|sarebbe|zou|"
    r"był(?:a|o)?by|brzmiałaby|olurdu|olacaktı|sẽ|был[оа]? бы|бы был[оа]?|ستكون|سيكون)(?!\w)"
    r"|会是|會是|将是|應會|だろう|でしょう|となる|になる|일 것|이었을|겠",
    re.IGNORECASE,
)
"""The mood of what is not the case."""
_REST = Pattern(r"[^.,;:!?\n。，、]{0,80}")
"""What of the clause stands behind a commitment."""
_ENDS = ".;!?\n—。"
_PAUSE = Pattern(r"[,:，、]")
_STATES_THE_CASE = Pattern(_THE_CASE, re.IGNORECASE)


def is_elsewhere(sentence: str) -> bool:
    """Say whether a sentence, as far as it stands before an answer, is about other cases."""
    return bool(_ELSEWHERE.match(sentence) or _BEGINS.match(sentence))


def goes_on_elsewhere(text: str, end: int) -> bool:
    """Say whether a sentence goes on to other cases: ``The answer is A for children``."""
    return _BEHIND.match(text, end) is not None


def would_hold_elsewhere(text: str, start: int, end: int) -> bool:
    """Say whether what is said would hold of cases of another kind: ``In pregnancy, A would be``.

    It is worded from ``start``, and its option's name ends at ``end``.
    """
    before = "" if TURN.match(text, start) else sentence_before(text, start, ends=_ENDS)
    if _WOULD_BE_RIGHT.match(text, end) and _ELSEWHERE.match(before):
        return True
    rest = _REST.match(text, end)
    behind = rest[0] if rest else ""
    if not _WOULD.search(_PAUSE.split(before)[-1] + text[start:end] + behind):
        return False
    around = f"{TURN.split(before)[-1]}\n{behind}"
    return bool(_OTHER.search(around) and not _STATES_THE_CASE.search(around))
