"""Intervals, tests, calibration and power, as pure functions over arrays."""
