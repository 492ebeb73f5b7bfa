"""The forms in which replies name an option, as patterns.

They are written for a text in which every run of space is one space or one line break, and
each is bounded, so that reading takes time linear in the text. A letter is one that no other
letter, hyphenated word ("B-lines") or apostrophe ("C'est") is joined to.
"""

from __future__ import annotations

import re

__all__ = [
    "ALONE",
    "ANNOUNCED",
    "BOXED",
    "CHOSEN",
    "CITED",
    "CLAUSE_END",
    "CLOSERS",
    "CONDITION",
    "CONDITIONAL",
    "COORDINATED",
    "CORRECTED",
    "CORRECTION",
    "DECLARED",
    "DEFINITE",
    "DENIED",
    "ENDS",
    "FORCED",
    "INFERRED",
    "JOINED",
    "LEADING",
    "LINE_OPTION",
    "LISTED",
    "LOOK_ALIKES",
    "MARKED",
    "NEGATION",
    "PRAISED",
    "QUESTION",
    "REFUSAL",
    "RETRACTED",
    "SPECIES",
    "WORD",
]

LOOK_ALIKES = str.maketrans(
    {**dict(zip("АВСЕ", "ABCE", strict=True)), **dict(zip("ΑΒΕ", "ABE", strict=True))}
)
"""Cyrillic and Greek letters that look like A to E."""

_WORDLY = r"A-Za-z0-9À-ɏͰ-ϿЀ-ӿ"  # no CJK: "Bです" and "答案B" have no spaces
_BEFORE = rf"(?<![{_WORDLY}'’-])"
_AFTER = rf"(?![{_WORDLY}]|['’_-][{_WORDLY}])"
_LETTER = rf"(?P<letter>[A-Ea-eАВСЕΑΒΕ]){_AFTER}"
# A number is a position only where nothing is counted or measured with it.
_DIGIT = (
    r"(?P<digit>\d)(?!\s?(?:,|/|&|or|and)\s?\d)(?=[\"'*`)\]}.,;!]{0,6}(?:\s?$|\n|<)|[.)]\s|[,}])"
)
_EITHER = rf"(?:{_LETTER}|{_DIGIT})"
_MARK = r"[\s*_`\"'“”„«‘’(\[{<>$#~|:=→–—-]"
_FILLER = (
    r"(?:is|was|are|be|would|should|must|most|likely|probably|clearly|definitely|therefore|thus|"
    r"hence|here|best|correct|right|final|to|this|question|the|my|number|letter|choice|option|"
    r"alternative|still|ist|lautet|daher|also|wäre|est|es|sería|serait|è|é|är|er|on|jest|este|"
    r"la|le|el|il|lo|der|die|das|het|lettre|letra|lettera|opción|opção|opzione|correcta?|"
    r"correcte|corretta|correta|является|вариант|الصحيحة|هي|هو|है)(?![\w])"
    r"|[是为為は가은는]|คือ|ที่ถูกต้อง|['’]s(?!\w)"
)
_GAP = rf"(?P<gap>(?:{_MARK}|{_FILLER}){{0,20}})(?:\\[a-z]{{1,8}}\{{)?{_MARK}{{0,4}}"

_ANSWER = (
    rf"(?:(?<![{_WORDLY}])(?:answer(?:_(?:idx|letter|choice|option))?|ans\.?|response|conclusion|"
    r"solution|verdict|antwort|lösung|antwoord|réponse|reponse|respuesta|resposta|risposta|svar|"
    r"svaret|vastaus|cevap|yanıt|odpowiedź|odpověď|válasz|răspuns|ответ|відповідь|απάντηση|"
    r"الإجابة|الجواب|תשובה|उत्तर|câu trả lời|jawaban|đáp án)(?!\w)"
    r"|答案|回答|正解|选择|選択肢|选项|选|答え|정답|답|ค\u0e4d\u0e32ตอบ)"
)
_INSTRUCTION = (
    r"(?:[*_]{0,3}\s?\((?:[^()\n]{0,25}(?<!\w)(?:letters?|only|one|single|choice)(?!\w)[^()\n]{0,25}"
    r"|A\s?(?:[-–]|to)\s?[DE]|A(?:\s?[,/|]\s?(?:or\s)?[B-E]){1,4}(?:\sor\s[DE])?)\)(?=[*_]{0,3}\s?[:=]))?"
)  # "(one letter)", "(A-E)": what was asked for, repeated
_CHOICE = (
    r"(?:option|choice|alternative|selection|pick|letter|opción|opcion|opção|opzione|alternativa|"
    r"lettre|letra|buchstabe|вариант)"
)
_BEST = (
    r"(?:correct|right|best|final|chosen|preferred|safest|my|our|richtige|bonne|meilleure|"
    r"mejor|правильный)"
)

DECLARED = re.compile(rf"{_ANSWER}{_INSTRUCTION}{_GAP}{_EITHER}", re.IGNORECASE)
"""``Answer: (B)``, ``the correct answer is option **B**``, ``Réponse : C``, ``答案：B``."""

ANNOUNCED = re.compile(
    rf"(?<![{_WORDLY}])(?:"
    rf"{_BEST}\s{_CHOICE}(?!\w)"
    rf"|(?:{_CHOICE}(?:\scorre(?:cta?|cte|tta|ta))?|correct|prediction|final|diagnosis|result)(?!\w)(?=[*_\"']{{0,3}}\s?(?::|=|is\s|would\sbe\s))"
    r"|(?:best|safest|correct|preferred|appropriate|likely|exception)(?:\s[\w-]{1,20}){0,4}(?=\s(?:is|would\sbe)\s|\s?:)"
    rf"){_GAP}{_EITHER}",
    re.IGNORECASE,
)
"""``best option: B``, ``choice: B``, ``the most appropriate next step is B``."""

CHOSEN = re.compile(
    rf"(?:(?:(?<!\w)(?:I|we|I['’](?:d|ll|m)|let['’]?s|let me)(?=\s)[^.;:!?\n]{{0,40}}?\s"
    rf"|(?:(?<=[.;:!?\n*] )|(?<=\n)|^)[*_]{{0,3}})"
    r"(?:choose|select|pick|chose|selected|picked|answer|go(?:ing)? with|went with|opt for|"
    r"vote for|lean(?:ing)?(?: to(?:wards?)?)?|settle on|favou?r|recommend|suggest)"
    r"|(?<!\w)(?:wähle|choisis|elijo|escolho|scelgo|kies|выбираю))"
    rf"(?!\w){_GAP}{_LETTER}",
    re.IGNORECASE,
)
"""``I would choose B``, ``leaning towards option C``: a stated choice, however hedged."""

CORRECTED = re.compile(
    r"(?<!\w)(?:correction|chang(?:ed|ing) my (?:mind|answer)(?: to)?|scratch that|my mistake)"
    rf"(?!\w)[,.;]?{_GAP}{_LETTER}",
    re.IGNORECASE,
)
"""``Correction: B``, ``changed my mind: C``."""

RETRACTED = re.compile(
    r"(?<!\w)(?:correction:|changed my (?:mind|answer)(?=[.,:;]| to | from )|scratch that|"
    r"my mistake(?=[.,:;]))",
    re.IGNORECASE,
)
"""What takes back all that was said before, whatever is said instead."""

FORCED = re.compile(
    r"(?:^|(?<=[.;!?\n] )|(?<=\n)|(?<=but )|(?<=however, ))if (?:I (?:had|have) to|I must|"
    r"(?:I (?:am|was|were) )?(?:forced|pressed|pushed) to) "
    r"(?:choose|guess|pick|answer|select|decide|commit)(?: one)?(?!\w)",
    re.IGNORECASE,
)
"""What only sounds like a condition: ``If I had to choose, B``."""

CITED = re.compile(
    r"(?:(?<=^[A-E])|(?<=[\s(*:.][A-E])|(?<=[\s(*:.][A-E][.)*]))"
    r"\s?\[\d{1,3}(?:\s?[,–-]\s?\d{1,3}){0,9}\]",
    re.MULTILINE,
)
"""Where a source is named after a letter: ``B [1]``."""

_CLAUSE = (
    r"(?:^|(?<=[\n.;:!?,(—–-])\s?|(?<!\w)(?:so|that|think|believe|thus|therefore|hence|wait|"
    r"actually|no|and|but|then|option|choice|answer|statement|antwort|réponse|respuesta|risposta)\s)[*_(\[\"'“]{0,4}"
)  # not "hepatitis B is likely"
PRAISED = re.compile(
    rf"{_CLAUSE}{_LETTER}[*_\"'”)\]]{{0,4}}(?P<gap>)\s(?:is|would be|seems|must be|appears|ist|est|"
    r"es|è)\s(?:(?:the|clearly|most|single|definitely|therefore|thus|la|le|el|die|der)\s){0,4}"
    r"(?:(?P<whole>(?:correct |right |best |likely |richtige |bonne )?"
    r"(?:answer|choice|option|antwort|réponse|respuesta))"
    r"|correct|right|best|safest|preferred|suitable|consistent|appropriate|likely|richtig|correcte?|correcta|corretta)"
    r"(?!\w)(?!\s(?!answer|choice|option|one|because|since|as|here|given|for|with|next|step)[a-z])",
    re.IGNORECASE,
)
"""``B is the correct answer``; without a word for answer it may only be a true statement."""

INFERRED = re.compile(
    rf"(?<!\w)(?:I (?:think|believe|guess|say)|I['’]d say|I would say|my guess is|probably|likely|"
    r"(?:must|should|has to) be|it['’]s|it is|consistent with|(?:corresponds?|points?) to|c['’]est|"
    r"by (?:elimination|exclusion)|but [^.:;!?\n]{1,60}(?=:)|"
    r"so|therefore|thus|hence|actually|rather|wait|no(?=[,.;:])|but|sure|okay|ok|yes|overall|finally)"
    rf"(?P<gap>[\s,.:*_(\"'–—-]{{1,6}}(?:option\s)?[*_(\"']{{0,4}}){_LETTER}"
    r"(?=[*_\"')\]]{0,4}(?:$|\n|[.;!]))",
    re.IGNORECASE,
)
"""``So B.``, ``It's B.``, ``probably B``: a letter that ends the sentence."""

BOXED = re.compile(
    rf"\\(?:boxed|fbox)\s?\{{(?P<gap>(?:{_MARK}|\\[a-z]{{2,8}}|option\s|answer\s){{0,8}}){_EITHER}",
    re.IGNORECASE,
)

_OPENER = rf"(?:(?:{_CHOICE}|answer)\s[(\[*_\"']{{0,4}})?"
ALONE = re.compile(
    rf"[\W_]{{0,12}}(?:\\[a-z]{{1,8}}\{{)?{_OPENER}(?:{_LETTER}|(?P<digit>\d)(?!\w))[\W_]{{0,12}}",
    re.IGNORECASE,
)
"""A whole line that is one letter with its decoration: ``**B**``, ``(b)``, ``Option B.``."""

LEADING = re.compile(rf"[\W_]{{0,8}}(?P<opener>{_OPENER}){_LETTER}", re.IGNORECASE)
"""A reply that begins with its letter: ``B. Tension pneumothorax``, ``B because ...``."""

LINE_OPTION = re.compile(
    rf"[\W_]{{0,8}}(?:option\s)?(?P<letter>[A-Ea-e])[*_]{{0,3}}[.):\]](?![{_WORDLY}])",
    re.IGNORECASE,
)
"""A line that states an option: ``B. Tension pneumothorax``."""

JOINED = re.compile(
    r"[\s*_`\"'“”)\]]{0,6}(?:(?P<comma>[,、])|/|&|\+|\(?(?:or|and|and/or|oder|und|ou|et|o|y|или|и|或|和)"
    r"(?!\w))(?:\s(?:option|possibly|maybe|perhaps|else|the))?[\s*_`\"'“(\[]{0,6}"
    r"(?P<other>[A-E])(?![\w'’]|-\w)"
)
"""What makes one letter two, where the first ends: ``or B``, ``and C``, ``/ D``."""

COORDINATED = re.compile(rf"{_BEFORE}(?P<first>[A-E])(?={JOINED.pattern})")
"""Two letters joined anywhere."""

CLOSERS = r"(?:\s?[*_`\"'“”»’)\]}>$|]){0,6}"
_ARGUES = (
    r"because|since|as|due|given|for|with|based|which|that|if|and|or|und|oder|ou|et|y|o|not|over|"
    r"but|according|rather|even|weil|car|porque"
)
ENDS = re.compile(
    rf"{CLOSERS}(?:\s?(?:$|\n|<|[.,;:!?…。、，](?![{_WORDLY}])|[–—/&+(\\-]"
    rf"|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af])|\s(?:{_ARGUES})(?!\w)"
    r"|\s\d{1,3}\s?%(?:\s?(?:$|\n|[.;)])|\s(?:confident|sure|certain)(?!\w)))",
    re.IGNORECASE,
)
"""What may follow a letter that answers: an end, a mark, or a word that argues."""

MARKED = re.compile(r"[*_`\"”)\]}$]")
LISTED = re.compile(
    r"A[*_]{0,3}[.):\]][^\n]{0,300}?(?:\n[\W_]{0,6}(?:option\s)?|[\s(;,])B[*_]{0,3}[.):\]]\s?\w",
    re.IGNORECASE,
)
"""An A that begins a list of options: a B follows it on its line or the next."""

WORD = re.compile(r"[\W_]{0,6}([^\W_]+)")
SPECIES = re.compile(
    r"\.?\s?(?:coli|difficile|diff|cereus|baumannii|albicans|f[ae]+calis|fragilis|granulosus|"
    r"multilocularis|pertussis|burgdorferi|histolytica|cloacae)\b",
    re.IGNORECASE,
)
"""What makes a letter a genus: ``E. coli``, ``C difficile``."""

DEFINITE = re.compile(
    r"[:=→>(\[{*\"\n]|[是为為は은는]|(?<!\w)(?:is|was|be|ist|lautet|est|es|è|é|är|on|jest|este|هي|هو)(?!\w)",
    re.IGNORECASE,
)
"""What joins a cue to a letter for certain: ``answer is B``; ``answer B`` may go on as it likes."""

CLAUSE_END = re.compile(
    r"[,.;:!?\n]|(?<!\w)(?:so|because|but|thus|therefore|hence|and|then|since)(?!\w)", re.IGNORECASE
)
NEGATION = re.compile(
    r"(?<!\w)(?:not|never|wrong|incorrect|inaccurate|cannot|neither|nor|\w{2,6}n['’]t|nicht|kein\w*|"
    r"falsche?|pas|incorrecta?|неправильный)(?!\w)|不是|错误|不选",
    re.IGNORECASE,
)
"""What takes a commitment back before its letter: ``can't be B``, ``the wrong answer is A``."""

DENIED = re.compile(
    rf"{CLOSERS}\s?[:–—-]?\s?(?:(?:is|are|was|would be|seems|can be|could be|may be|ist|est|es)\s)?"
    r"(?:(?:clearly|definitely|also|probably|simply|most|the|an?|therefore|only)\s){0,3}"
    r"(?:(?:not|never)(?!\s(?:option\s)?[A-E](?!\w))|wrong|incorrect|false|unlikely|less|"
    r"inappropriate|excluded|ruled out|contraindicated|unsafe|falsch|cannot|can not|"
    r"(?:is|ca|does|would|could)n['’]t|does not|partially|partly)(?!\w)",
    re.IGNORECASE,
)
"""What takes it back after its letter: ``is wrong``, ``cannot be right``."""

CONDITION = re.compile(
    r"(?<!\w)(?:if|whether|unless|suppose|supposing|assuming|thought|had been)(?!\w)", re.IGNORECASE
)
CONDITIONAL = re.compile(
    rf"{CLOSERS}\s?[,–—-]?\s?(?:only )?"
    r"(?:if(?! (?:I|forced|pressed|pushed|anything|you)(?!\w))|unless|assuming|provided|"
    r"in case)(?!\w)",
    re.IGNORECASE,
)
"""What makes it one for another case, after its letter: ``B if he were unstable``."""
QUESTION = re.compile(rf"{CLOSERS}\s?\?")
CORRECTION = re.compile(
    r"(?<!\w)(?:wait|actually|correction|instead|rather|no(?=[,.;:!])|second thought|revis\w+|"
    r"chang\w+)(?!\w)",
    re.IGNORECASE,
)
"""What announces that an earlier commitment no longer holds."""

_CANNOT = r"(?:can(?:no|['’])?t|can not|could ?n[o'’]t|unable to|not able to|won['’]t|will not)"
REFUSAL = re.compile(
    rf"(?<!\w)(?:I(?:['’]m| am)?\s{_CANNOT}(?!\w)|{_CANNOT}\s(?:\w+\s)?(?:answer|provide|give|help|"
    r"assist|determine|decide|say|tell|offer|comply|recommend|choose|select|advise|be)(?!\w)|"
    r"refuse to|not (?:permitted|allowed|comfortable)|not going to|must decline|decline to|"
    r"as an? (?:ai|language model)|i (?:do(?:n['’]t| not) know|decline|abstain)|"
    r"i(?:['’]m| am) (?:not sure|sorry|unsure)|no (?:definite |single |clear )?answer|"
    r"(?:insufficient|not enough) (?:information|evidence|data|context)|"
    r"(?:cannot|can't|impossible to) be (?:determined|answered)|"
    r"impossible to (?:say|tell|determine)|"
    r"consult (?:a|your|with)|seek medical|kann ich (?:\w+ )?nicht|ich kann (?:\w+ )?nicht|"
    r"je ne (?:peux|sais) pas|no (?:puedo|lo sé)|non (?:posso|lo so)|não (?:posso|sei)|"
    r"не могу|не знаю)"
    r"|无法|不能回答|不知道|お答えできません|わかりません",
    re.IGNORECASE,
)
