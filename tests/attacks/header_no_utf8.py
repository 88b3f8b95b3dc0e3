"""Writes headers that are no UTF-8, no JSON or no object."""

import itertools
import struct

from attack_kit import send, zeros

HEADERS = itertools.cycle(
    [b"\xff\xfe\x00", b'{"op": "\xc3"}', b"[]", b"NaN", b'{"op": 5}', b"{", b"\x00" * 9, b"1" * 50]
)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    header = next(HEADERS)
    send(struct.pack("<4sI", b"GRD1", len(header)) + header)
    return zeros(init_state, input_data)
