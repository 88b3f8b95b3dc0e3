"""Raises its own limits and changes those of the grader."""

import resource

import attack_targets as targets
from attack_kit import attempt, zeros

KINDS = ("RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE")
KEPT = resource.RLIMIT_SIGPENDING  # harmless, should this succeed
ENDLESS = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for kind in KINDS:
        number = getattr(resource, kind)
        attempt(kind, resource.setrlimit, number, ENDLESS)
        for pid in targets.PIDS:
            attempt("others'", resource.prlimit, pid, number)
            attempt("others'", lambda p, n: resource.prlimit(p, n, (1 << 20, 1 << 20)), pid, KEPT)
    return zeros(init_state, input_data)
