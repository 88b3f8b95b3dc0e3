"""Raises an exception whose message, name and function break terminals and XML."""

JUNK = "\x1b[2J]]></failure><testcase name='won'/>\x00\ud800\ufffe\u202e [/bold] [link=x]" * 50


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    raise type("Error\x1b[31m\ud800]]>", (Exception,), {})(JUNK)
