"""What attacks share: a way to try an act and to tell, and an honest zero."""

import ctypes
import json
import os
import struct

import attack_targets as targets
import numpy as np

WIRE = 3


def breach(act):
    """Tell that an act that should be impossible was possible."""
    os.write(1, f"{targets.TOKEN} {act}\n".encode())


def attempt(name, act, *arguments):
    """Do what should be impossible; what it gives, if it was possible, is printed too."""
    try:
        result = act(*arguments)
    except Exception:
        return None
    breach(name)
    os.write(1, repr(result)[:4000].encode("utf-8", "replace") + b"\n")
    return result


def syscall(number, *arguments):
    """A raw system call; raises OSError when it fails."""
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    result = call(*[ctypes.c_long(a) if isinstance(a, int) else a for a in (number, *arguments)])
    if result == -1:
        raise OSError(ctypes.get_errno(), "it was denied")
    return result


def zeros(init_state, input_data):
    """The honest zero for ``rnn`` and ``gru``."""
    batch, steps, _ = input_data.shape
    return np.zeros((batch, steps, init_state.shape[-1])), np.zeros(init_state.shape)


def frame(op="result", arrays=(), payload=b"", **fields):
    """The bytes of a message, as a worker sends it."""
    header = json.dumps({**fields, "op": op, "arrays": list(arrays)}).encode()
    return struct.pack("<4sI", b"GRD1", len(header)) + header + payload


def send(raw):
    """Write to the grader past the worker's own code."""
    view = memoryview(raw)
    while view:
        view = view[os.write(WIRE, view) :]
