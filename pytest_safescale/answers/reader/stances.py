"""The wordings in which a reply gives its own view, as data: ``My view: C``, ``À mon avis, C``.

Beside what a source says they are what the reply answers.
"""

from __future__ import annotations

__all__ = ["OPINING", "OWN", "VIEW"]

_ADJECTIVE = (
    r"(?:(?:own|personal|clinical|professional|honest|considered|overall|final|humble|best|"
    r"persönliche|eigene|klinische|personnel|personale|personal|pessoal)\s)?"
)
VIEW = (
    rf"(?:(?:my|our)\s{_ADJECTIVE}(?:view|opinion|assessment|judge?ment|take|impression|position|"
    r"recommendation|conclusion|reading|interpretation|suggestion|preference|verdict)|mine|"
    rf"meine?\s{_ADJECTIVE}(?:meinung|ansicht|einschätzung|urteil|auffassung|empfehlung|"
    r"beurteilung|fazit)|"
    rf"(?:mon|ma)\s{_ADJECTIVE}(?:avis|opinion|jugement|conclusion|appréciation|choix|verdict)"
    r"(?: personnel(?:le)?)?|"
    r"mi (?:opinión|juicio|valoración|conclusión|criterio|parecer|elección)(?: personal)?|"
    r"(?:minha|meu) (?:opinião|avaliação|conclusão|julgamento|parecer|juízo|escolha)"
    r"(?: pessoal)?|"
    r"(?:la mia|il mio) (?:opinione|valutazione|conclusione|parere|giudizio|scelta)|"
    r"mijn (?:mening|oordeel|inschatting|conclusie|beoordeling|keuze)|"
    r"(?:moja|mój|moje) (?:opinia|ocena|konkluzja|wniosek|zdanie|wybór)|"
    r"(?:benim )?(?:görüşüm|değerlendirmem|kanaatim|seçimim)|"
    r"(?:ý kiến|nhận định|quan điểm|đánh giá) của tôi|"
    r"(?:мо[её]|мой|моя) (?:мнение|суждение|заключение|вывод|оценка|выбор)|"
    r"رأيي|تقديري|استنتاجي)(?!\w)"
    r"|我的(?:看法|意见|意見|判断|判斷|观点|觀點|结论|結論)"
    r"|(?:私の|私自身の)(?:見解|意見|判断|考え|結論)"
    r"|(?:제|내|저의|나의) (?:의견|견해|판단|생각|결론)"
)
"""The reply's own view, by a noun: a colon or a verb follows."""
OPINING = (
    r"(?:in|to) my (?:own |personal |clinical |humble )?(?:view|opinion|mind|judge?ment|eyes)|"
    r"personally|as for me|"
    r"(?:meiner|unserer) (?:meinung|ansicht|einschätzung|auffassung) nach|meines erachtens|"
    r"à mon (?:avis|sens)|(?:selon|d['’]après|pour) moi|"
    r"en mi opinión|a mi (?:juicio|parecer)|(?:na|em) minha opinião|a meu ver|"
    r"secondo me|a mio (?:parere|avviso|giudizio)|naar mijn mening|volgens mij|mijns inziens|"
    r"moim zdaniem|według mnie|bence|bana göre|theo (?:ý kiến của )?tôi|"
    r"по моему мнению|по-моему|на мой взгляд|في رأيي|برأيي"
)
"""The reply's own view, by an adverbial: a letter that ends its clause follows."""
OWN = (
    r"(?:(?<!\w)(?:I|me|my|mine|we|our|ich|meine?r?|mein|je|mon|ma|yo|mi|eu|minha|meu|io|mia|mio|"
    r"ik|mijn|ja|moja|mój|moje|moim|benim|bence|tôi|я|мой|моя|мо[её]|رأيي)(?!\w)|我|私|제|내)"
)
"""Who speaks for the reply: what follows is no source's."""
