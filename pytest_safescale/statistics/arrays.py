"""Names for arrays of which more than one dtype will do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Numbers"]

Numbers = NDArray[np.floating] | NDArray[np.integer] | NDArray[np.bool_]
"""An array of any real dtype; sums and products of it are float64."""
