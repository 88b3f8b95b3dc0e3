"""Measured values in words: the median, and from where to where they go."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def spread(values: Sequence[float], unit: str = "", digits: int = 2) -> str:
    """Such as ``4.6 s (4.3 to 7.1)``; a single value stands alone."""
    middle = f"{statistics.median(values):,.{digits}f}{unit and f' {unit}'}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"
