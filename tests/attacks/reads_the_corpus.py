"""Reads the test sentences, by every path that may lead to them."""

from pathlib import Path

import attack_targets as targets
from attack_kit import attempt, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for path in (targets.CORPUS, targets.CORPUS.replace("/fixtures", "/./tests/../fixtures")):
        attempt("test.csv", Path(path, "test.csv").read_text)
        attempt("train.csv", Path(path, "train.csv").read_text)
        attempt("the folder", lambda p: list(Path(p).iterdir()), path)
    for name in ("test.csv", "../test.csv", "../../test.csv", "fixtures/corpus/test.csv"):
        attempt(name, Path(name).read_text)
    return zeros(init_state, input_data)
