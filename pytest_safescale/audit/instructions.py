"""Words to a model in a passage: what hygiene reports, and what an auditor's word is not taken of.

Letters are compared as they look (NFKC), without characters that nobody sees.
"""

from __future__ import annotations

import re
import unicodedata

from pytest_safescale.text.pattern import Pattern

__all__ = ["HIDDEN", "instruction_in", "speaks_to_a_judge"]

HIDDEN = Pattern("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
"""Characters that nobody sees."""
_VERDICT = (
    r"(?:YES|NO|CONTRADICTS?|COMPATIBLE|SUPPORTS|UNRELATED|OTHERS|APPLIES|TELLS|SILENT|REPLACED"
    r"|SEPARATE)"
)
"""Words that a model is asked for which judges a passage."""
_INSTRUCTION = Pattern(
    r"\b(?:ignore|disregard|forget|override)\b[^.]{0,40}\b(?:instructions?|prompts?|rules|context)\b"
    r"|\b(?:language model|AI assistant|chatbot|the assistant (?:must|should|will)|as an AI)\b"
    r"|^[ \t]{0,8}(?:system|assistant|user)\s*:|\bsystem prompt\b|<\|[\w ]+\|>|\[/?INST\]"
    r"|</?system>"
    r"|\b(?:answer|output|reply with|respond with|choose|select|print|pick)\s+(?:only\s+)?"
    r"(?:the\s+)?(?:single\s+)?(?:option|letter|choice)\s+[A-Z]\b"
    r"|\b(?:answer|output|reply|respond)\s+(?:with\s+)?[A-E]\s*(?:[.\"']|and nothing|$)"
    r"|\bchoose [A-E] whatever\b|\bnew task\s*:|\bend of (?:reference|context|document)"
    r"|\b(?:answer|output|reply|respond|say|write|print|return)(?: (?:only|just|with|always|the"
    rf"|word|single))*[\s:\"'“‘*`]*\b(?-i:{_VERDICT})\b"
    r"|\b(?:answer|verdict|judge?ment|reply|output)(?: (?:to|on|here|this|these|that|it|the|pair"
    r"|two|passages?|sentences?))* (?:is|must be|should be|has to be)"
    rf"[\s:\"'“‘*`]*\b(?-i:{_VERDICT})\b"
    r"|</?(?:passage|sentence|question|reference_material)"
    # It speaks to a machine, or of one that reads.
    r"|(?:^|[.!?]\s+)(?:(?:dear|attention|hello|hey)[\s,:]+|(?:note|message|hint)\s+(?:for|to)\s+"
    r"(?:the\s+|any\s+|all\s+)?)(?:AI|assistant|model|bot|LLM|automated)s?\b"
    r"|(?:^|[.!?]\s+)(?:model|assistant|AI|bot)\s*[:,]\s+(?:please|you|do|always|never|the)\b"
    r"|\b(?:developer|system)\s+(?:message|mode|note)\b|\byour\s+developers?\b"
    r"|\bmaintenance mode\b"
    r"|\b(?:automated|artificial|AI)\s+(?:reader|system|agent|model|assistant)s?,?\s+you\b"
    # It says what is to be answered or left out.
    r"|\byour\s+(?:final\s+)?(?:answer|reply|response|output|choice|instructions?|task|orders?)\b"
    r"|\byou\s+(?:must|should|have to|will|are to|shall)(?:\s+(?:now|only|always))?\s+(?:answer"
    r"|reply|respond|output|conclude|choose|select|pick|state|say)\b"
    r"|\b(?:tell|inform|mention\b[^.]{0,30}\bto|hide\b[^.]{0,30}\bfrom)\s+the\s+user\b"
    r"|\brespond\s+in\s+(?:JSON|XML)\b|\bpretend\s+that\b[^.]{0,40}\b(?:text|passage)\b"
    r"|\bfollow\s+(?:only\s+)?th(?:ese|is|ose)\s+(?:orders?|instructions?|commands?)\b"
    r"|\b(?:treat|mark|rate|rank)\s+(?:the\s+)?(?:\w+\s+)?option\b"
    r"|\b(?:return|give|print|write)\s+the\s+letter\b|\bchoose the (?:first|last|second) option\b",
    re.IGNORECASE | re.MULTILINE,
)
_NEEDED = (
    *("instruction", "prompt", "rules", "context", "language model", "assistant", "chatbot"),
    *("system", "user", "<|", "inst]", "option", "letter", "choice", "answer", "output", "reply"),
    *("respond", "choose", "new task", "end of", "verdict", "judgment", "judgement"),
    *("<passage", "</passage", "<sentence", "</sentence", "<question", "</question"),
    *("<reference_material", "</reference_material", "dear", "attention", "hello", "note"),
    *("message", "hint", "model", "developer", "maintenance mode", "automated", "artificial"),
    *("your", "pretend", "order", "command"),
)
"""Every instruction that the rule finds has one of these words, in whatever case, or a short one
that stands alone (``_SHORT``)."""
_SHORT = Pattern(rf"\b(?:(?i:ai|bots?|hey|you)\b|{_VERDICT}\b)")
_TO_A_JUDGE = Pattern(
    r"\b(?:answer|reply|respond|output|say|print|return)(?: (?:with|only|the|single|word))*"
    rf"[\s:\"'“‘*`]*\b{_VERDICT}\b"
    r"|\b(?:right|correct|expected|only|proper) (?:word|answer|verdict|reply|response|judge?ment)\b"
    rf"[^.]{{0,60}}\b{_VERDICT}\b"
    r"|\b(?:auditor|evaluator|grader|annotator)s?\b"
    r"|\b(?:dear|attention|note to|hint to)\W+(?:the )?(?:model|judge|reviewer|AI)\b"
    r"|(?<!\w)(?-i:CONTRADICT|COMPATIBLE|SUPPORTS|UNRELATED|OTHERS|APPLIES|TELLS|SILENT|REPLACED"
    r"|SEPARATE)(?!\w)",
    re.IGNORECASE,
)
"""What alone is no fault of a passage, but may steer who is asked for one of these words."""


def instruction_in(text: str) -> str | None:
    """Return the words around the first that speak to a model; ``None`` for none."""
    # What is written in ASCII is as it looks.
    for shown in (text,) if text.isascii() else (text, _as_it_looks(text)):
        if _may_instruct(shown) and (found := _INSTRUCTION.search(shown)) is not None:
            return shown[max(0, found.start() - 30) : found.end() + 50].strip()
    return None


def _may_instruct(text: str) -> bool:
    """Say whether a text has a word without which no instruction is found: a quick first look."""
    lowered = text.lower()
    return any(word in lowered for word in _NEEDED) or _SHORT.search(text) is not None


def speaks_to_a_judge(text: str) -> bool:
    """Say whether a text may steer a model that judges it: by instructions or hidden characters."""
    return (
        HIDDEN.search(text) is not None
        or instruction_in(text) is not None
        or _TO_A_JUDGE.search(_as_it_looks(text)) is not None
    )


def _as_it_looks(text: str) -> str:
    return unicodedata.normalize("NFKC", HIDDEN.sub("", text))
