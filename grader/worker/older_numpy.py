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
    "cfloat": np.complex128,
    "complex_": np.complex128,
    "singlecomplex": np.complex64,
    "longfloat": np.longdouble,
    "bool8": np.bool_,
    "string_": np.bytes_,
    "unicode_": np.str_,
    "mat": np.asmatrix,
    "round_": np.round,
    "asfarray": lambda a, dtype=np.float64: np.asarray(a, dtype=dtype),
    "msort": lambda a: np.sort(a, axis=0),
    "product": np.prod,
    "cumproduct": np.cumprod,
    "alltrue": np.all,
    "sometrue": np.any,
    "float": float,
    "int": int,
    "bool": bool,
    "complex": complex,
    "object": object,
    "str": str,
}
"""By NumPy 1.24 and 2.0, each with what their release notes name in its place; not those names that
no forward pass has a use for."""


def restore_dropped_names() -> None:
    """Give NumPy in this process the names that it has no more."""
    for name, value in DROPPED.items():
        if name not in vars(np):
            setattr(np, name, value)
