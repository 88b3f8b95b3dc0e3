"""Correct answers to the five functions in many styles, to see what the grader makes of them.

Every style is right by construction, independent of the grader, and of a kind that students hand
in: float32 or float64, NumPy, torch or nested lists, sums in whatever order, and formulas that are
exact on paper though not the best in floating point.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import packing_styles as packing
from benchmarks.attention_styles import MHA_STYLES
from benchmarks.gate_styles import as_rnn_styles, long_memory_styles
from benchmarks.recurrent_styles import GRU_STYLES, RNN_STYLES

Implementation = Callable[..., Any]


def styles(rng: np.random.Generator) -> dict[str, dict[str, Implementation]]:
    """By the function's name and the style's; what a style leaves open is drawn from ``rng``."""
    as_rnn, long_memory = as_rnn_styles(rng), long_memory_styles(rng)
    return {
        "rnn": {
            **RNN_STYLES,
            "Python's floats": packing.rnn_in_python,
            "float32, in place": packing.rnn_in_place,
            **_packed(RNN_STYLES["float32"], packing.several),
        },
        "gru": {
            **GRU_STYLES,
            "Python's floats": packing.gru_in_python,
            "float32, in place": packing.gru_in_place,
            **_packed(GRU_STYLES["float32"], packing.several),
        },
        "init_gru_with_rnn": {
            **as_rnn,
            "float32, matrices": packing.matrices(as_rnn["float32, both biases"]),
            **_packed(as_rnn["float64, both biases"], packing.gates_in),
        },
        "init_gru_with_long_term_memory": {
            **long_memory,
            "float32, matrices": packing.matrices(long_memory["float32, both biases"]),
            "float32, broadcast views": packing.broadcast_gates,
            **_packed(long_memory["float64, both biases"], packing.gates_in),
        },
        "mha": {
            **MHA_STYLES,
            "Python's floats": packing.mha_in_python,
            "float32, a list of matrices": packing.mha_by_matrices,
            **_packed(MHA_STYLES["float32"], packing.one_array),
        },
    }


def _packed(
    code: Implementation, wrap: Callable[[Implementation, packing.Container], Implementation]
) -> dict[str, Implementation]:
    """``code`` in each of the containers."""
    return {name: wrap(code, container) for name, container in packing.CONTAINERS.items()}
