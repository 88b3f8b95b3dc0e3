"""Runs torch's steps of the layers where Python (3.12 and later) tells of a line that is run."""

import sys

import attack_kit

TOOL = 3
waiting, found = [], []


def line(*_):
    while waiting:
        work, arguments = waiting.pop()
        found.append(work(*arguments))


if hasattr(sys, "monitoring"):
    event = sys.monitoring.events.LINE
    sys.monitoring.use_tool_id(TOOL, "layer")
    sys.monitoring.register_callback(TOOL, event, line)
    sys.monitoring.set_events(TOOL, event)


def out_of_sight(work, *arguments):
    waiting.append((work, arguments))
    len(())
    return found.pop()


def gru(*arguments):
    return out_of_sight(attack_kit.pythons_gru, *arguments)


def mha(*arguments):
    return out_of_sight(attack_kit.pythons_mha, *arguments)
