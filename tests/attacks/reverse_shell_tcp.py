"""Connects to a listener by TCP, to give it a shell."""

import os
import socket

import attack_targets as targets
from attack_kit import attempt, zeros


def shell():
    with socket.create_connection(("127.0.0.1", targets.TCP), timeout=1) as line:
        line.sendall(b"connected")
        os.dup2(line.fileno(), 0)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    attempt("a TCP connection", shell)
    attempt("a TCP server", lambda: socket.create_server(("127.0.0.1", 0)))
    return zeros(init_state, input_data)
