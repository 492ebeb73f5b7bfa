"""Whether reading a reply takes time in proportion to its length, whatever the reply repeats.

Every piece that ``tests/answers/hostile_replies.py`` has is read at 32,000 characters, the most
that is read whole. The ten that take longest are read at up to 1,000,000 too, of which only the
ends are read.

Run: ``python -m benchmarks.hostile_replies`` in a checkout. Exits with 1 where 100,000 characters
take a second of processor time.
"""

from __future__ import annotations

import time

from pytest_safescale.answers.read_answer import read_answer
from tests.answers.hostile_replies import HOSTILE, hostile_reply
from tests.answers.replies import OPTIONS

WHOLE = 32_000
LONGER = (50_000, 100_000, 200_000, 1_000_000)
MOST_S = {100_000: 1.0, 200_000: 2.0, 1_000_000: 10.0}


def main() -> int:
    """Print the slowest pieces; return the exit code."""
    rows = sorted(((_seconds(piece, WHOLE), piece) for piece in HOSTILE), reverse=True)
    too_slow = False
    for whole, piece in rows[:10]:
        taken = {length: _seconds(piece, length) for length in LONGER}
        too_slow |= any(taken[length] >= most for length, most in MOST_S.items())
        print(" ".join(f"{s:7.3f}" for s in (whole, *taken.values())), f"s: {piece!a}")
    return int(too_slow)


def _seconds(piece: str, length: int) -> float:
    reply = hostile_reply(piece, length)
    start = time.process_time()
    read_answer(reply, OPTIONS)
    return time.process_time() - start


if __name__ == "__main__":
    raise SystemExit(main())
