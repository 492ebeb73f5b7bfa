"""The wordings that judge a letter or conclude with one, as data: each is a row.

``B is the correct answer``, ``C ist richtig``, ``so B.``. They hold the letter themselves, so they
are put together for the letters an item can have.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_safescale.answers.reader.contrasts import CONTRASTS
from pytest_safescale.answers.reader.letters import CHOICE, WORD_BEGINS, WORDLY, pattern, signs
from pytest_safescale.answers.reader.stances import OPINING

if TYPE_CHECKING:
    from pytest_safescale.text.pattern import Pattern

__all__ = ["Judgement", "Wordings", "wordings"]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One kind of sentence around a letter; a lower-case one counts only in brackets."""

    pattern: Pattern
    """Of the whole, or of what stands behind the letter."""
    firm: bool = False
    """Whether it stands alone, and not only where nothing else is called right."""
    denies: bool = False
    """Whether it denies another letter first."""


_CLAUSE = (
    r"(?:^|(?<=[\n.;:!?,(—–、。，：；（「-])\s?|(?<!\w)(?:so|that|think|believe|thus|therefore|"
    r"hence|"
    r"wait|actually|no|and|but|then|only|option|choice|answer|statement|antwort|réponse|respuesta|"
    r"risposta|opción|opção|alternativa|letra|opzione|optie|opcja|вариант|الخيار|phương án|đáp án|"
    r"lựa chọn|proposition|odpowiedź|antwoord|la|die)\s)"
    r"[*_(\[\"'“]{0,4}"
)  # not "hepatitis B is likely"
_ANSWER_NOUN = (
    r"(?:answer|choice|option|antwort|lösung|réponse|proposition|respuesta|opción|alternativa|"
    r"resposta|opção|risposta|opzione|antwoord|optie|odpowiedzi?ą?ź?|đáp án|câu trả lời|phương án|"
    r"lựa chọn|ответом|ответ|الإجابة|الجواب|الخيار)"
)
_WELL = (
    r"(?:correct|right|best|safest|preferred|suitable|consistent|appropriate|likely|probable|"
    r"bonne?|"
    r"indicated|better|preferable|superior|richtig\w*|korrekt\w*|beste|zutreffend|correct[ae]?|"
    r"juste|exacte|meilleure?|recommended|correcta|mejor|adecuada|correta|certa|melhor|corretta|"
    r"giusta|esatta|"
    r"migliore|juist\w*|poprawn\w+|prawidłow\w+|doğru\w*|верн\w+|правильн\w+|đúng|الصحيحة?)"
)
_CLOSED = r"[*_\"'”)\]]{0,4}"
_IS = (
    rf"{_CLOSED}\s(?:is|would be|will be|seems|must be|appears|ist|est|es|è|é|está|jest|to|là|"
    r"является|هي|هو)\s(?:(?:the|clearly|most|more|single|definitely|therefore|thus|la|le|el|"
    r"die|der|"
    r"het|de|a|más|plus|am)\s){0,4}"
)
_NOT_OF_ANOTHER_THING = (
    r"(?!\s(?!answer|choice|option|one|because|since|as|here|given|for|with|next|step|initial|"
    r"first|first-line|test|imaging|study|diagnosis|management|treatment|investigation|modality|"
    r"examination|exam|method|approach|procedure|finding|explanation|cause|of|in|to|and|among|"
    r"antwort|option|lösung|réponse|respuesta|opción|resposta|alternativa|risposta|antwoord)[a-z])"
)
_NO_TRAP = r"(?![^.;\n]{0,40}(?<!\w)(?:wrong|incorrect|distractor|trap|mistake))"
_INFERRING = (
    r"(?:I (?:now |still |do |really )?(?:think|believe|guess|say)|I['’]d (?:say|guess)|"
    r"I would (?:say|guess)|at a guess|tentatively|gun to my head|my (?:best )?guess(?: is)?|"
    r"probably|likely|"
    r"(?:after|on) (?:review|reconsideration|consideration|all)|today|"
    r"(?:must|should|has to) be|"
    r"(?:it|that|this)(?:['’]s| is(?: really| actually)?| would be| must be| looks like)|mine is|"
    r"(?:I )?disagree|definitely|clearly|certainly|undoubtedly|surely|consistent with|"
    r"(?:corresponds?|points?) to|c['’]est|by (?:elimination|exclusion)|but [^.:;!?\n]{1,60}(?=:)|"
    r"(?:that|this|which) leaves|leaving|so|therefore|thus|hence|actually|rather|wait|"
    r"no(?=[,.;:])|(?<!anything )(?<!everything )(?<!all )but|sure|okay|ok|yes|overall|finally|"
    r"instead|in conclusion|in summary|(?:on )?second thoughts?|here|in this case|"
    r"(?:given|considering|based on|in view of|because of) [^.:;!?\n]{1,80}(?=,)|it is now|"
    r"in this (?:patient|adult|child|man|woman|setting|situation|scenario)|"
    r"(?:aber|mais|pero|mas|ma|maar|ale|fakat|но) [^.:;!?\n]{1,40}(?=:)|(?<=, )а(?= "
    r"(?-i:[A-Z]))|بل|"
    r"(?:however|still|nevertheless|nonetheless|clinically|in (?:reality|truth|fact|practice))"
    rf"(?=[,:])|sorry|typo|apologies|now|{OPINING}|"
    r"hier ist es|ici,? c['’]est|aquí es|aqui é|qui è|hier is het|tu jest|"
    r"am ehesten|wahrscheinlich|vermutlich|daher|somit|also|sondern|donc|mais|por tanto|entonces|"
    r"sino|portanto|mas sim|quindi|ma|dus|maar|więc|lecz|значит|но)"
)
_HEDGE = (
    r"(?:but|though|although|however|possibly|maybe|perhaps|less likely|not|since|because|as)(?!\w)"
)
_SAID_OF: tuple[tuple[str, bool], ...] = (
    # B is the correct answer; C ist die richtige Antwort
    (
        rf"{_IS}(?:{_ANSWER_NOUN}(?:\s{_WELL})?|{_WELL}\s{_ANSWER_NOUN})(?!\w)",
        True,
    ),
    # B is correct; C ist richtig: without a word for answer it may only be a true statement
    (rf"{_IS}{_WELL}(?!\w){_NOT_OF_ANOTHER_THING}", False),
    # C is the most appropriate imaging study: there is one of those
    (
        rf"{_CLOSED}\s(?:is|would be|seems|remains)\s"
        r"(?:clearly\s|probably\s|likely\s)?the\s(?:single\s)?(?:best|safest|(?:most|only|one)\s"
        r"(?:appropriate|likely|probable|suitable|correct|accurate|plausible|consistent|valid|"
        rf"reasonable|right))(?!\w){_NO_TRAP}",
        False,
    ),
    # B preferred.; C it is; only C fits; option C trifft zu
    (
        rf"{_CLOSED}\s(?:preferred(?=[.;!]|$)|it is(?=[.!]|$)|"
        r"(?:fits|matches|works|suits)(?: best)?|applies|remains|is left|"
        r"makes (?:the )?(?:most )?sense|trifft zu|stimmt|doğru\w*|верно|đúng)(?!\w)",
        False,
    ),
    # C would be my pick; option C is what I would choose; C should be selected
    (
        rf"{_CLOSED}\s(?:(?:would be|is|remains) my (?:\w{{1,10}} )?(?:pick|"
        rf"choice|"
        r"answer|selection|vote)|is (?:what|the one) (?:I(?:['’]d| would| will)? |to )?"
        r"(?:choose|pick|select|recommend|go with)|(?:should|must|has to) be "
        r"(?:selected|chosen|picked))(?!\w)",
        False,
    ),
    # C seçeneği doğrudur; C seçeneğidir
    (rf"{_CLOSED}\s(?:seçeneği|şıkkı)\sdoğru\w*", False),
    # 选项C正确; Cが正解です; C가 정답입니다
    (
        rf"{_CLOSED}"
        r"(?:\s?(?:选项|選項|项)?(?:是|为|為)?(?:正确|正確|对的|最佳|最合适|最恰当|最符合)"
        r"|\s?(?:が|は)\s?(?:最も適切|適切|正解|正しい|最適|答え)"
        r"|\s?(?:이|가|번이|번)?\s?(?:정답|맞|옳|가장 적절))",
        False,
    ),
)
"""What stands behind a letter with which a clause begins."""
_WORDINGS: tuple[tuple[str, bool], ...] = (
    # Ich würde B wählen; ik zou B kiezen; somit ist C die beste Wahl
    (
        rf"(?<!\w)(?:ich würde|ik zou)\s(?:option\s|optie\s|antwort\s)?%(letter)s{_CLOSED}\s"
        r"(?:wählen|nehmen|bevorzugen|ankreuzen|kiezen|nemen)(?!\w)",
        False,
    ),
    (
        rf"(?<!\w)(?:ist|is)\s(?:option\s|antwort\s)?(?-i:%(letter)s){_CLOSED}\s"
        r"(?:richtig|korrekt|zutreffend|juist|die (?:richtige|beste|korrekte|wahrscheinlichste) "
        r"\w+|"
        r"am (?:wahrscheinlichsten|besten|ehesten))(?=[.,;!]|$|\n)",
        False,
    ),
    # So B.; it's B.; probably B; that leaves option C as ...: a letter that ends its clause
    (
        rf"(?<!\w){WORD_BEGINS}{_INFERRING}[ ,.:*_(\"'–—-]{{1,6}}"
        r"(?:(?:option|answer|antwort|only)\s)?"
        rf"[*_(\"']{{0,4}}%(letter)s(?={_CLOSED}(?:$|\n|[.;!]|\sas\sthe\s|,\s{_HEDGE}))",
        False,
    ),
    # In this child it is C; bei diesem Kind ist es C; chez cet enfant c'est C
    (
        r"(?<!\w)(?:in|for|with|here|bei|für|hier|en|chez|pour|para|per|voor|bij|dla|u)\s"
        r"(?:(?:this|these|her|his|our|such an?|diese[mnrs]?|cet(?:te)?|ce|"
        r"este|esta|quest[aoe]|est[ae]|"
        r"neste|nesta|dez?e|dit|tego|tej)\s(?:[\w-]{1,20}\s?){1,3}|him|her),?\s"
        r"(?:however,\s|jedoch\s)?"
        r"(?:(?:it|the answer)(?: actually| really)? (?:is|would be|should be)|it['’]s|ist es|"
        r"wäre es|c['’]est|es(?: la)?|sería|è(?: la)?|é(?: a)?|is het|jest to)\s"
        rf"(?:option\s|actually\s|rather\s)?[*_(\"']{{0,4}}%(letter)s(?={_CLOSED}(?:$|\n|[.;!,]))",
        False,
    ),
    # I am unsure. B.: a letter that is the last sentence
    (r"(?<=(?-i:[a-z])[.!?]\s)(?<!bzw\.\s)[*_(]{0,3}%(letter)s(?=[*_)]{0,3}[.!]?\Z)", False),
    # Eliminate A, B, D → C
    (
        r"(?:→|⇒|∴|=>|->)[\s*_(]{0,4}(?:option\s)?[*_(]{0,3}%(letter)s"
        rf"(?={_CLOSED}[.!]?(?:$|\n))",
        False,
    ),
)
"""Other sentences, from before their letter."""
_JOINING = (
    r"[\s*_`\"'“”)\]}$]{0,6}(?:(?:\.{3}|…)\s?)?(?:(?P<comma>[,、，])(?:\s(?:option|the|sorry,|"
    r"no,))?|[-=]?>|[→⇒]"
    r"|(?:/|&|\+|\(?(?:or|and|and/or|as well as|oder|und|ou|et|o|y|e|of|en|lub|i|veya|ya da|ve|"
    r"hoặc|hay|và|"
    r"bzw\.?|beziehungsweise|oppure|albo|of wel|либо|"
    r"или|и|أو|و)(?!\w)|或者?|还是|還是|もしくは|あるいは|혹은|和|与|與|及|または|と|か|또는|"
    r"이나|나|와|과)"
    r"(?:\s(?:option|possibly|maybe|perhaps|also|even|else|the))?"
    # "A; C", "A (C)" and "(A)(C)", where nothing is said of the second.
    r"|;(?=\s?[(\[]?%(other)s[)\]]?\s?(?:$|\n|[;,.]))|(?=[(\[]%(other)s[)\]]))"
    r"(?:[\s*_`\"'“(\[$]|\\[a-z]{1,8}\{){0,6}(?P<other>%(other)s)"
)


@dataclass(frozen=True, kw_only=True)
class Wordings:
    """The patterns of replies about items of so many letters."""

    clause: Pattern
    """The beginning of a clause whose first word is a letter."""
    said_of: tuple[Judgement, ...]
    """What may be said of that letter; of two that hold, the earlier describes it better."""
    judgements: tuple[Judgement, ...]
    """The sentences that do not begin with their letter."""
    letter: Pattern
    """A letter where one is announced."""
    option: Pattern
    """A letter or a position where one is announced."""
    alone: Pattern
    """A whole line that is one letter with its decoration: ``**B**``, ``(b)``, ``Option B.``."""
    leading: Pattern
    """A reply that begins with its letter: ``B. Tension pneumothorax``, ``B because ...``."""
    line_option: Pattern
    """A line that states an option: ``B. Tension pneumothorax``."""
    joined: Pattern
    """What makes one letter two, where the first ends: ``or B``, ``and C``, ``/ D``."""
    coordinated: Pattern
    """Two letters joined anywhere."""
    listed: Pattern
    """An A that begins a list of options: a B follows it on its line or the next."""
    bracketed: Pattern
    """A letter in brackets, as it follows its option's text: ``(B)``, ``[option B]``."""
    cited: Pattern
    """Where a source is named after a letter: ``B [1]``."""


@lru_cache(maxsize=32)
def wordings(letters: str) -> Wordings:
    """Return the patterns that recognise these letters; made once."""
    parts = signs(letters)
    return Wordings(
        clause=pattern(rf"{_CLAUSE}%(letter)s", parts),
        said_of=tuple(
            Judgement(pattern=pattern(template, parts), firm=firm) for template, firm in _SAID_OF
        ),
        judgements=tuple(
            Judgement(pattern=pattern(template, parts), firm=firm) for template, firm in _WORDINGS
        )
        + tuple(
            Judgement(pattern=pattern(template, parts), firm=True, denies=True)
            for template in CONTRASTS
        ),
        letter=pattern(r"%(letter)s(?P<digit>(?!))?", parts),
        option=pattern(r"(?:%(letter)s|%(digit)s)", parts),
        alone=pattern(
            r"[\W_]{0,12}(?:\d{1,2}[.)]\s)?(?:\\[a-z]{1,8}\{)?%(opener)s(?:%(letter)s|"
            r"(?P<digit>\d{1,2})(?!\w))"
            r"[\W_]{0,12}",
            parts,
        ),
        leading=pattern(r"[\W_]{0,8}(?P<opener>%(opener)s)%(letter)s(?P<digit>(?!))?", parts),
        line_option=pattern(
            r"[\W_]{0,8}(?:option\s)?(?P<letter>[A-%(last)s])[*_]{0,3}[.):\]](?!\w)", parts
        ),
        joined=pattern(_JOINING, parts),
        coordinated=pattern(rf"(?<![{WORDLY}])%(other)s(?={_JOINING})", parts),
        listed=pattern(
            r"A[*_]{0,3}[.):\]][^\n]{0,300}?(?:\n[\W_]{0,6}(?:option\s)?|[\s(;,])"
            r"B[*_]{0,3}[.):\]]\s?\w",
            parts,
        ),
        bracketed=pattern(rf"[(\[]\s?(?:{CHOICE}\s|answer\s)?%(letter)s\s?[)\]]", parts),
        cited=pattern(
            r"(?:(?<=^[A-%(last)s])|(?<=[\s(*:.][A-%(last)s])|(?<=[\s(*:.][A-%(last)s][.)*]))"
            r"\s?\[\d{1,3}(?:\s?[,–-]\s?\d{1,3}){0,9}\]",
            parts,
        ),
    )
