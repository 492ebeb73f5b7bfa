"""One reply in plain characters: its own turn, without the marks of chats and of pages."""

from __future__ import annotations

import re
import unicodedata

from pytest_safescale.answers.reader.context import FORCED
from pytest_safescale.text.pattern import Pattern

__all__ = ["first_question", "plain_text"]

_HTML = Pattern(r"</?(?:b|strong|em|i|u|p|span|div|br|code|s)\s?/?>", re.IGNORECASE)
_STRUCK = Pattern(r"~~[^~\n]{1,200}~~|<(del|strike)>[^<\n]{1,200}</\1>", re.IGNORECASE)
"""What a reply has crossed out."""
_MATHS = Pattern(r"\\[()\[\]]")
_ROLE = Pattern(
    r"\A(?:\[/?INST\]|</?s>|[*#\s]|(?:assistant|ai|bot|model|chatbot|doctor)\s?:)+\s?",
    re.IGNORECASE,
)
"""What a template leaves before a reply: ``[/INST]``, ``Assistant:``."""
_NEXT = Pattern(
    r"^[\s#*>_-]{0,6}(?:next |new )?(?:question|user|human|patient|instruction|input|q|frage|"
    r"pregunta|pergunta|domanda|вопрос|问题|題目|题目|질문|問題)(?:\s?\d{1,3})?[*_]{0,3}\s?[:：.]"
    r"|^[\s#*>_-]{0,6}question\s\d{1,3}\b|^-{3,}\n\d{1,3}[.)]\s",
    re.IGNORECASE | re.MULTILINE,
)
"""Where a reply runs on into a question that nobody asked."""
_TURKISH_COPULA = Pattern(
    r"(?<!\w)(?P<letter>[A-Z])(?:['’]|\s(?:seçeneği|şıkkı)|\s?şık)[dt][iıuü]r(?!\w)"
)
"""What Turkish joins to a letter that answers: ``C'dir``, ``C şıkkıdır``."""


def plain_text(shown: str) -> str:
    """Return a text in plain characters, every run of space made one, without empty lines."""
    # Full-width and circled letters and digits become plain ones.
    plain = _MATHS.sub("$", _HTML.sub("", _STRUCK.sub("", unicodedata.normalize("NFKC", shown))))
    lines = [" ".join(line.split()) for line in plain.splitlines() if line.strip()]
    own_turn = _ROLE.sub("", "\n".join(lines))
    return FORCED.sub("probably", _TURKISH_COPULA.sub(r"\g<letter>", own_turn))


def first_question(text: str) -> str:
    """Return a plain text up to where it runs on into a further question."""
    for mark in _NEXT.finditer(text):
        if text[: mark.start()].strip():
            return text[: mark.start()].rstrip()
    return text
