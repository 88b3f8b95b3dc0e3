"""Reads the parameters out of torch's layers, in the layout that ``implementation.py`` expects.

The course gives every student such a file, and some hand-ins import it without handing it in. This
one has the same functions and is put in its place then.
"""

import numpy as np


def _numbers(parameter):
    return parameter.detach().numpy()


def get_rnn_params(rnn):
    """``(wt_h [H,H], wt_x [D,H], bias [H])`` of a one-layer ``torch.nn.RNN``."""
    w_x, w_h, bias_x, bias_h = map(_numbers, rnn.parameters())
    return w_h.T, w_x.T, bias_x + bias_h


def get_gru_params(gru):
    """The gates r, z and n of a ``torch.nn.GRU``: ``(wt_x, bias_x, wt_h, bias_h)`` each."""
    w_x, w_h, bias_x, bias_h = (np.split(_numbers(p), 3) for p in gru.parameters())
    return tuple((w_x[g].T, bias_x[g], w_h[g].T, bias_h[g]) for g in range(3))


def get_mha_params(mha):
    """``(Wq, Wk, Wv, Wo)`` of a ``torch.nn.MultiheadAttention``: three lists of heads, and Wo."""
    packed = np.split(_numbers(mha.in_proj_weight), 3)
    heads = ([head.T for head in np.split(part, mha.num_heads)] for part in packed)
    return (*heads, _numbers(mha.out_proj.weight).T)
