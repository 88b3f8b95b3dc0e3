"""Runs torch's steps of the layers in threads that are started below Python's ``threading``."""

import _thread

import attack_kit


def out_of_sight(work, *arguments):
    found, done = [], _thread.allocate_lock()
    done.acquire()

    def run():
        try:
            found.append(work(*arguments))
        finally:
            done.release()

    _thread.start_new_thread(run, ())
    done.acquire()
    return found.pop()


def gru(*arguments):
    return out_of_sight(attack_kit.pythons_gru, *arguments)


def mha(*arguments):
    return out_of_sight(attack_kit.pythons_mha, *arguments)
