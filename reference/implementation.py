"""Correct solutions of q2 to q6, in plain NumPy."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit as sigmoid
from scipy.special import softmax
from torch import Tensor

Array = NDArray[np.floating]
Gate = tuple[Array, Array, Array, Array]
SATURATED = 1e3
"""A gate's bias at which float32 sigmoid is exactly 0 or 1."""


def rnn(
    wt_h: Array, wt_x: Array, bias: Array, init_state: Array, input_data: Array
) -> tuple[Array, Array]:
    """Outputs [B,T,H] and final state [1,B,H] of a simple RNN with tanh."""
    state = init_state[0]
    states = []
    for step in range(input_data.shape[1]):
        state = np.tanh(input_data[:, step] @ wt_x + state @ wt_h + bias)
        states.append(state)
    return np.stack(states, axis=1), state[None]


def gru(
    linear_trans_r: Gate,
    linear_trans_z: Gate,
    linear_trans_n: Gate,
    init_state: Array,
    input_data: Array,
) -> tuple[Array, Array]:
    """Outputs [B,T,H] and final state [1,B,H] of a GRU in torch's form."""
    state = init_state[0]
    states = []
    for step in range(input_data.shape[1]):
        x = input_data[:, step]
        (r_x, r_h), (z_x, z_h), (n_x, n_h) = (
            (x @ wt_x + bias_x, state @ wt_h + bias_h)
            for wt_x, bias_x, wt_h, bias_h in (linear_trans_r, linear_trans_z, linear_trans_n)
        )
        reset, update = sigmoid(r_x + r_h), sigmoid(z_x + z_h)
        candidate = np.tanh(n_x + reset * n_h)
        state = (1 - update) * candidate + update * state
        states.append(state)
    return np.stack(states, axis=1), state[None]


def init_gru_with_rnn(wt_h: Array, wt_x: Array, bias: Array) -> tuple[Gate, Gate, Gate]:
    """GRU parameters that make it the given RNN: reset gate open, update gate closed."""
    no_x, no_h, none = np.zeros_like(wt_x), np.zeros_like(wt_h), np.zeros_like(bias)
    open_reset = (no_x, none + SATURATED, no_h, none)
    closed_update = (no_x, none - SATURATED, no_h, none)
    return open_reset, closed_update, (wt_x, bias, wt_h, none)


def init_gru_with_long_term_memory(input_size: int, hidden_size: int) -> tuple[Gate, Gate, Gate]:
    """GRU parameters that keep the state for ever: update gate open."""
    no_x, no_h = np.zeros((input_size, hidden_size)), np.zeros((hidden_size, hidden_size))
    none = np.zeros(hidden_size)
    idle = (no_x, none, no_h, none)
    return idle, (no_x, none + SATURATED, no_h, none), idle


def mha(Wq: list[Array], Wk: list[Array], Wv: list[Array], Wo: Array, input_data: Tensor) -> Array:
    """Output [B,T,E] of multi-head self-attention without bias, dropout or mask."""
    x = input_data.numpy()
    heads = []
    for w_q, w_k, w_v in zip(Wq, Wk, Wv, strict=True):
        scores = (x @ w_q) @ (x @ w_k).swapaxes(1, 2) / np.sqrt(w_q.shape[1]).astype(x.dtype)
        heads.append(softmax(scores, axis=-1) @ (x @ w_v))
    output: Array = np.concatenate(heads, axis=-1) @ Wo
    return output
