"""Reply forms in other letters, languages and numbers, each with the letter it commits itself to.

The options are those of ``replies.OPTIONS``.
"""

from __future__ import annotations

__all__ = ["ANSWERED_IN_LANGUAGES"]

ANSWERED_IN_LANGUAGES: dict[str, list[tuple[str, str]]] = {
    "in other letters": [
        ("Ｂ", "B"),
        ("（Ｂ）", "B"),
        ("Ⓑ", "B"),
        ("ⓑ", "B"),
        ("🄱", "B"),
        ("𝐁", "B"),
        ("В", "B"),  # Cyrillic
        ("А", "A"),  # Cyrillic
        ("Α", "A"),  # Greek
        ("Answer: Ε", "E"),  # Greek
        ("Ответ: С", "C"),  # Cyrillic
        ("Answer: Ⓒ", "C"),
    ],
    "in other languages": [
        ("Antwort: B", "B"),
        ("Die richtige Antwort ist B.", "B"),
        ("Die richtige Antwort lautet: C", "C"),
        ("Lösung: D", "D"),
        ("Réponse : C", "C"),
        ("La bonne réponse est C.", "C"),
        ("La réponse correcte est la B.", "B"),
        ("Respuesta: D", "D"),
        ("La respuesta correcta es la C.", "C"),
        ("Respuesta correcta: B", "B"),
        ("La opción correcta: B", "B"),
        ("Resposta: D", "D"),
        ("A resposta correta é B.", "B"),
        ("Risposta: A", "A"),
        ("La risposta corretta è C", "C"),
        ("Antwoord: B", "B"),
        ("Odpowiedź: B", "B"),
        ("Cevap: B", "B"),
        ("Ответ: В", "B"),
        ("Правильный ответ — B", "B"),
        ("答案：B", "B"),
        ("答案是B", "B"),
        ("答案是B。", "B"),
        ("正确答案为 C", "C"),
        ("选B", "B"),
        ("回答: B", "B"),
        ("答え：D", "D"),
        ("正解はBです。", "B"),
        ("정답: C", "C"),
        ("정답은 B입니다", "B"),
        ("الإجابة: B", "B"),
        ("الإجابة الصحيحة هي B", "B"),
        ("उत्तर: B", "B"),
        ("คำตอบ: B", "B"),
        ("คำตอบที่ถูกต้องคือ B", "B"),
        ("תשובה: B", "B"),
    ],
    "by number": [
        ("2", "B"),
        ("2.", "B"),
        ("(2)", "B"),
        ("٢", "B"),
        ("२", "B"),
        ("２", "B"),
        ("②", "B"),
        ("Answer: 2", "B"),
        ("Answer: 2.", "B"),
        ("Answer: 2. Tension pneumothorax", "B"),
        ("Answer: ٣", "C"),
        ("Answer: ３", "C"),
        ("The answer is option 4.", "D"),
    ],
}
