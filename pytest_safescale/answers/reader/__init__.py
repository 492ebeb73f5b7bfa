"""From a reply to an answer: an explicit option, an abstention, or a text that says neither.

Nothing is guessed (docs/protocol.md, "Decoding"): a diagnosis named in prose is no answer, a letter
that does not stand in the text is none either, and hidden reasoning does not count. What counts:

- The last commitment a reply makes is its answer; two letters in it ("A or B") are none.
- A stated preference ("I would lean towards B", "probably B", "if I had to choose, B") is a
  commitment; a possibility ("it could be B"), a question, a condition ("B if he were unstable"),
  a denial and what others answer are not.
- "A is correct" alone may be said of statements, so it counts only where no answer is declared
  and nothing else is called correct; after "wait" or "actually" it corrects what was declared.
- The exact text of one option, alone or declared, is an answer; a letter that stands with the
  text of another option is none, for nobody knows which of the two was meant.
- A number is the option's position, only after a declaration or as the whole reply, and only
  where no option's text holds that number.
- A lower-case letter counts only where no article can be meant.

The words are in ``vocabulary``, the wordings in ``cues``, ``judgements``, ``contrasts``,
``stances``, ``refusals`` and ``marks``: a language or a wording is added there as data. ``context``
tells what takes a letter back, ``commitments`` finds what a reply commits to, ``ends`` tells what
of a long reply is read, and ``read_answer`` decides.
"""
