"""Takes a better priority, and slows the grader down."""

import os

import attack_targets as targets
from attack_kit import attempt, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    attempt("nice", os.nice, -5)
    attempt("realtime", os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(10))
    for pid in targets.PIDS:
        attempt("priority", os.setpriority, os.PRIO_PROCESS, pid, 1)
        attempt("affinity", os.sched_setaffinity, pid, range(os.cpu_count()))
        attempt("scheduler", os.sched_setscheduler, pid, os.SCHED_OTHER, os.sched_param(0))
    return zeros(init_state, input_data)
