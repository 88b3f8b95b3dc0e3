"""Returns object arrays whose pickling would write a file."""

import attack_targets as targets
import numpy as np


class Hostile:
    def __reduce__(self):
        return eval, (f"open({targets.OUTSIDE + '/reduced'!r}, 'w')",)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    filled = np.empty(input_data.shape, object)
    filled[:] = Hostile()
    return filled, Hostile()
