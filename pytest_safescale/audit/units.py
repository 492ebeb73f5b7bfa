"""Units of measurement: what texts write, and what each is in base units.

Every run reads its evidence by them, so that they stand here and ask for no library: pint, which
takes a second to load, is what the tests hold the table against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BASE_UNITS", "SPELLINGS", "in_base_units"]

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
"""What texts write, and the name of the unit."""
_MINUTE, _DAY = 60.0, 86_400.0
_YEAR = 365.25 * _DAY
BASE_UNITS: Mapping[str, tuple[float, str]] = {
    "um": (1e-6, "length"),
    "mm": (1e-3, "length"),
    "cm": (1e-2, "length"),
    "m": (1.0, "length"),
    "mm**3": (1e-9, "volume"),
    "cm**3": (1e-6, "volume"),
    "ml": (1e-6, "volume"),
    "l": (1e-3, "volume"),
    "ug": (1e-9, "mass"),
    "mg": (1e-6, "mass"),
    "g": (1e-3, "mass"),
    "kg": (1.0, "mass"),
    "millisecond": (1e-3, "time"),
    "second": (1.0, "time"),
    "minute": (_MINUTE, "time"),
    "hour": (60 * _MINUTE, "time"),
    "day": (_DAY, "time"),
    "week": (7 * _DAY, "time"),
    "month": (_YEAR / 12, "time"),
    "year": (_YEAR, "time"),
    "percent": (0.01, "share"),
    "mmHg": (133.322387415, "pressure"),
    "kPa": (1e3, "pressure"),
    "mSv": (1e-3, "effective dose"),
    "Gy": (1.0, "absorbed dose"),
    "mGy": (1e-3, "absorbed dose"),
    "tesla": (1.0, "flux density"),
    "MBq": (1e6, "activity"),
    "mg/kg": (1e-6, "mass by weight"),
    "ml/kg": (1e-6, "volume by weight"),
    "mg/dl": (1e-2, "density"),
    "ng/ml": (1e-6, "density"),
    "mmol/l": (1.0, "concentration"),
    "ml/minute": (1e-6 / _MINUTE, "flow"),
    "HU": (1.0, "attenuation"),
    "bpm": (1.0, "rate of the heart"),
}
"""Of each unit what it is in SI base units, and of what it is a size."""


def in_base_units(value: float, unit: str) -> tuple[float, str]:
    """Return a value in the base units of its dimension, and the dimension's name.

    ``unit`` is one of the values of ``SPELLINGS``. A dose by weight and a share are dimensions of
    their own, and so is a dose that is effective and one that is absorbed.
    """
    factor, dimension = BASE_UNITS[unit]
    return value * factor, dimension
