"""Looks on while others make files, and asks how much room they leave."""

import ctypes
import os

from attack_kit import attempt, syscall, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    attempt("inotify", syscall, 294, 0)
    attempt("inotify of old", syscall, 253)
    attempt("the free room", os.statvfs, "/tmp")
    attempt("the free room here", os.statvfs, ".")
    buffer = ctypes.create_string_buffer(256)
    attempt("ustat", syscall, 136, os.stat("/tmp").st_dev, buffer)
    return zeros(init_state, input_data)
