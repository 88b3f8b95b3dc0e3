"""Loops without end and swallows every exception."""


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
