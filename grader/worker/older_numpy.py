"""Names that NumPy had when a student's code was written, and that later versions have dropped."""

from __future__ import annotations

import numpy as np

DROPPED: dict[str, object] = {
    "Inf": np.inf,
    "Infinity": np.inf,
    "PINF": np.inf,
    "NINF": -np.inf,
    "infty": np.inf,
    "NaN": np.nan,
    "float_": np.float64,
    "complex_": np.complex128,
    "product": np.prod,
    "cumproduct": np.cumprod,
    "alltrue": np.all,
    "sometrue": np.any,
    "float": float,
    "int": int,
    "bool": bool,
    "object": object,
    "str": str,
}
"""Of NumPy 1.24 and 2.0, each with what its release notes name in its place."""


def restore_dropped_names() -> None:
    """Give NumPy in this process the names that it has no more."""
    for name, value in DROPPED.items():
        if name not in vars(np):
            setattr(np, name, value)
