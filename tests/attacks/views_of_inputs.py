"""Returns views of its own arguments."""


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    return input_data[:, :, : init_state.shape[-1]], init_state


def mha(Wq, Wk, Wv, Wo, input_data):
    return input_data
