"""Reads the user's home: keys, histories, configuration."""

from pathlib import Path

import attack_targets as targets
from attack_kit import attempt, zeros

NAMES = (".ssh", ".ssh/id_rsa", ".bash_history", ".netrc", ".config", ".gitconfig", ".bashrc")


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    attempt("the home", lambda: list(Path(targets.HOME).iterdir()))
    for name in NAMES:
        path = Path(targets.HOME, name)
        attempt(name, path.read_bytes)
        attempt(name, lambda p: list(p.iterdir()), path)
    return zeros(init_state, input_data)
