"""Claims arrays of wrong dtypes, orders, shapes and counts."""

import itertools

from attack_kit import frame, send, zeros

GOOD = {"dtype": "float64", "shape": [], "order": "C"}
ODD = itertools.cycle(
    [
        [{**GOOD, "dtype": "object"}],
        [{**GOOD, "dtype": ["f8"]}],
        [{**GOOD, "dtype": "float64,float64"}],
        [{**GOOD, "shape": [-1]}],
        [{**GOOD, "shape": [True]}],
        [{**GOOD, "shape": [1.5]}],
        [{**GOOD, "shape": [0] * 65}],
        [{**GOOD, "shape": [1 << 48]}],
        [{**GOOD, "shape": "88"}],
        [GOOD] * 300,
        [[]],
        [{**GOOD, "order": {}, "shape": [0]}],
    ]
)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    send(frame(arrays=next(ODD), value={"kind": "array", "index": 0}))
    return zeros(init_state, input_data)
