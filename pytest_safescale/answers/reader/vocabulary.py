"""The words of answers, by language: a new language is a new entry.

Words are separated by ``|`` and are patterns: lower case stands for either, a space for one space.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["SPACED", "UNSPACED", "either"]

Words = Mapping[str, str]
"""``answer`` and ``choice``: nouns for an answer and for an option. ``best``: what is said of the
right one. ``fill``: verbs, articles and adverbs that stand between a noun and its letter."""

SPACED: Mapping[str, Words] = MappingProxyType(
    {
        "English": {
            "answer": r"answer(?:_(?:idx|letter|choice|option))?|ans\.?|response|conclusion|"
            r"solution|verdict|dx|key|decision",
            "choice": r"option|choice|alternative|selection|pick|letter",
            "best": r"correct|right|best|final|chosen|preferred|safest|selected|predicted|"
            r"supported",
            "fill": r"is|was|are|be|would|should|will|must|has|seems|appears|remains|turns out|"
            r"most|likely|probable|probably|clearly|definitely|certainly|therefore|thus|hence|"
            r"here|now|then|still|indeed|to|this|question|the|my|number|have to|ought to|"
            r"got to|can only|so far|for now|at present|at this point",
        },
        "German": {
            "answer": r"antwort|lösung",
            "choice": r"option|antwortoption|antwortmöglichkeit|möglichkeit|auswahl|buchstabe|"
            r"alternative",
            "best": r"richtige|korrekte|beste|endgültige|finale|passendste|zutreffende|"
            r"wahrscheinlichste|richtig|korrekt",
            "fill": r"ist|lautet|wäre|heißt|daher|also|somit|hier|aber|jedoch|am ehesten|"
            r"wahrscheinlich|die|"
            r"der|das",
        },
        "French": {
            "answer": r"réponse|reponse",
            "choice": r"option|proposition|lettre|choix",
            "best": r"bonne|correcte?|exacte?|juste|finale|meilleure?",
            "fill": r"est|serait|donc|probablement|la|le",
        },
        "Spanish": {
            "answer": r"respuesta",
            "choice": r"opción|opcion|alternativa|letra",
            "best": r"correct[ao]|mejor|final|adecuada",
            "fill": r"es|sería|seria|probablemente|la|el|más",
        },
        "Portuguese": {
            "answer": r"resposta|gabarito",
            "choice": r"opção|alternativa|letra",
            "best": r"corret[ao]|certa|melhor|final",
            # "a" is an article where a noun or a capital letter follows.
            "fill": r"é|seria|portanto|provavelmente|"
            r"(?-i:a)(?= (?:letra|alternativa|opção|(?-i:[A-Z]))(?!\w))",
        },
        "Italian": {
            "answer": r"risposta",
            "choice": r"opzione|alternativa|lettera|scelta",
            "best": r"corrett[ao]|giusta|esatta|migliore|finale",
            "fill": r"è|sarebbe|quindi|probabilmente|la|il|lo",
        },
        "Dutch": {
            "answer": r"antwoord",
            "choice": r"optie|keuze",
            "best": r"juiste|goede|beste|correcte|uiteindelijke",
            "fill": r"zou|zijn|dus|waarschijnlijk|het|de",
        },
        "Polish": {
            "answer": r"odpowied(?:ź|zią|zi)",
            "choice": r"opcj[aą]|wariant",
            "best": r"poprawn[aą]|prawidłow[aą]|właściw[aą]|najlepsz[aą]|ostateczna",
            "fill": r"to|jest|brzmi|więc|zatem|prawdopodobnie",
        },
        "Turkish": {
            "answer": r"cevap|cevabı|cevabım|yanıt|yanıtı",
            "choice": r"seçenek|seçeneği|şık|şıkkı",
            "best": r"doğru|en uygun|nihai|kesin",
            "fill": r"muhtemelen",
        },
        "Vietnamese": {
            "answer": r"đáp án|câu trả lời",
            "choice": r"lựa chọn|phương án",
            "best": r"đúng(?: nhất)?|chính xác(?: nhất)?|phù hợp nhất|cuối cùng|của tôi",
            "fill": r"là",
        },
        "Russian": {
            "answer": r"ответ|ответом",
            "choice": r"вариант|буква",
            "best": r"правильный|верный|окончательный|правильным|верным",
            "fill": r"это|является|будет|скорее всего",
        },
        "Arabic": {
            "answer": r"الإجابة|الجواب",
            "choice": r"الخيار",
            "best": r"الصحيحة|الصحيح|النهائية|الأصح|الأفضل",
            "fill": r"هي|هو",
        },
        "further": {
            "answer": r"svaret?|vastaus|odpověď|válasz|răspuns|відповідь|απάντηση|תשובה|उत्तर|"
            r"jawaban(?:nya)?",
            "choice": r"pilihan",
            "best": r"rätt|riktige|oikea|správná|helyes|corect|правильна|σωστή|הנכונה|सही|benar|"
            r"yang benar|tepat",
            "fill": r"är|er|on|je|este|adalah|היא|है",
        },
    }
)
"""Languages that put spaces between words."""

UNSPACED: Mapping[str, Words] = MappingProxyType(
    {
        "Chinese": {
            "answer": r"答案|回答|选择|選擇|选项|選項|本题|应选|應選|故选|故選|选|選",
            "choice": r"选项|選項",
            "best": r"正确|正確|最佳|最终|最終|最合适|最恰当",
            "fill": r"应该是|應該是|应为|應為|应是|就是|是|为|為|即|的|：",
        },
        "Japanese": {
            "answer": r"答え|回答|解答|正解|正答|選択肢|最も適切|最適|最も正しい|正しい",
            "choice": r"選択肢",
            "best": r"正しい|最終",
            "fill": r"なのは|ものは|のは|は",
        },
        "Korean": {
            "answer": r"정답|최종 답|답변|답안|답",
            "choice": r"선택지|보기",
            "best": r"올바른|최종",
            "fill": r"은|는|이|가",
        },
        "Thai": {
            "answer": r"ค\u0e4d\u0e32ตอบ|ตอบ",
            "choice": r"ตัวเลือก",
            "best": r"ที่ถูกต้อง",
            "fill": r"คือ|ข้อ",
        },
    }
)
"""Languages that do not, so that any word may stand beside them."""


def either(kind: str, languages: Mapping[str, Words]) -> str:
    """Return the words of a kind in all languages as one pattern without groups.

    Where no space ends a word, the longer of two that begin alike comes first.
    """
    words = [words[kind] for words in languages.values()]
    if languages is UNSPACED:
        words = sorted("|".join(words).split("|"), key=len, reverse=True)
    return "|".join(words)
