import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def rnn(wt_h, wt_x, bias, init_state, input_data):
    layer = nn.RNN(wt_x.shape[0], wt_h.shape[0], batch_first=True)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.from_numpy(wt_x.T.copy()))
        layer.weight_hh_l0.copy_(torch.from_numpy(wt_h.T.copy()))
        layer.bias_ih_l0.copy_(torch.from_numpy(bias))
        layer.bias_hh_l0.zero_()
        outputs, state = layer(torch.from_numpy(input_data), torch.from_numpy(init_state))
    return outputs.numpy(), state.numpy()


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    parts = (linear_trans_r, linear_trans_z, linear_trans_n)
    weights = [torch.from_numpy(np.concatenate([p[i] for p in parts], axis=-1).T.copy()) for i in range(4)]
    w_x, b_x, w_h, b_h = weights
    x, h = torch.from_numpy(input_data), torch.from_numpy(init_state[0])
    states = []
    for t in range(x.shape[1]):
        h = torch.gru_cell(x[:, t], h, w_x, w_h, b_x, b_h)
        states.append(h)
    return torch.stack(states, dim=1), h


def init_gru_with_rnn(wt_h, wt_x, bias):
    zx, zh, z = np.zeros_like(wt_x), np.zeros_like(wt_h), np.zeros_like(bias)
    return (zx, z + 50, zh, z), (zx, z - 50, zh, z), (wt_x, bias, wt_h, z)


def init_gru_with_long_term_memory(input_size, hidden_size):
    zx, zh, z = np.zeros((input_size, hidden_size)), np.zeros((hidden_size, hidden_size)), np.zeros(hidden_size)
    return (zx, z, zh, z), (zx, z + 50, zh, z), (zx, z, zh, z)


def mha(Wq, Wk, Wv, Wo, input_data):
    q, k, v = (torch.stack([input_data @ torch.from_numpy(w) for w in ws], dim=1) for ws in (Wq, Wk, Wv))
    heads = F.scaled_dot_product_attention(q, k, v)
    return heads.transpose(1, 2).reshape(input_data.shape) @ torch.from_numpy(Wo)
