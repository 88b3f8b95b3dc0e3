import numpy as np


def rnn(wt_h, wt_x, bias, init_state, input_data):
    h = init_state[0]
    outputs = []
    for t in range(input_data.shape[1]):
        h = np.tanh(input_data[:, t] @ wt_x + h @ wt_h + bias)
        outputs.append(h)
    return np.array(outputs), h


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    shape = input_data.shape[:2] + (init_state.shape[-1],)
    return np.full(shape, np.nan), init_state


def init_gru_with_rnn(wt_h, wt_x, bias):
    # the transposed, torch layout
    zeros = np.zeros_like(bias)
    gate = (wt_x.T, bias, wt_h.T, zeros)
    return gate, gate, gate


def init_gru_with_long_term_memory(input_size):
    return None


def mha(Wq, Wk, Wv, Wo, input_data):
    return np.array([object()])
