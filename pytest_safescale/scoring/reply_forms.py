"""The forms in which replies name an option, as patterns; every one is bounded, so linear in time.

A letter stands for itself where it stands alone: no word character beside it, no hyphenated word
("B-lines") and no apostrophe after it.
"""

from __future__ import annotations

import re

__all__ = [
    "ALONE",
    "BOXED",
    "CHANNEL",
    "CHOSEN",
    "CLAUSE_END",
    "COORDINATED",
    "DECLARED",
    "FOLLOWED",
    "HIDDEN_TAG",
    "JSON_ANSWER",
    "LEADING",
    "LINE_OPTION",
    "LOOK_ALIKES",
    "NEGATION",
    "PRAISED",
    "REFUSALS",
]

LOOK_ALIKES = str.maketrans(
    {
        **dict(zip("АВСЕ", "ABCE", strict=True)),  # Cyrillic
        **dict(zip("авсе", "abce", strict=True)),
        **dict(zip("ΑΒΕ", "ABE", strict=True)),  # Greek
    }
)
"""Letters of other alphabets that look like A to E; they count only where a letter may stand."""

_LETTER = r"(?P<letter>[A-Ea-eАВСЕавсеΑΒΕ])(?![\w'’]|-\w)"
_DIGIT = r"(?P<digit>\d)(?!\w|[.,:/]\d|\s?(?:mm|cm|ml|mg|kg|HU|°|%))"
_OPEN = r"[\s*_`\"'“”„«‘’(\[{<$#~|]"
_CLOSE = r"[\s*_`\"'“”»‘’)\]}>$.,:;!?。．、，~|#-]"

_CUES = (
    "answer|choice|option|alternative|selection|response|conclusion|letter|"
    "antwort|lösung|antwoord|réponse|reponse|respuesta|resposta|risposta|svar|vastaus|cevap|"
    "yanıt|odpowiedź|odpověď|válasz|răspuns|ответ|відповідь|απάντηση|"
    "答案|回答|正解|選択肢|选项|答え|정답|답|الإجابة|الجواب|תשובה|उत्तर|câu trả lời|jawaban"
)
_FILLER = (
    r"(?:is|was|are|be|would|should|must|most|likely|probably|clearly|therefore|thus|hence|here|"
    r"best|correct[aeo]?|corretta|right|final|option|choice|letter|number|to|this|question|the|my|"
    r"ist|lautet|daher|est|es|è|é|är|on|jest|este|la|le|el|il|der|die|das|"
    r"является|правильный|这|是|为|為|は|が|选项|選項|هي|هو|है)(?!\w)"
)
# Single marks and whole words, never both for the same text, and never more than sixteen.
_BETWEEN = rf"(?:{_OPEN}|[:=：→>)–—-]|{_FILLER}|[是为為はが]){{0,16}}"

DECLARED = re.compile(
    rf"(?:(?<!\w)(?:{_CUES})(?!\w)|答案|回答|正解|選択肢|选项|答え|정답)"
    rf"{_BETWEEN}(?:\\text\{{)?(?:{_LETTER}|{_DIGIT})",
    re.IGNORECASE,
)
"""``Answer: (B)``, ``the correct option is **B**``, ``Réponse : C``, ``答案：B``, ``Answer: 2``."""

CHOSEN = re.compile(
    r"(?<!\w)(?:choose|select|pick|chose|selected|picked|go(?:ing)? with|opt for|vote for|"
    r"lean(?:ing)? towards?|settle on|wähle|choisis|elijo|scelgo|kies|выбираю|選びます|选择)"
    rf"{_BETWEEN}{_LETTER}",
    re.IGNORECASE,
)
"""``I would choose B``, ``leaning towards option C``: a stated choice, however hedged."""

PRAISED = re.compile(
    rf"(?<![\w'’-]){_LETTER}{_CLOSE}{{0,4}}\s{{0,3}}(?:is|would be|seems|must be|ist|est|es|è)\s"
    r"(?:(?:the|clearly|most|likely|probably|single|la|le|el|die|der)\s){0,4}"
    r"(?:correct|right|best|answer|appropriate|richtig|correcte?|bonne|correcta|corretta)(?!\w)",
    re.IGNORECASE,
)
"""``B is the correct answer``."""

BOXED = re.compile(
    rf"\\(?:boxed|fbox)\s?\{{\s{{0,4}}(?:\\[a-z]{{2,8}}\s?\{{)?{_OPEN}{{0,4}}"
    rf"(?:(?:option|answer)\s{{1,3}})?(?:{_LETTER}|{_DIGIT})",
    re.IGNORECASE,
)
JSON_ANSWER = re.compile(
    r"[\"'](?:final_?)?(?:answer|choice|option|letter|answer_idx|correct_answer|prediction)"
    rf"(?:_letter)?[\"']\s{{0,4}}:\s{{0,4}}[\"']?{_OPEN}{{0,2}}"
    r"(?:(?P<letter>[A-E])(?=[\"'\s.,)}]|$)|(?P<digit>\d)(?=[\"'\s,}]|$))",
    re.IGNORECASE,
)
ALONE = re.compile(rf"{_OPEN}{{0,8}}(?:{_LETTER}|(?P<digit>\d)(?!\w)){_CLOSE}{{0,8}}")
"""A whole line that is one letter with its decoration: ``**B**``, ``(b)``, ``B.``."""

LEADING = re.compile(rf"{_OPEN}{{0,8}}(?P<letter>[A-EАВСЕΑΒΕ])(?![\w'’]|-\w)(?P<after>.{{0,40}})")
"""A reply that begins with its letter: ``B. Tension pneumothorax``, ``B because ...``."""

LINE_OPTION = re.compile(r"[\s*_(\[>#-]{0,6}(?P<letter>[A-E])[\s*_]{0,3}[.):\]]", re.IGNORECASE)
"""A line that restates an option."""

COORDINATED = re.compile(
    r"[\s*_`\"'“”)\]}.]{0,6}(?:/|&|,|\+|or|and|and/or|oder|und|ou|et|o|y|e|или|и|或|和)"
    rf"(?:\s{{0,3}}(?:option|possibly|maybe|perhaps|else|the)){{0,2}}{_OPEN}{{0,6}}"
    r"(?P<other>[A-E])(?![\w'’]|-\w)"
)
"""What makes one letter two: ``or B``, ``and C``, ``/ D``."""

FOLLOWED = re.compile(r"\s+[^\W\d_]")
"""A word after the letter: ``a pneumothorax`` is an article and a word, no answer."""

CLAUSE_END = re.compile(r"[,.;:!?\n]")
NEGATION = re.compile(r"(?<!\w)(?:not|never|wrong|incorrect|cannot|\w{2,6}n['’]t)(?!\w)", re.I)
"""What takes a commitment back within its clause: ``not B``, ``B is wrong``, ``can't be B``."""

REFUSALS = re.compile(
    r"(?<!\w)(?:(?:can(?:no|'|’)?t|can not|could ?n[o'’]t|unable to|not able to|won['’]t|"
    r"will not|refuse to|not (?:permitted|allowed|comfortable)|not going to|must decline|decline)"
    r"(?!\w)|as an? (?:ai|language model)|i do(?:n['’]t| not) know|i am not sure|i['’]m not sure|"
    r"no (?:definite |single |clear )?answer|insufficient (?:information|evidence|data)|"
    r"not enough (?:information|evidence|data)|consult (?:a|your|with)|seek medical|"
    r"i['’]m sorry|i am sorry|kann ich nicht|ich kann nicht|je ne peux pas|no puedo|non posso|"
    r"не могу|无法|不能回答|お答えできません)",
    re.IGNORECASE,
)

HIDDEN_TAG = re.compile(
    r"<\s?(?P<close>/?)\s?(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|scratchpad|"
    r"analysis|inner_monologue|antthinking)\s?>|"
    r"\[(?P<close2>/?)(?:think|reasoning)\]|◁(?P<close3>/?)think▷|"
    r"<\|(?P<end>end_of_thought|end_thinking)\|>|<\|(?:begin_of_thought|begin_thinking)\|>",
    re.IGNORECASE,
)
CHANNEL = re.compile(r"<\|channel\|>\s?(?P<name>\w{1,20})[^<]{0,80}<\|message\|>", re.IGNORECASE)
