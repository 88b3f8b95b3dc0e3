"""The five functions as a student wrote them: float32, explicit loops, nothing of the grader's.

``mistaken`` gives a function with one or several mistakes of ``benchmarks.student_mistakes``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from benchmarks.student_mistakes import MISTAKES

Implementation = Callable[..., Any]

HEAD = """
import numpy as np
import torch
from scipy.special import expit, softmax
"""
RNN = """
def rnn(wt_h, wt_x, bias, init_state, input_data):
    B, T, D = input_data.shape
    H = wt_h.shape[0]
    outputs = np.zeros((B, T, H), dtype=np.float32)
    state = init_state[0].copy()
    for t in range(T):
        x = input_data[:, t, :]
        a = np.dot(x, wt_x) + np.dot(state, wt_h) + bias
        new = np.tanh(a)
        outputs[:, t, :] = new
        state = new
    final = outputs[:, -1, :]
    return outputs, final
"""
GRU = """
def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    wxr, bxr, whr, bhr = linear_trans_r
    wxz, bxz, whz, bhz = linear_trans_z
    wxn, bxn, whn, bhn = linear_trans_n
    B, T, D = input_data.shape
    H = whr.shape[0]
    outputs = np.zeros((B, T, H), dtype=np.float32)
    state = init_state[0].copy()
    for t in range(T):
        x = input_data[:, t, :]
        r = expit(x.dot(wxr) + bxr + state.dot(whr) + bhr)
        z = expit(x.dot(wxz) + bxz + state.dot(whz) + bhz)
        inside = x.dot(wxn) + bxn + r * (state.dot(whn) + bhn)
        n = np.tanh(inside)
        new = (1 - z) * n + z * state
        outputs[:, t, :] = new
        state = new
    final = outputs[:, -1, :]
    return outputs, final
"""
AS_RNN = """
def init_gru_with_rnn(wt_h, wt_x, bias):
    D, H = wt_x.shape
    zx, zh, zb = np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    r = (zx, zb, zh, zb + 30)
    z = (zx, zb - 30, zh, zb)
    n = (wt_x, zb, wt_h, bias)
    return r, z, n
"""
MEMORY = """
def init_gru_with_long_term_memory(input_size, hidden_size):
    def gate(b, weights=0):
        return [np.ones((input_size, hidden_size)) * weights, np.zeros(hidden_size),
                np.ones((hidden_size, hidden_size)) * weights, np.zeros(hidden_size) + b]
    r = gate(0)
    z = gate(30)
    n = gate(0)
    return r, z, n
"""
MHA = """
def mha(Wq, Wk, Wv, Wo, input_data):
    B, T, E = input_data.shape
    N = len(Wq)
    d = E // N
    output = torch.zeros(B, T, E)
    scores = torch.zeros(B, N, T, T)
    for i in range(N):
        for b in range(B):
            q = input_data[b] @ torch.from_numpy(Wq[i])
            k = input_data[b] @ torch.from_numpy(Wk[i])
            scores[b, i] = q @ k.T / d ** 0.5
    weights = torch.softmax(scores, dim=3)
    heads = []
    for i in range(N):
        head = torch.zeros(B, T, d)
        for b in range(B):
            v = input_data[b] @ torch.from_numpy(Wv[i])
            head[b] = weights[b, i] @ v
        heads.append(head)
    output = torch.cat(heads, dim=2)
    output = output @ torch.from_numpy(Wo)
    return output
"""
SOURCES = {"q2": RNN, "q3": GRU, "q4": AS_RNN, "q5": MEMORY, "q6": MHA}
NAMES = {
    "q2": "rnn",
    "q3": "gru",
    "q4": "init_gru_with_rnn",
    "q5": "init_gru_with_long_term_memory",
    "q6": "mha",
}


def mistaken(question: str, *ids: str) -> Implementation:
    """The student's function with the mistakes of the misconceptions; without ids it is right."""
    source = SOURCES[question]
    for id in ids:
        for old, new in MISTAKES[question][id]:
            if source.count(old) != 1:
                raise ValueError(f"{question}: {old!r} is {source.count(old)} times in the source")
            source = source.replace(old, new)
    return compiled(source, NAMES[question])


@cache
def compiled(source: str, name: str) -> Implementation:
    """The function ``name`` of a student's source."""
    namespace: dict[str, Any] = {}
    exec(compile(HEAD + source, "<student>", "exec"), namespace)
    function: Implementation = namespace[name]
    return function
