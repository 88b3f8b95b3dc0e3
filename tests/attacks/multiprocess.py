"""Starts workers through multiprocessing, torch and executors."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import torch.multiprocessing
from attack_kit import attempt, breach, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        attempt(method, lambda c: c.Process(target=breach, args=("child",)).start(), context)
    attempt("torch", lambda: torch.multiprocessing.Process(target=breach, args=("child",)).start())
    attempt("executor", lambda: ProcessPoolExecutor(1).submit(breach, "child").result(1))
    return zeros(init_state, input_data)
