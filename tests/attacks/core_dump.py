"""Raises the limit of core dumps and aborts."""

import contextlib
import os
import resource


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
    os.abort()
