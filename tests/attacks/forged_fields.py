"""Writes replies whose fields have the wrong types, from bool to numbers of a thousand digits."""

import itertools

from attack_kit import frame, send, zeros

BIG = 10**1000
ODD = itertools.cycle(
    [
        {"value": True, "layers": {"a": 1}, "changed": "yes"},
        {"value": {"kind": ["array"], "index": True}},
        {"value": {"kind": "array", "index": -1}},
        {"value": {"kind": "array", "index": BIG}},
        {"value": {"kind": "other", "text": {"a": []}}, "layers": [BIG, None, "\ud800"]},
        {"op": "raised", "type": 5, "message": ["\ud800"], "traceback": [{"line": BIG}, 7, None]},
        {"op": "raised", "type": "\ud800\x1b[2J", "message": "\x00]]>\ufffe", "traceback": "x"},
        {"op": "raised", "type": "X", "traceback": [{"file": "\ud800", "line": -1, "code": BIG}]},
        {"op": "raised", "type": "X", "notes": [BIG, ["a"], "\ud800\x1b", "n" * 100_000] * 9},
        {"op": "raised", "type": "X", "notes": "x"},
        {"op": "absent", "message": {"no": "text"}},
        {"op": "\ud800\x1b"},
        {"seconds": "never", "value": None},
        {"value": {"kind": "sequence", "count": BIG, "items": [[]], "text": 3}},
    ]
)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    send(frame(**next(ODD)))
    return zeros(init_state, input_data)
