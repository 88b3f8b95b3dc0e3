import numpy as np

sigmoid = scipy.special.expit


def rnn(wt_h, wt_x, bias, init_state, input_data):
    batch_size, time_steps, _ = input_data.shape
    hidden_size = wt_h.shape[0]
    outputs = np.zeros((batch_size, time_steps, hidden_size), dtype=np.float32)
    state = init_state[0]
    for t in range(time_steps):
        state = np.tanh(input_data[:, t, :] @ wt_x + state @ wt_h + bias)
        outputs[:, t, :] = state
    return outputs, state[np.newaxis]


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    wt_xr, bias_xr, wt_hr, bias_hr = linear_trans_r
    wt_xz, bias_xz, wt_hz, bias_hz = linear_trans_z
    wt_xn, bias_xn, wt_hn, bias_hn = linear_trans_n

    batch_size, time_steps, _ = input_data.shape
    outputs = np.zeros((batch_size, time_steps, wt_hr.shape[0]), dtype=np.float32)
    h = init_state[0]
    for t in range(time_steps):
        x = input_data[:, t, :]
        r = sigmoid(x @ wt_xr + bias_xr + h @ wt_hr + bias_hr)
        z = sigmoid(x @ wt_xz + bias_xz + h @ wt_hz + bias_hz)
        n = np.tanh(x @ wt_xn + bias_xn + r * (h @ wt_hn + bias_hn))
        h = (1 - z) * n + z * h
        outputs[:, t, :] = h
    return outputs, h[np.newaxis]


def init_gru_with_rnn(wt_h, wt_x, bias):
    # r = 1 keeps the whole recurrent term, z = 0 takes the candidate as it is
    zeros_x, zeros_h, zeros = np.zeros_like(wt_x), np.zeros_like(wt_h), np.zeros_like(bias)
    linear_trans_r = (zeros_x, zeros + 100, zeros_h, zeros)
    linear_trans_z = (zeros_x, zeros - 100, zeros_h, zeros)
    linear_trans_n = (wt_x, bias, wt_h, zeros)
    return linear_trans_r, linear_trans_z, linear_trans_n


def init_gru_with_long_term_memory(input_size, hidden_size):
    # z = 1 keeps the old state
    def gate(bias):
        return (
            np.zeros((input_size, hidden_size)),
            np.full(hidden_size, bias),
            np.zeros((hidden_size, hidden_size)),
            np.zeros(hidden_size),
        )

    return gate(0.0), gate(100.0), gate(0.0)


def mha(Wq, Wk, Wv, Wo, input_data):
    x = input_data.numpy()
    heads = []
    for wq, wk, wv in zip(Wq, Wk, Wv):
        q, k, v = x @ wq, x @ wk, x @ wv
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
        scores = scores - scores.max(axis=-1, keepdims=True)
        weights = np.exp(scores)
        weights = weights / weights.sum(axis=-1, keepdims=True)
        heads.append(weights @ v)
    return np.concatenate(heads, axis=-1) @ Wo
