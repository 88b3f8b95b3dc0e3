"""Opens sockets of every family and kind: netlink, packet, raw, vsock, alg."""

import socket

from attack_kit import attempt, breach, syscall, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for family in range(1, 46):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
            try:
                syscall(41, family, kind, 0)
            except OSError:
                continue
            breach(f"a socket of family {family}")
    attempt("a socket with flags in the upper half", syscall, 41, 2 | 1 << 32, 1, 0)
    attempt("an inet socketpair", socket.socketpair, socket.AF_INET)
    return zeros(init_state, input_data)
