"""Correct, in another style: torch arithmetic, Python lists, tuples, einsum; in a nested folder."""
import numpy as np
import torch


def rnn(wt_h, wt_x, bias, init_state, input_data):
    wt_h, wt_x, bias = map(torch.tensor, (wt_h, wt_x, bias))
    h = torch.tensor(init_state).squeeze(0)
    projected = torch.tensor(input_data) @ wt_x + bias / 2
    outputs = []
    for x in projected.unbind(1):
        h = torch.tanh(x + h @ wt_h + bias / 2)
        outputs.append(h)
    return [torch.stack(outputs, 1).tolist(), (h.numpy(),)]


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    wx, bx, wh, bh = (np.concatenate([g[i] for g in (linear_trans_r, linear_trans_z, linear_trans_n)], -1).astype(np.float64) for i in range(4))
    h = init_state[0].astype(np.float64)
    size = h.shape[1]
    outs = []
    for x in np.moveaxis(input_data.astype(np.float64), 1, 0):
        gx, gh = x @ wx + bx, h @ wh + bh
        r, z = np.split(1 / (1 + np.exp(-(gx[:, : 2 * size] + gh[:, : 2 * size]))), 2, axis=1)
        n = np.tanh(gx[:, 2 * size :] + r * gh[:, 2 * size :])
        h = n + z * (h - n)
        outs.append(h)
    return np.stack(outs, 1)[None], h


def init_gru_with_rnn(wt_h, wt_x, bias):
    d, h = wt_x.shape
    # the reset gate at one half, made up for by doubling what it halves
    r = (np.zeros((d, h)), [0] * h, np.zeros((h, h)), [0] * h)
    z = (np.zeros((d, h)).tolist(), np.full(h, -20), np.zeros((h, h)), np.zeros(h, int))
    n = (wt_x, bias * 0, 2 * wt_h, 2 * bias)
    return [r, z, n]


def init_gru_with_long_term_memory(input_size, hidden_size):
    gates = []
    for bias in (0, 12, 0):
        gates.append([torch.zeros(input_size, hidden_size), torch.full((hidden_size,), float(bias)), torch.zeros(hidden_size, hidden_size), torch.zeros(hidden_size)])
    return gates


def mha(Wq, Wk, Wv, Wo, input_data):
    q, k, v = (torch.einsum("bte,nef->bntf", input_data, torch.tensor(np.stack(w))) for w in (Wq, Wk, Wv))
    weights = torch.softmax(torch.einsum("bntf,bnsf->bnts", q, k) / q.shape[-1] ** 0.5, dim=-1)
    out = torch.einsum("bnts,bnsf->btnf", weights, v).flatten(2)
    return out @ torch.tensor(Wo)
