"""Writes a reply that counts three gates of four arrays and holds fewer."""

from attack_kit import frame, send

SHORT = {"kind": "sequence", "count": 4, "items": []}


def init_gru_with_rnn(wt_h, wt_x, bias):
    send(frame(value={"kind": "sequence", "count": 3, "items": [SHORT, SHORT, SHORT]}))


def init_gru_with_long_term_memory(input_size, hidden_size):
    send(frame(value={"kind": "sequence", "count": 3, "items": []}))
