"""Leaves undone what code asks pip to install: no program can be started here.

A notebook's ``!pip install`` is left out, and ``os.system`` only says that it failed; what is in
``subprocess`` would raise, and end the import of a file that may need nothing of it.
"""

from __future__ import annotations

import functools
import re
import subprocess
from collections.abc import Callable, Iterable
from typing import Any

PIP = re.compile(r"(?:.*/)?pip[\d.]*")
INSTALL = "install"


def is_installation(command: object) -> bool:
    """Whether a command, in one text or in words, is pip's to install something."""
    words = command.split() if isinstance(command, str) else command
    if not isinstance(words, Iterable):
        return False
    texts = [str(word) for word in words]
    return INSTALL in texts and any(map(PIP.fullmatch, texts))


def leave_installations_undone() -> None:
    """From now on, ``subprocess`` does as if what pip is asked to install were there."""
    results: dict[str, Callable[[Any], Any]] = {
        "run": lambda command: subprocess.CompletedProcess(command, 0, "", ""),
        "call": lambda _: 0,
        "check_call": lambda _: 0,
        "check_output": lambda _: b"",
    }
    for name, result in results.items():
        setattr(subprocess, name, _unless_installation(getattr(subprocess, name), result))


def _unless_installation(
    function: Callable[..., Any], result: Callable[[Any], Any]
) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        command = arguments[0] if arguments else options.get("args")
        return result(command) if is_installation(command) else function(*arguments, **options)

    return call
