"""Returns objects whose array interface points to memory that is not theirs."""


class Wild:
    def __init__(self, shape, address):
        self.__array_interface__ = {
            "version": 3,
            "shape": shape,
            "typestr": "<f4",
            "data": (address, True),
        }


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    batch, steps, _ = input_data.shape
    return Wild((batch, steps, 2), 0x1000), Wild((1 << 40,), id(gru))
