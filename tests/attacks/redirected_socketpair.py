"""Turns one end of a socketpair, which is allowed, to sockets outside."""

import socket

import attack_targets as targets
from attack_kit import attempt, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_STREAM):
        for address in (targets.DATAGRAM_PATH, "\0" + targets.ABSTRACT + "-datagram"):
            try:
                ours, _theirs = socket.socketpair(socket.AF_UNIX, kind)
            except OSError:
                continue
            attempt(f"sendto {kind}", ours.sendto, b"datagram", address)
            attempt(f"connect {kind}", ours.connect, address)
    return zeros(init_state, input_data)
