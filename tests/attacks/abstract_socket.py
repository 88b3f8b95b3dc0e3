"""Connects to an abstract unix socket, which no file permission guards."""

import socket

import attack_targets as targets
from attack_kit import attempt, zeros


def connect(kind):
    with socket.socket(socket.AF_UNIX, kind) as line:
        line.connect("\0" + targets.ABSTRACT)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    attempt("an abstract stream", connect, socket.SOCK_STREAM)
    attempt("an abstract datagram", connect, socket.SOCK_DGRAM)
    return zeros(init_state, input_data)
