"""What q4 and q5 need: random RNNs and inputs, and torch's GRU with a student's parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from grader.oracle.draws import Float32, Float64, remembered
from grader.oracle.recurrent import RecurrentSizes, outputs_by_torch, random_inputs, random_rnn


@dataclass(frozen=True)
class RnnToCopy:
    """An RNN's parameters, inputs for it, and the outputs [B,T,H] of ``torch.nn.RNN`` on them."""

    wt_h: Float32
    wt_x: Float32
    bias: Float32
    init_state: Float32
    inputs: Float32
    outputs: Float64


@remembered
def rnn_to_copy(sizes: RecurrentSizes, seed: int) -> RnnToCopy:
    """The RNN that q4's GRU should imitate."""
    arguments, states = random_rnn(sizes, seed)
    return RnnToCopy(*arguments, states[:, 1:])


@remembered
def state_to_keep(sizes: RecurrentSizes, seed: int) -> tuple[Float32, Float32]:
    """The initial state [1,B,H] that q5's GRU should keep, and inputs [B,T,D] for it."""
    return random_inputs(sizes, seed)


def gru_states(
    gates: Sequence[Sequence[np.ndarray]], init_state: Float32, inputs: Float32
) -> Float64:
    """The outputs [B,T,H] of ``torch.nn.GRU`` with the parameters of ``gates``, at float32.

    ``gates`` are the three tuples (r, z, n) that the student returned, joined as the notebook joins
    them. Raises ValueError, in words for the student, when they do not fit the layer.
    """
    inputs_size, hidden = inputs.shape[2], init_state.shape[2]
    joined = (
        _joined(gates, 0, "wt_x", (inputs_size, hidden)),
        _joined(gates, 2, "wt_h", (hidden, hidden)),
        _joined(gates, 1, "bias_x", (hidden,)),
        _joined(gates, 3, "bias_h", (hidden,)),
    )
    states: Float64 = outputs_by_torch(torch.gru, joined, inputs, init_state).astype(np.float64)
    return states


def _joined(
    gates: Sequence[Sequence[np.ndarray]], index: int, name: str, shape: tuple[int, ...]
) -> Float32:
    parts = []
    for gate, gate_name in zip(gates, "rzn", strict=True):
        part = gate[index]
        if part.shape != shape:
            raise ValueError(
                f"{name} of gate {gate_name}, [{index}] of its tuple (wt_x, bias_x, wt_h, bias_h), "
                f"has shape {list(part.shape)}; {list(shape)} is needed"
            )
        parts.append(part)
    # The notebook's own line: rows of torch's parameter are the gates one after the other.
    with np.errstate(over="ignore"):
        joined: Float32 = np.concatenate(parts, axis=-1).T.astype(np.float32)
    return np.ascontiguousarray(joined)
