"""What of a reply is meant to be seen: reasoning between tags or in another channel is not."""

from __future__ import annotations

import re

from pytest_safescale.text.pattern import Pattern

__all__ = ["visible_text"]

_NAME = (
    r"(?:[a-z]{1,12}[:_-])?(?:(?:ant)?think(?:ing)?|thoughts?|reason(?:ing)?|reflections?|scratchpad|"
    r"chain[_-]of[_-]thoughts?|hidden|scratch|analysis|monologue|internal|cot)(?:[_-](?:process|content|trace|steps?|text))?"
)
_TAG = Pattern(
    rf"(?:<|&lt;)\s?(?P<close>/?)\s?{_NAME}(?:\s[^<>/]{{0,80}})?(?P<empty>\s?/)?(?:>|&gt;)"
    r"|\[(?P<close2>/?)(?:think(?:ing)?|thoughts?|reasoning)\]"
    r"|◁(?P<close3>/?)think▷"
    rf"|<[|｜](?:(?P<end>/|end[_▁](?:of[_▁])?)|(?:begin|start)[_▁](?:of[_▁])?)?{_NAME}[|｜]>"
    r"|<unused94>|(?P<end2><unused95>)"  # MedGemma's marks around its thoughts
    r"|<\|channel>thought(?!\w)|(?P<end3><channel\|>)"  # Gemma's
    r"|<\|im_start\|>think(?!\w)|(?P<end4><\|im_start\|>answer(?!\w))",
    re.IGNORECASE,
)
_ENDINGS = ("close", "close2", "close3", "end", "end2", "end3", "end4")
_BEGINS = Pattern(
    r"<\|(?:im_start|start_header_id)\|>(?:assistant(?:<\|end_header_id\|>)?)?"
    r"|<\|(?:assistant|begin_of_text|bos)\|>|<(?:bos|start_of_turn)>(?:model(?!\w))?",
    re.IGNORECASE,
)
_ENDS = Pattern(
    r"<\|(?:im_end|eot_id|end|end_of_text|endoftext|eos)\|>|<(?:eos|end_of_turn)>|\[INST\]",
    re.IGNORECASE,
)
_CHANNEL = "<|channel|>"
_MARKLESS_FINAL = "assistantfinal"
_MARKLESS_ANALYSIS = Pattern(r"\s?analysis(?=[A-Z])")


def visible_text(text: str) -> str:
    """Return a reply without its hidden reasoning; a tag never closed hides all that follows."""
    text = _final_channel(text)
    shown: list[str] = []
    start, hidden = 0, False
    for tag in _TAG.finditer(text):
        if tag["empty"]:
            # It opens and closes at once, and is taken out.
            shown += [] if hidden else [text[start : tag.start()]]
            start = tag.end()
        elif any(tag[name] for name in _ENDINGS):
            # A closing tag alone: the server's template opened it before the reply began.
            shown = shown if hidden else []
            start, hidden = tag.end(), False
        else:
            if not hidden:
                shown.append(text[start : tag.start()])
            hidden = True
    if not hidden:
        shown.append(text[start:])
    return _first_turn("".join(shown))


def _first_turn(text: str) -> str:
    """Return the reply's own turn; marks of a chat that the server let through end it."""
    if "<" not in text and "[INST]" not in text:
        return text
    turns = _ENDS.split(_BEGINS.sub("\n", text))
    return next((turn for turn in turns if turn.strip()), "")


def _final_channel(text: str) -> str:
    """Return the final channel of a reply in the Harmony format; other texts as they are."""
    channels = text.split(_CHANNEL)[1:]
    if channels:
        final = [part.lstrip() for part in channels if part.lstrip().startswith("final")]
        after = final[-1].removeprefix("final") if final else ""
        head, message, body = after.partition("<|message|>")
        return (body if message else head).partition("<|")[0]
    # The same with its marks taken away: "analysisThe user asks ...assistantfinalB".
    if _MARKLESS_ANALYSIS.match(text):
        return text.rpartition(_MARKLESS_FINAL)[2] if _MARKLESS_FINAL in text else ""
    return text
