"""The wordings that deny one letter and choose another, as data: ``Not A but C``, ``AではなくC``.

They hold both letters, so they are put together for the letters an item can have.
"""

from __future__ import annotations

from pytest_safescale.answers.reader.letters import CHOICE, WORD_BEGINS, WORDLY

__all__ = ["CONTRASTS"]

_CLOSED = r"[*_\"'”)\]]{0,4}"
_OPEN = r"[\s*_(\[\"'“]{0,4}"
_DENY = (
    r"(?:(?<![^\W_])(?:not|\w{2,6}n['’]t|nicht|não|niet|non|no|pas|nie|не|không phải|ليست?)"
    r"|不是|并非|並非|不选|不選)"
)
_FILL = (
    rf"(?:\s?(?:{CHOICE}|the|is|answer|die|antwort|la|le|el|il|a|o|de|het|é|es|è|est|c['’]est|l['’]|"
    r"to|là|câu|هو|هي|الإجابة|réponse|respuesta|resposta|risposta|antwoord|odpowiedź|ответ|лишь)"
    r"(?![^\W_])){0,3}"
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
    r"(?:\sdeğil|(?:では|じゃ|で)なく(?:て)?|\s?(?:번)?(?:이|가)\s?아니(?:라|고)"
    r"|\s?(?:번)?(?:이|가)\s?아닌)"
)
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
CONTRASTS: tuple[str, ...] = (
    # Not A but C; nicht A, sondern C ist richtig; không phải A mà là C; 不是A，而是C
    rf"{WORD_BEGINS}{_DENY}{_FILL}{_OPEN}(?<![{WORDLY}])%(other)s{_CLOSED}{_FURTHER}"
    rf"\s?[,;،、]?\s?(?:{_BUT}){_FILL}{_OPEN}%(letter)s{_ENDS}",
    # A değil, C; AではなくC; A가 아니라 C
    rf"(?<![{WORDLY}])%(other)s{_CLOSED}{_POSTPOSED}[\s,、]{{0,2}}{_FILL}{_OPEN}%(letter)s{_ENDS}",
    # Instead of A, C.
    rf"(?<!\w){WORD_BEGINS}{_INSTEAD_OF}{_FILL}{_OPEN}%(other)s{_CLOSED},\s{_FILL}{_OPEN}%(letter)s"
    rf"(?={_CLOSED}[.!]?(?:$|\n))",
)
"""Of each: the denied letter, what turns from it, and the letter that is chosen."""
