"""Looks for memory that no process's size shows: memfd, shared memory, semaphores, queues."""

import ctypes
import os
from multiprocessing import shared_memory
from pathlib import Path

from attack_kit import attempt, syscall, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    attempt("memfd", os.memfd_create, "hidden")
    attempt("memfd_secret", syscall, 447, 0)
    attempt("shm_open", shared_memory.SharedMemory, None, True, 1 << 20)
    attempt("a file in /dev/shm", Path("/dev/shm/attack").write_bytes, b"1")
    attempt("shmget", syscall, 29, 0, 1 << 20, 0o1600)
    attempt("semget", syscall, 64, 0, 1, 0o1600)
    attempt("msgget", syscall, 68, 0, 0o1600)
    attempt("mq_open", syscall, 240, ctypes.c_char_p(b"attack"), 0o102, 0o600, 0)
    return zeros(init_state, input_data)
