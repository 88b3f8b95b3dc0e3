"""Overwrites its own staged files, for the workers that come after."""

from pathlib import Path

from attack_kit import attempt, zeros

CODE = Path(__file__).resolve().parent


def append(path):
    with path.open("a") as file:
        file.write("appended")


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    attempt("code", Path(__file__).write_text, "rnn = gru = None")
    attempt("append", append, Path(__file__))
    attempt("model code", (CODE / "rnn_lm.py").write_text, "SentenceModel = None")
    attempt("cache", (CODE / "__pycache__").mkdir)
    attempt("unlink", Path(__file__).unlink)
    attempt("chmod", CODE.chmod, 0o777)
    attempt("rename", CODE.rename, CODE.with_name("gone"))
    return zeros(init_state, input_data)
