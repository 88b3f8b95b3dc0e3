"""Makes hard links to files outside, and moves files in and out."""

import os
from pathlib import Path

import attack_targets as targets
from attack_kit import attempt, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    Path("own").write_text("own")
    attempt("link in", os.link, targets.CANARY, "hard")
    attempt("link out", os.link, "own", targets.OUTSIDE + "/hard")
    attempt("link code", os.link, __file__, "code")
    attempt("move in", Path(targets.CANARY).rename, "moved")
    attempt("move out", Path("own").rename, targets.OUTSIDE + "/moved")
    attempt("move scratch", Path.cwd().rename, Path.cwd().with_name("elsewhere"))
    return zeros(init_state, input_data)
