"""Which layers are found in a source."""

from __future__ import annotations

from grader.source import (
    ATTENTION_LAYERS,
    RECURRENT_LAYERS,
    LayerCall,
    torch_layers_used,
)

OWN_RNN = """
import numpy as np
from torch import nn

def rnn(wt_h, wt_x, bias, init_state, x):
    h = init_state[0]
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ wt_x + h @ wt_h + bias)
    return x, h
"""


def recurrent(source: str, function: str = "gru") -> list[LayerCall]:
    return torch_layers_used(source, function, RECURRENT_LAYERS)


def attention(source: str) -> list[str]:
    return [call.name for call in torch_layers_used(source, "mha", ATTENTION_LAYERS)]
