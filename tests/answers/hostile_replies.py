"""Pieces of which a hostile reply is made: each is repeated to its end."""

from __future__ import annotations

import unicodedata

HOSTILE = [
    "answer is ", "answer:\n", "answer ", "the ", "(", "[(", "*", "_", " ", "\n", "\t \n", "\\",
    "\\boxed{", "\\boxed{\\text{", "<think>", "</think>", "<|channel|>", "<|channel|>final",
    "<", "</", "is ", "A ", "A", "A\n", "A. x\n", "A) ", "a.", "B, ", "B or ", "or B ", "not ",
    "not B ", "B is the ", "B is correct. ", "I ", "I choose ", "I would", "so B. ", "best ",
    "best a-b ", "best option is ", "which ", "\u53ef", "\u662f", "\u7b54\u6848\u662f",
    "\u9009", "\ufdfa", "\u0301", "'", "{\"answer\": ", "1", "1 ", "answer 1,", "cannot ",
    "wait ", ":", "=", "but ", "but a", "if I had to ", "if I had to choose ", "A [1]", "A[1-",
    "A if ", "<|im_end|>", "<|im_start|>", "correction ", "answer (only",
    "answer (A, ", "B 95", "\\(", "(B)", "(B) ", "Tension pneumothorax ", "Tension pneumothorax\n",
    "Tension pneumothorax (B) ", "answer Tension ", "answer: Tension pneumothorax or ",
    "A \u2713\n", "\u2705", "|A|yes|\n", "A no ", "[x] A\n", "**A**\n", "Question: x\n",
    "if x, ", "were he ", "the answer, in my view, ",
    "{\"answer\": \"A\", ", "<choice>", "<a_answer",
    "none of ",
    "I cannot ", "I can't ", "as an ai ", "please see ", "the reference says ", "many residents ",
    "worst ", "previously ", "B. That is wrong. ", "\u3001", "\u6b63\u89e3\u306a\u306e\u306f",
    "(a) x\n", "a)", "''", "-", "- ", "+", "5 mGy ", "1.2.3.4", "1,", "<5", "HER2-",
    "\\boxed{1", "A: no ", "I say ", "if so if ", "in x but ", "the text says that ", "B? is ",
    "I would rather say so, ", "not A but ", "not A, B or ", "not the answer ", "A de\u011fil, ",
    "according to x the answer is A, but ", "answer is A, but the ", "the key says: ",
    "instead of A, ","not only A ", "\\boxed{1} ", "$",
    "my view: ", "in my view, ", "evidence: the ", "in pregnancy ", "in children, A would be ",
    "not hepatitis A but ", "not A; ", "not A. ", "would be in pregnancy ", "the key says A. not ",
    "guideline 1: ", "\u6211\u7684\u770b\u6cd5", "hepatit A de\u011fil ", "otherwise A would be ",
    "the leaflet says ", "the key says A: C. ", "in children, I'd ", "A, had she ",
]  # fmt: skip


def hostile_reply(piece: str, length: int) -> str:
    return "answer " + piece * (length // len(unicodedata.normalize("NFKC", piece)))
