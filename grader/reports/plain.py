"""Makes text that came from a student harmless: no terminal escapes, no control characters."""

from __future__ import annotations

import re

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
# What XML 1.0 has no way to write, the controls of terminals (C1), and what shows nothing but lets
# a text look like another: marks and overrides of direction, a space without width, a byte order
# mark. The joiners of letters stay: Persian, Indic scripts and emoji are written with them.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufeff\ufffe\uffff]"
)
_SEPARATORS = re.compile("[\u2028\u2029]")
"""Unicode's own ends of a line and of a paragraph; what comes after one must not begin a line."""


def plain(text: str) -> str:
    """``text`` without escape sequences and without characters that XML or a terminal minds."""
    seen = _FORBIDDEN.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n")))
    return _SEPARATORS.sub(" ", seen)


def in_one_line(text: str) -> str:
    """The same, and the words of all lines in one."""
    return " ".join(plain(text).split())
