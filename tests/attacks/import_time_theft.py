"""Tries everything at its import that it would try in a call."""

import os
from pathlib import Path

import attack_targets as targets
from attack_kit import attempt, zeros

attempt("read", Path(targets.CANARY).read_text)
attempt("write", Path(targets.OUTSIDE, "imported").write_text, "written")
attempt("fork", os.fork)
attempt("corpus", Path(targets.CORPUS, "test.csv").read_text)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    return zeros(init_state, input_data)
