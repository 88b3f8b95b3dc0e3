"""Changes mode, owner, times, size and attributes of files outside, and removes them."""

import os
import shutil
from pathlib import Path

import attack_targets as targets
from attack_kit import attempt, zeros


def append(path):
    with path.open("a") as file:
        file.write("appended")


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    canary = Path(targets.CANARY)
    attempt("chmod", canary.chmod, 0o777)
    attempt("chown", os.chown, canary, os.getuid(), os.getgid())
    attempt("utime", os.utime, canary, (0, 0))
    attempt("setxattr", os.setxattr, canary, "user.attack", b"1")
    attempt("truncate", os.truncate, canary, 0)
    attempt("append", append, canary)
    attempt("rename", canary.rename, targets.OUTSIDE + "/renamed")
    attempt("unlink", canary.unlink)
    attempt("mkdir", Path(targets.OUTSIDE, "made").mkdir)
    attempt("rmtree", shutil.rmtree, targets.OUTSIDE)
    attempt("rmdir", Path(targets.OUTSIDE).rmdir)
    return zeros(init_state, input_data)
