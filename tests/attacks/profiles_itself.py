"""Runs torch's steps of the layers while a profile of its own is in the place of the watch."""

import cProfile
import sys

import attack_kit


def out_of_sight(work, *arguments):
    watch = sys.getprofile()
    found = cProfile.Profile().runcall(work, *arguments)
    sys.setprofile(watch)
    return found


def gru(*arguments):
    return out_of_sight(attack_kit.pythons_gru, *arguments)


def mha(*arguments):
    return out_of_sight(attack_kit.pythons_mha, *arguments)
