"""Right answers from torch's own layers, and how far float32 may be off them.

Every draw is made from a seed: a layer with torch's usual initialisation, its parameters as the
given helper hands them to students (float32, transposed so that a row vector multiplies from the
left), random inputs, the answer of torch's layer at float64 on exactly those numbers, and for each
value of the answer the difference that is allowed.
"""

from grader.oracle.attention import AttentionSizes, mha_draw
from grader.oracle.draws import Arguments, Draw, remembered
from grader.oracle.gru_parameters import gru_states, rnn_to_copy, state_to_keep
from grader.oracle.recurrent import RecurrentSizes, gru_draw, rnn_draw

__all__ = [
    "Arguments",
    "AttentionSizes",
    "Draw",
    "RecurrentSizes",
    "gru_draw",
    "gru_states",
    "mha_draw",
    "remembered",
    "rnn_draw",
    "rnn_to_copy",
    "state_to_keep",
]
