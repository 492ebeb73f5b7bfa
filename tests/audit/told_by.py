"""Which passages of the sample tell the key fact of each item, as a reader of both finds.

The passages were read for this table. Every item has one or two, and one has three.
"""

from __future__ import annotations

__all__ = ["TOLD_BY"]

TOLD_BY = {
    "chest-01": ("p-chest-01",),
    "chest-02": ("p-chest-04",),
    "chest-03": ("p-chest-07",),
    "chest-04": (
        "p-chest-10",
        "p-chest-26",
    ),
    "chest-05": ("p-chest-13",),
    "chest-06": ("p-chest-16",),
    "chest-07": (
        "p-chest-19",
        "p-interventional-08",
    ),
    "neuro-01": (
        "p-neuro-01",
        "p-neuro-26",
    ),
    "neuro-02": ("p-neuro-04",),
    "neuro-03": ("p-neuro-07",),
    "neuro-04": ("p-neuro-10",),
    "neuro-05": ("p-neuro-13",),
    "neuro-06": ("p-neuro-16",),
    "neuro-07": ("p-neuro-19",),
    "abdominal-01": (
        "p-abdominal-01",
        "p-genitourinary-08",
    ),
    "abdominal-02": ("p-abdominal-04",),
    "abdominal-03": ("p-abdominal-07",),
    "abdominal-04": ("p-abdominal-10",),
    "abdominal-05": ("p-abdominal-13",),
    "abdominal-06": (
        "p-abdominal-16",
        "p-abdominal-26",
    ),
    "abdominal-07": (
        "p-abdominal-19",
        "p-emergency-17",
    ),
    "msk-01": ("p-msk-01",),
    "msk-02": ("p-msk-04",),
    "msk-03": ("p-msk-07",),
    "msk-04": ("p-msk-10",),
    "msk-05": ("p-msk-13",),
    "msk-06": (
        "p-emergency-18",
        "p-msk-16",
    ),
    "cardio-01": (
        "p-cardio-01",
        "p-cardio-23",
        "p-emergency-08",
    ),
    "cardio-02": ("p-cardio-04",),
    "cardio-03": ("p-cardio-07",),
    "cardio-04": ("p-cardio-10",),
    "cardio-05": ("p-cardio-13",),
    "cardio-06": ("p-cardio-16",),
    "breast-01": (
        "p-breast-01",
        "p-breast-02",
    ),
    "breast-02": ("p-breast-05",),
    "breast-03": ("p-breast-08",),
    "breast-04": ("p-breast-11",),
    "paediatric-01": ("p-paediatric-01",),
    "paediatric-02": ("p-paediatric-05",),
    "paediatric-03": (
        "p-paediatric-08",
        "p-paediatric-09",
    ),
    "paediatric-04": ("p-paediatric-12",),
    "paediatric-05": ("p-paediatric-02",),
    "interventional-01": ("p-interventional-01",),
    "interventional-02": ("p-interventional-04",),
    "interventional-03": ("p-interventional-07",),
    "interventional-04": ("p-interventional-10",),
    "interventional-05": ("p-interventional-13",),
    "emergency-01": ("p-emergency-01",),
    "emergency-02": ("p-emergency-04",),
    "emergency-03": (
        "p-cardio-23",
        "p-emergency-07",
    ),
    "emergency-04": ("p-emergency-10",),
    "emergency-05": ("p-emergency-13",),
    "genitourinary-01": ("p-genitourinary-01",),
    "genitourinary-02": ("p-genitourinary-04",),
    "genitourinary-03": ("p-genitourinary-07",),
    "genitourinary-04": ("p-genitourinary-10",),
    "head-and-neck-01": ("p-head-and-neck-01",),
    "head-and-neck-02": ("p-head-and-neck-04",),
    "head-and-neck-03": ("p-head-and-neck-07",),
    "head-and-neck-04": ("p-head-and-neck-10",),
    "contrast-and-safety-01": ("p-contrast-and-safety-01",),
    "contrast-and-safety-02": ("p-contrast-and-safety-04",),
    "contrast-and-safety-03": ("p-contrast-and-safety-08",),
    "contrast-and-safety-04": ("p-contrast-and-safety-11",),
    "contrast-and-safety-05": ("p-contrast-and-safety-15",),
    "contrast-and-safety-06": ("p-contrast-and-safety-17",),
}
"""Ids of passages by the item's id."""
