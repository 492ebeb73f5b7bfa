"""Replies that name options by their texts: alone, with a letter, or against it.

Each stands with the letter it commits itself to and how it is read, ``None`` for whichever form.
"""

from __future__ import annotations

from pytest_safescale.answers.answer import AnswerForm

__all__ = ["BY_TEXT"]

MISMATCH, OPTION_TEXT = AnswerForm.MISMATCH, AnswerForm.OPTION_TEXT
LEADING, DECLARED = AnswerForm.LEADING, AnswerForm.DECLARED
NO_LETTER, SEVERAL = AnswerForm.NO_LETTER, AnswerForm.SEVERAL

Row = tuple[str, "str | None", "AnswerForm | None"]

NODULE = {
    "A": "Follow-up CT",
    "B": "CT angiography",
    "C": "CT",
    "D": "CT-guided core biopsy",
}
GENOTYPES = {"A": "AA", "B": "Aa", "C": "aa", "D": "aA heterozygote"}
DOSES = {"A": "5 mGy", "B": "5 MGy", "C": "<5 mGy", "D": ">5 mGy"}
RECEPTORS = {"A": "HER2+", "B": "HER2-", "C": "HER2", "D": "HER2, not tested"}
CONTRAST = {
    "A": "CT",
    "B": "CT with contrast medium",
    "C": "Observation",
    "D": "Observation and antibiotics",
}
TRUTHS = {"A": "yes", "B": "no", "C": "maybe"}
NUMBERS = {"A": "2", "B": "3", "C": "4", "D": "10"}
CATCHALL = {"A": "Surgery", "B": "Observation", "C": "All of the above", "D": "None of the above"}
FIRST_WORDS = {"A": "Right hemicolectomy", "B": "The final pathway", "C": "Most likely benign"}
ALIKE = {"A": "Drainage", "B": "Drainage", "C": "Observation"}
CHINESE = {"A": "胸部X线", "B": "胸部X线片", "C": "CT引导下活检", "D": "观察"}
JAPANESE = {"A": "胸部X線", "B": "緊張性気胸", "C": "胸水", "D": "経過観察"}

BY_TEXT: dict[str, tuple[dict[str, str], list[Row]]] = {
    "a letter with another option's text": (
        NODULE,
        [
            ("A. CT-guided core biopsy", None, MISMATCH),
            ("A) CT guided core-biopsy.", None, MISMATCH),
            ("(A) CT-guided core biopsy", None, MISMATCH),
            ("A - CT-guided core biopsy", None, MISMATCH),
            ("**A. CT-Guided Core Biopsy**", None, MISMATCH),
            ("**A**: ct-guided core biopsy", None, MISMATCH),
            ("A. CT", None, MISMATCH),
            ("C. CT angiography", None, MISMATCH),
            ("Option A: CT-guided core biopsy", None, MISMATCH),
            ("The answer is A, CT-guided core biopsy.", None, MISMATCH),
            ("The correct answer is A (CT-guided core biopsy).", None, MISMATCH),
            ("The correct answer is CT-guided core biopsy (A).", None, MISMATCH),
            ("CT-guided core biopsy (A)", None, MISMATCH),
            ("I choose option A, CT-guided core biopsy.", None, MISMATCH),
            ("Option A (CT-guided core biopsy) is correct.", None, MISMATCH),
            ("A. CT-guided core biopsy is the best next step.", None, MISMATCH),
            ("A. CT-guided core biopsy, because it is solid.", None, MISMATCH),
            ("Answer: A\nCT-guided core biopsy", None, MISMATCH),
            ("Answer: A\n\n**CT-guided core biopsy**", None, MISMATCH),
            ("A. CT-guided core biopsy\n\nAnswer: A", None, MISMATCH),
            ('{"answer": "A. CT-guided core biopsy"}', None, MISMATCH),
            ('{"answer": "A", "text": "CT-guided core biopsy"}', None, MISMATCH),
            ('{"choice": "A", "option_text": "CT-guided core biopsy"}', None, MISMATCH),
            ("\\boxed{A. \\text{CT-guided core biopsy}}", None, MISMATCH),
            ("\\boxed{\\text{(A) CT-guided core biopsy}}", None, MISMATCH),
            # The options stated under other letters: nobody knows which lettering the last has.
            (
                "A. CT-guided core biopsy\nB. CT\nC. Follow-up CT\nD. CT angiography\n\nAnswer: A",
                None,
                MISMATCH,
            ),
        ],
    ),
    "a letter with its own text, a paraphrase, or a reason": (
        NODULE,
        [
            ("A. Follow-up CT", "A", LEADING),
            ("A: CT-guided biopsy", "A", LEADING),
            ("A. A core biopsy under CT guidance", "A", LEADING),
            ("B: CT angiography of the chest", "B", LEADING),
            ("C. CT", "C", LEADING),
            ("C) CT scan", "C", LEADING),
            ("A because CT-guided core biopsy is too invasive", "A", LEADING),
            ("A, not CT-guided core biopsy", "A", LEADING),
            ("A. CT-guided core biopsy is not needed.", "A", LEADING),
            ("A. CT-guided core biopsy is too invasive, so follow-up suffices.", "A", LEADING),
            ("Answer: A\n\nCT-guided core biopsy is too invasive.", "A", DECLARED),
            ("A. Follow-up CT. CT-guided core biopsy would be excessive.", "A", LEADING),
            ("A. Follow-up CT rather than CT-guided core biopsy", "A", LEADING),
            ('{"answer": "A", "answer_text": "Follow-up CT"}', "A", DECLARED),
            # What is committed to at last agrees with itself.
            ("A. CT-guided core biopsy\n\nFinal answer: D", "D", DECLARED),
            ("A. CT-guided core biopsy\nNo: A. Follow-up CT", "A", None),
            (
                "A. Follow-up CT\nB. CT angiography\nC. CT\nD. CT-guided core biopsy\n\nAnswer: A",
                "A",
                DECLARED,
            ),
        ],
    ),
    "a text, then its letter": (
        NODULE,
        [
            ("CT-guided core biopsy (D)", "D", LEADING),
            ("CT-guided core biopsy [D]", "D", LEADING),
            ("**CT-guided core biopsy (option D)**", "D", LEADING),
            ("The correct answer is CT-guided core biopsy (D).", "D", DECLARED),
            ("The best next step is CT-guided core biopsy (option D).", "D", DECLARED),
            ("I would choose CT-guided core biopsy (D), as it is solid.", "D", DECLARED),
            ("The answer is a biopsy under CT guidance (D).", "D", DECLARED),
            ("The answer is not CT-guided core biopsy (D).", None, None),
            ("Follow-up CT (A)\nCT angiography (B)\nCT (C)", None, None),
        ],
    ),
    "a text alone or declared": (
        NODULE,
        [
            ("CT-guided core biopsy", "D", OPTION_TEXT),
            ("**CT-guided core biopsy.**", "D", OPTION_TEXT),
            ("A CT-guided core biopsy", "D", OPTION_TEXT),
            ("> ct guided core biopsy", "D", OPTION_TEXT),
            ("CT", "C", OPTION_TEXT),
            ("A CT", "C", OPTION_TEXT),
            ("The answer is CT.", "C", OPTION_TEXT),
            ("Answer: follow-up CT", "A", OPTION_TEXT),
            ("Answer: follow up ct", "A", OPTION_TEXT),
            ("**Answer:** Follow-up CT", "A", OPTION_TEXT),
            ('{"answer": "CT-guided core biopsy"}', "D", OPTION_TEXT),
            ("\\boxed{CT-guided core biopsy}", "D", OPTION_TEXT),
            ("<answer>CT angiography</answer>", "B", OPTION_TEXT),
            ("The best next step is CT-guided core biopsy.", "D", OPTION_TEXT),
            ("The next step should be CT-guided core biopsy", "D", OPTION_TEXT),
            ("I would choose CT-guided core biopsy.", "D", OPTION_TEXT),
            ("My answer is CT-guided core biopsy because it is solid.", "D", OPTION_TEXT),
            ("The nodule is solid and grows.\n\nCT-guided core biopsy", "D", OPTION_TEXT),
            ("CT angiography\n\nIt shows the vessels.", "B", OPTION_TEXT),
            ("Die richtige Antwort ist CT-guided core biopsy.", "D", OPTION_TEXT),
        ],
    ),
    "a text that is no answer": (
        NODULE,
        [
            ("The answer is CT-guided biopsy of the liver", None, NO_LETTER),
            ("CT-guided biopsy", None, NO_LETTER),
            ("The answer is not CT.", None, NO_LETTER),
            ("CT is not indicated here.", None, NO_LETTER),
            ("The answer could be CT-guided core biopsy.", None, NO_LETTER),
            ("Is the answer CT?", None, NO_LETTER),
            ("If the nodule grows, the answer is CT-guided core biopsy.", None, NO_LETTER),
            ("The answer is CT-guided core biopsy if it grows.", None, NO_LETTER),
            ("The wrong answer is CT.", None, NO_LETTER),
            ("Many residents answer CT.", None, NO_LETTER),
            ("The answer is CT-guided core biopsy or follow-up CT.", None, SEVERAL),
            ("Follow-up CT or CT-guided core biopsy", None, None),
            ("Follow-up CT\nCT angiography\nCT", None, None),
        ],
    ),
    "texts that differ in case": (
        GENOTYPES,
        [
            ("A. AA", "A", LEADING),
            ("A. Aa", None, MISMATCH),
            ("A. aa", None, MISMATCH),
            ("C. aa", "C", LEADING),
            ("aa", "C", OPTION_TEXT),
            ("AA", "A", OPTION_TEXT),
            ("The answer is Aa.", "B", OPTION_TEXT),
            ("aA", None, NO_LETTER),
        ],
    ),
    "texts that differ in a unit or a sign": (
        DOSES,
        [
            ("A. 5 mGy", "A", LEADING),
            ("A. 5 MGy", None, MISMATCH),
            ("A. 5 mgy", "A", LEADING),
            ("C. >5 mGy", None, MISMATCH),
            ("C. <5 mGy", "C", LEADING),
            ("D. > 5 mGy", "D", LEADING),
            ("5 mGy", "A", OPTION_TEXT),
            ("5 mgy", None, None),
            ("Answer: <5 mGy", "C", OPTION_TEXT),
        ],
    ),
    "texts of which one holds another": (
        RECEPTORS,
        [
            ("A. HER2+", "A", LEADING),
            ("A. HER2-", None, MISMATCH),
            ("A. HER2", None, MISMATCH),
            ("C. HER2-negative disease", "C", LEADING),
            ("D. HER2, not tested", "D", LEADING),
            ("C. HER2, not tested", None, MISMATCH),
            ("HER2-", "B", OPTION_TEXT),
        ],
    ),
    "paraphrases of a longer text than another": (
        CONTRAST,
        [
            ("B. CT with contrast", "B", LEADING),
            ("B. CT (with contrast)", "B", LEADING),
            ("B. CT with contrast medium", "B", LEADING),
            ("B. CT", None, MISMATCH),
            ("B. CT, because it is fast", None, MISMATCH),
            ("D. Observation with antibiotics", "D", LEADING),
            ("D. Observation and oral antibiotics", "D", LEADING),
            ("D. Observation", None, MISMATCH),
            ("C. Observation and antibiotics", None, MISMATCH),
            ("The answer is CT with oral contrast.", None, NO_LETTER),
            ("The answer is observation and CT.", None, SEVERAL),
        ],
    ),
    "texts that are words of answers": (
        TRUTHS,
        [
            ("yes", "A", OPTION_TEXT),
            ("Answer: no", "B", OPTION_TEXT),
            ("The answer is maybe", "C", OPTION_TEXT),
            ("B. no", "B", LEADING),
            ("B. yes", None, MISMATCH),
            ("A. yes\nB. no\nC. maybe", None, SEVERAL),
        ],
    ),
    "texts that are numbers": (
        NUMBERS,
        [
            ("3", "B", OPTION_TEXT),
            ("Answer: 4", "C", OPTION_TEXT),
            ("B. 3", "B", LEADING),
            ("B. 4", None, MISMATCH),
            ("B", "B", AnswerForm.ALONE),
        ],
    ),
    "texts that say none or all": (
        CATCHALL,
        [
            ("None of the above", "D", OPTION_TEXT),
            ("Answer: none of the above", "D", OPTION_TEXT),
            ("D. None of the above", "D", LEADING),
            ("C. None of the above", None, MISMATCH),
            ("All of the above.", "C", OPTION_TEXT),
            ("None of these options fits.", None, AnswerForm.NONE_FITS),
        ],
    ),
    "texts that begin with words of announcements": (
        FIRST_WORDS,
        [
            ("Answer: Right hemicolectomy", "A", OPTION_TEXT),
            ("The answer is the final pathway.", "B", OPTION_TEXT),
            ("Diagnosis: most likely benign", "C", OPTION_TEXT),
            ("A. The final pathway", None, MISMATCH),
        ],
    ),
    "texts that are alike": (
        ALIKE,
        [
            ("A. Drainage", "A", LEADING),
            ("B. Drainage", "B", LEADING),
            ("C. Drainage", None, MISMATCH),
            ("Drainage", None, NO_LETTER),
            ("Observation", "C", OPTION_TEXT),
        ],
    ),
    "in Chinese": (
        CHINESE,
        [
            ("A. 胸部X线", "A", LEADING),
            ("A. 胸部X线片", None, MISMATCH),
            ("答案是CT引导下活检。", "C", OPTION_TEXT),
            ("胸部X线片", "B", OPTION_TEXT),
            ("答案：A（CT引导下活检）", None, MISMATCH),
        ],
    ),
    "in Japanese": (
        JAPANESE,
        [
            ("答えは緊張性気胸です。", "B", OPTION_TEXT),
            ("A. 緊張性気胸", None, MISMATCH),
            ("B. 緊張性気胸", "B", LEADING),
        ],
    ),
}
