"""Makes text that came from a student harmless: no terminal escapes, no control characters."""

from __future__ import annotations

import re

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
# What XML 1.0 has no way to write, and the controls of terminals (C1, direction overrides).
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def plain(text: str) -> str:
    """``text`` without escape sequences and without characters that XML or a terminal minds."""
    return _FORBIDDEN.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n")))
