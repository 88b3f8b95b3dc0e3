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
    """From now on, what is called in ``subprocess`` does as if what pip is asked to install were
    there; a ``Popen`` of one's own is refused as others are."""
    results: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
        "run": _completed,
        "call": lambda *_: 0,
        "check_call": lambda *_: 0,
        "check_output": lambda _, options: _nothing(options),
        "getoutput": lambda *_: "",
        "getstatusoutput": lambda *_: (0, ""),
    }
    for name, result in results.items():
        setattr(subprocess, name, _unless_installation(getattr(subprocess, name), result))


def _completed(command: Any, options: dict[str, Any]) -> subprocess.CompletedProcess[Any]:
    is_captured = options.get("capture_output")
    stdout, stderr = (
        _nothing(options) if is_captured or options.get(name) == subprocess.PIPE else None
        for name in ("stdout", "stderr")
    )
    return subprocess.CompletedProcess(command, 0, stdout, stderr)


def _nothing(options: dict[str, Any]) -> str | bytes:
    """An empty output, of the kind that was asked for."""
    is_text = any(
        options.get(name) for name in ("text", "universal_newlines", "encoding", "errors")
    )
    return "" if is_text else b""


def _unless_installation(
    function: Callable[..., Any], result: Callable[[Any, dict[str, Any]], Any]
) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        command = arguments[0] if arguments else options.get("args")
        if is_installation(command):
            return result(command, options)
        return function(*arguments, **options)

    return call
