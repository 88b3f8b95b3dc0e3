import numpy as np


def rnn(wt_h, wt_x, bias, init_state, input_data):
    outputs = []
    h = init_state[0]
    for t in range(input_data.shape[1]):
        h = np.tanh(np.dot(input_data[:, t], wt_x) + np.dot(h, wt_h) + bias)
        outputs.append(h)
    outputs = np.array(outputs)  # time comes first here
    final_state = h


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    outputs = None
    final_state = None
    return outputs, final_state


def init_gru_with_rnn(wt_h, wt_x, bias):
    linear_trans_r = (np.zeros_like(wt_x), np.zeros_like(bias) + 100, np.zeros_like(wt_h))
    return linear_trans_r, linear_trans_r, linear_trans_r


def mha(Wq, Wk, Wv, Wo, input_data):
    return [[1.0, 2.0], [3.0]]
