"""Correct answers to the five functions in many styles, to see what the grader makes of them.

Every style is right by construction, independent of the grader, and of a kind that students hand
in: float32 or float64, NumPy, torch or nested lists, sums in whatever order, and formulas that are
exact on paper though not the best in floating point.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.attention_styles import MHA_STYLES
from benchmarks.gate_styles import as_rnn_styles, long_memory_styles
from benchmarks.recurrent_styles import GRU_STYLES, RNN_STYLES

Implementation = Callable[..., Any]


def styles(rng: np.random.Generator) -> dict[str, dict[str, Implementation]]:
    """By the function's name and the style's; what a style leaves open is drawn from ``rng``."""
    return {
        "rnn": RNN_STYLES,
        "gru": GRU_STYLES,
        "init_gru_with_rnn": as_rnn_styles(rng),
        "init_gru_with_long_term_memory": long_memory_styles(rng),
        "mha": MHA_STYLES,
    }
