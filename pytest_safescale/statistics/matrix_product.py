"""Products of matrices that take one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["columns_of_a_piece", "product"]

_ROWS_A_PIECE = 10
_SMALL = 240_000
"""Multiplications from which on OpenBLAS takes several threads."""
_LONGEST = 1_000
"""From here on the pieces would be too narrow to be quick."""


def product(left: Numbers, right: Numbers) -> NDArray[np.float64]:
    """Return ``left @ right``, float64: (rows, n) times (n, columns), of any real dtype.

    The threads of a BLAS wait for each other: on a machine with other work a product of a
    millisecond takes ten. So it is made in pieces that each are too small for a second thread.
    A limit on the threads (threadpoolctl) would hold for all that the process multiplies meanwhile.
    """
    rows, n = left.shape
    # Large ones are not held twice.
    if left.dtype != np.float64 or not left.flags.c_contiguous:
        left = left.astype(np.float64)
    right = right.astype(np.float64)
    width = columns_of_a_piece(rows, n)
    if width is None:
        return np.asarray(left @ right)
    out = np.empty((rows, right.shape[1]))
    stack = left.reshape(rows // _ROWS_A_PIECE, _ROWS_A_PIECE, n)
    for start in range(0, right.shape[1], width):
        part = np.ascontiguousarray(right[:, start : start + width])
        out[:, start : start + width] = np.matmul(stack, part).reshape(rows, part.shape[1])
    return out


def columns_of_a_piece(rows: int, n: int) -> int | None:
    """Return how many columns of ``right`` a piece has; ``None`` where all are multiplied at once.

    A product of whole pieces is that part of the product of all columns, to the last bit.
    """
    if n == 0 or n > _LONGEST or rows % _ROWS_A_PIECE:
        return None
    return max(1, _SMALL // (_ROWS_A_PIECE * n))
