"""Reads what /proc tells of the grader: environment, command line, files, maps."""

import os
from pathlib import Path

import attack_targets as targets
from attack_kit import attempt, zeros

NAMES = "environ cmdline maps status stack mountinfo comm cgroup".split()


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    attempt("itself", Path("/proc/self/environ").read_bytes)
    for pid in (*targets.PIDS, os.getppid(), 1):
        for name in NAMES:
            attempt(name, Path(f"/proc/{pid}/{name}").read_bytes)
        for link in ("fd/3", "cwd", "root", "exe"):
            attempt(link, lambda p: list(p.iterdir()), Path(f"/proc/{pid}/{link}"))
    attempt("processes", lambda: list(Path("/proc").iterdir()))
    return zeros(init_state, input_data)
