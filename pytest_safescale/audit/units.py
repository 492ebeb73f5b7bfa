"""Units of measurement, converted by pint (extra ``audit``)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pytest_safescale.audit.libraries import not_installed

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SPELLINGS", "in_base_units"]

SPELLINGS: Mapping[str, str] = {
    **dict.fromkeys(("mm", "millimetre", "millimeter", "millimetres", "millimeters"), "mm"),
    **dict.fromkeys(("cm", "centimetre", "centimeter", "centimetres", "centimeters"), "cm"),
    "µm": "um",
    "μm": "um",
    "m": "m",
    "mg": "mg",
    "g": "g",
    "kg": "kg",
    **dict.fromkeys(("µg", "μg", "mcg", "microgram", "micrograms"), "ug"),
    **dict.fromkeys(("ml", "mL", "millilitre", "millilitres", "milliliters"), "ml"),
    **dict.fromkeys(("l", "L", "litre", "litres", "liter", "liters"), "l"),
    **dict.fromkeys(("cc", "cm3", "cm³", "cubic centimetres", "cubic centimeters"), "cm**3"),
    **dict.fromkeys(("mm3", "mm³", "cubic millimetres", "cubic millimeters"), "mm**3"),
    **dict.fromkeys(("s", "sec", "second", "seconds"), "second"),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), "millisecond"),
    **dict.fromkeys(("min", "minute", "minutes"), "minute"),
    **dict.fromkeys(("h", "hour", "hours"), "hour"),
    **dict.fromkeys(("day", "days"), "day"),
    **dict.fromkeys(("week", "weeks"), "week"),
    **dict.fromkeys(("month", "months"), "month"),
    **dict.fromkeys(("year", "years"), "year"),
    **dict.fromkeys(("%", "per cent", "percent"), "percent"),
    "mmHg": "mmHg",
    "kPa": "kPa",
    "mSv": "mSv",
    "Gy": "Gy",
    "mGy": "mGy",
    "T": "tesla",
    "MBq": "MBq",
    "mg/kg": "mg/kg",
    "ml/kg": "ml/kg",
    "mL/kg": "ml/kg",
    "mg/dl": "mg/dl",
    "mg/dL": "mg/dl",
    "ng/ml": "ng/ml",
    "ng/mL": "ng/ml",
    "mmol/l": "mmol/l",
    "mmol/L": "mmol/l",
    "ml/min": "ml/minute",
    "mL/min": "ml/minute",
    "HU": "HU",
    "Hounsfield units": "HU",
    **dict.fromkeys(("bpm", "/min", "beats per minute"), "bpm"),
}
"""What texts write, and what pint calls it; HU and bpm are scales of their own."""
_OWN_SCALES = ("HU", "bpm")


def in_base_units(value: float, unit: str) -> tuple[float, str]:
    """Return a value in the base units of its dimension, and the dimension's name.

    ``unit`` is one of the values of ``SPELLINGS``. A day of time, a dose by weight and a share are
    dimensions apart, though pint has no dimension for the last two. Raises SettingsError where
    pint is not installed.
    """
    factor, dimension = _scale(unit)
    return value * factor, dimension


@cache
def _scale(unit: str) -> tuple[float, str]:
    if unit in _OWN_SCALES:
        return 1.0, unit
    base = _registry().Quantity(1.0, unit).to_base_units()
    parts = sorted(base.dimensionality.items())
    dimension = " ".join(name if power == 1 else f"{name}^{power:g}" for name, power in parts)
    if not parts:
        # A dose of mg/kg and a share of a hundred are no sizes of one thing.
        dimension = "share" if unit == "percent" else unit
    elif unit in {"mSv", "Gy", "mGy"}:
        dimension = "absorbed dose" if unit.endswith("Gy") else "effective dose"
    return float(base.magnitude), dimension


@cache
def _registry() -> Any:
    try:
        import pint
    except ImportError as error:
        raise not_installed("pint") from error
    return pint.UnitRegistry(cache_folder=None)
