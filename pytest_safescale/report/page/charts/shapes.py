"""The shapes of marks, as paths around their middle."""

from __future__ import annotations

from math import cos, pi, sin

from pytest_safescale.report.page.charts.elements import number

__all__ = ["shape_path"]

_THIRD = 0.36
"""How broad the arms of a plus are, in shares of its half."""


def shape_path(shape: str, radius: float) -> str:
    """Return the ``d`` of a shape that reaches about ``radius`` from its middle."""
    if shape == "circle":
        r = number(radius)
        return (
            f"M-{r} 0a{r} {r} 0 1 0 {number(2 * radius)} 0a{r} {r} 0 1 0 -{number(2 * radius)} 0z"
        )
    return (
        "M"
        + "L".join(f"{number(x * radius)} {number(y * radius)}" for x, y in _corners(shape))
        + "z"
    )


def _corners(shape: str) -> list[tuple[float, float]]:
    if shape == "plus":
        return _plus()
    if shape == "cross":
        return [((x - y) * 0.71, (x + y) * 0.71) for x, y in _plus()]
    if shape == "pentagon":
        return [(1.05 * sin(2 * pi * at / 5), -1.05 * cos(2 * pi * at / 5)) for at in range(5)]
    return {
        "square": [(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
        "diamond": [(0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)],
        "triangle": [(0, -1.15), (1.1, 0.85), (-1.1, 0.85)],
        "wedge": [(0, 1.15), (1.1, -0.85), (-1.1, -0.85)],
        "tick": [(-0.3, -1.6), (0.3, -1.6), (0.3, 1.6), (-0.3, 1.6)],
    }[shape]


def _plus() -> list[tuple[float, float]]:
    arm, end = _THIRD, 1.15
    return [
        *((-arm, -end), (arm, -end), (arm, -arm), (end, -arm), (end, arm), (arm, arm)),
        *((arm, end), (-arm, end), (-arm, arm), (-end, arm), (-end, -arm), (-arm, -arm)),
    ]
