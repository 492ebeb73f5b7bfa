"""What calibration figures show of calibrated answers, and how a bound on their change fails.

    python -m benchmarks.calibration_figures

Calibrated answers are drawn in two ways, with 20 samples a case: each case is right with the chance
that is its share of agreement (calibrated by definition); or the correct option is drawn from the
distribution that the samples are drawn from (a model that knows what it does not know, of which 20
samples show a share that is a little too high). Prints the mean of each figure, and in what share
of the runs the debiased squared error lies within its consistency band.

Then the share of runs in which a percentile bound with 95 % confidence, widened for few items,
passes a rise of the expected calibration error that is exactly at its margin: the reason why gates
refuse it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri, stdtrit

from pytest_safescale.analysis.judged_cases import confidences
from pytest_safescale.statistics.calibration import bin_gaps, calibration_errors, squared_error
from pytest_safescale.statistics.consistency import CalibratedRuns, band
from pytest_safescale.statistics.intervals import resample_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLES, OPTIONS, SIZES, SPREAD = 20, 4, (20, 60, 200, 1000), 0.5
REPETITIONS, BOUNDS = 400, 300
MARGIN = 0.05


def drawn(
    n: int, draw: np.random.Generator, *, by_share: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return entropy confidence, share of agreement and correctness of n calibrated cases."""
    chances = draw.dirichlet(np.full(OPTIONS, SPREAD), size=n)
    counts = draw.multinomial(SAMPLES, chances)
    share = counts.max(axis=1) / SAMPLES
    if by_share:
        correct = draw.random(n) < share
    else:
        truth = (chances.cumsum(axis=1) < draw.random(n)[:, None]).sum(axis=1)
        correct = counts.argmax(axis=1) == truth
    entropy = confidences(counts, np.full(n, SAMPLES), np.full(n, OPTIONS))
    return entropy, share, correct


def figures(n: int, *, by_share: bool, repetitions: int = REPETITIONS) -> list[float]:
    """Return means: error by entropy, by share, debiased squared; and the share in the band."""
    draw = np.random.default_rng(n)
    found = []
    for _ in range(repetitions):
        entropy, share, correct = drawn(n, draw, by_share=by_share)
        over = np.ones(n, dtype=bool)
        squared = float(squared_error(share, correct, over))
        low, high = band(CalibratedRuns(share).squared_errors)
        inside = low is not None and high is not None and low <= squared <= high
        errors = [float(calibration_errors(c, correct, over)[0]) for c in (entropy, share)]
        found.append([*errors, squared, inside])
    return [float(mean) for mean in np.nanmean(np.array(found, dtype=np.float64), axis=0)]


def wrong_passes(n: int, repetitions: int = BOUNDS) -> float:
    """Return the share of runs whose bound on a rise of exactly the margin keeps the margin."""
    draw, over = np.random.default_rng(n), np.ones(n, dtype=bool)
    widened = float(stdtrit(n - 1, 0.95) / ndtri(0.95)) * (n / (n - 1)) ** 0.5
    passed = 0
    for _ in range(repetitions):
        confidence = 0.5 + draw.random(n) / 2
        sums = []
        for off in (MARGIN, 0.0):
            correct = draw.random(n) < np.maximum(confidence - off, 0.0)
            gaps, _ = bin_gaps(confidence, correct, over)
            resampled = np.abs(resample_counts(n).astype(np.float64) @ gaps).sum(axis=1) / n
            sums.append((np.abs(gaps.sum(axis=0)).sum() / n, resampled))
        (now, nows), (before, befores) = sums
        point = now - before
        deviations = np.sort(-(nows - befores - point) * widened)
        passed += bool(point - deviations[int(0.05 * (len(deviations) + 1)) - 1] <= MARGIN)
    return passed / repetitions


def main() -> None:
    """Print both tables."""
    print(f"calibrated answers, {SAMPLES} samples a case, {REPETITIONS} runs each")
    print("correct by       n   entropy   share   squared   in the band")
    for by_share in (True, False):
        for n in SIZES:
            entropy, share, squared, inside = figures(n, by_share=by_share)
            how = "its share" if by_share else "its samples"
            print(f"{how:12}{n:6}{entropy:10.3f}{share:8.3f}{squared:10.4f}{inside:14.1%}")
    print(f"a rise of {MARGIN:g} held at {MARGIN:g} with 95 % confidence, {BOUNDS} runs each")
    for n in (66, 200, 1000):
        print(f"{n:6}: passes in {wrong_passes(n):.1%}")


if __name__ == "__main__":
    main()
