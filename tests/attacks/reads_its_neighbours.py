"""Reads what lies beside its code and its scratch folder, and other hand-ins."""

from pathlib import Path

import attack_targets as targets
from attack_kit import attempt, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    code, scratch = Path(__file__).resolve().parent, Path.cwd()
    for folder in (code.parent, scratch.parent, code.parent.parent, Path("/tmp"), Path("/")):
        attempt(f"list {folder}", lambda f: list(f.iterdir()), folder)
    for number in range(6):
        other = scratch.with_name(f"scratch-{number}")
        if other != scratch:
            attempt("another scratch", lambda f: list(f.iterdir()), other)
    attempt("a hand-in", Path(targets.PROJECT, "submissions/alice/implementation.py").read_text)
    attempt("hand-ins", lambda: list(Path(targets.PROJECT, "submissions").iterdir()))
    return zeros(init_state, input_data)
