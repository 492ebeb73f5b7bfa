"""Products of matrices that take one thread are the products."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_safescale.statistics.matrix_product import product


@pytest.mark.parametrize(
    ("rows", "n", "columns"),
    [
        (1000, 200, 8),
        (1000, 200, 340),  # several pieces, the last one narrower
        (1000, 7, 1),
        (20, 999, 50),
        (20, 1500, 3),  # too long for pieces
        (3, 5, 4),  # rows that do not divide into pieces
        (1000, 0, 4),
        (0, 5, 4),
        (10, 5, 0),
    ],
)
def test_the_product_is_exact_for_whole_numbers(rows: int, n: int, columns: int) -> None:
    draw = np.random.default_rng(0)
    left = draw.integers(0, 9, size=(rows, n), dtype=np.uint16)
    right = draw.random((n, columns)) < 0.3
    found = product(left, right)
    assert found.shape == (rows, columns)
    assert found.dtype == np.float64
    assert (found == left.astype(np.int64) @ right.astype(np.int64)).all()
