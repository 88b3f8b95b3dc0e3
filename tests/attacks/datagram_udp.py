"""Sends what it knows by UDP."""

import socket

import attack_targets as targets
from attack_kit import attempt, zeros


def send_datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"datagram", ("127.0.0.1", targets.UDP))


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    attempt("a UDP datagram", send_datagram)
    return zeros(init_state, input_data)
