"""What the worker sends when student code did not answer: an exception, or something missing."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any

from grader.wire import Message

MAX_LINES = 12
MOST_LINE = 1 << 31
_name_of = type.__dict__["__name__"].__get__
"""What a class is called, whatever a student's metaclass says."""
_plain = str.__str__
"""A text as such, of a student's own kind of text, too. Raises TypeError for anything else."""
MAX_TEXT = 300
"""Characters of an exception's text: some of torch's are essays."""
MOST_OF_A_NOTE = 600
NOT_SHOWN = "its message cannot be shown"
IN_A_PACKAGE = "which works inside of a package alone"
"""In the note on a name that a relative import was to bring: it says all that there is to say."""


def absent(what: str) -> Message:
    """The thing that was asked for is not in the hand-in; ``what`` says so to the student."""
    return Message("absent", {"message": what})


def raised(error: BaseException, code_dir: str) -> Message:
    """The exception, with the lines of its traceback that are in the student's own files.

    A student's own exception may have code and values in it that end any look at it; of that its
    type is told.
    """
    try:
        return _told(error, code_dir)
    except BaseException:
        return Message("raised", {"type": _name_of(type(error)), "message": NOT_SHOWN})


def _told(error: BaseException, code_dir: str) -> Message:
    folder = _real(code_dir)
    lines = _student_lines(error, folder)
    if isinstance(error, SyntaxError) and error.filename is not None:
        lines = [*lines, *_syntax_line(error, folder)]
    return Message(
        "raised",
        {
            "type": _name_of(type(error)),
            "message": _text_of(error),
            "notes": [_plain(note)[:MOST_OF_A_NOTE] for note in _notes_of(error)],
            "memory": isinstance(error, MemoryError),
            "exit": isinstance(error, SystemExit),
            "traceback": lines,
        },
    )


def _text_of(error: BaseException) -> str:
    try:
        if isinstance(error, SyntaxError):
            return _plain(error.msg or "")
        return _shortened(_plain(str(error)))
    except BaseException:  # a student's own exception class may have a broken __str__
        return NOT_SHOWN


def _notes_of(error: BaseException) -> list[str]:
    """What was added to the exception, by this program for the most part."""
    notes = getattr(error, "__notes__", ())
    return [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []


def _shortened(text: str) -> str:
    """The beginning of a long text, if possible up to the end of a sentence."""
    if len(text) <= MAX_TEXT:
        return text
    start = text[:MAX_TEXT]
    end = 1 + max(start.rfind(". "), start.rfind(".\n"))
    return f"{start[:end] if end > MAX_TEXT // 2 else start} …"


def _student_lines(error: BaseException, code_dir: Path) -> list[dict[str, Any]]:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        _line(path.relative_to(code_dir), frame.lineno or 0, frame.name, frame.line or "")
        for frame in frames
        if (path := _real(frame.filename)).is_relative_to(code_dir)
    ]
    if len(lines) > MAX_LINES:  # an endless recursion: its first and last calls say it all
        lines = [*lines[:3], *lines[3 - MAX_LINES :]]
    return lines


def _real(filename: str) -> Path:
    """The file itself: a worker's current folder has links to the hand-in's folders."""
    return Path(os.path.realpath(filename))


def _syntax_line(error: SyntaxError, code_dir: Path) -> list[dict[str, Any]]:
    path = _real(error.filename or "")
    if not path.is_relative_to(code_dir):
        return []
    return [_line(path.relative_to(code_dir), error.lineno or 0, "", error.text or "")]


def _line(file: Path, line: int, function: str, code: str) -> dict[str, Any]:
    code = _plain(code).strip()[:200]
    return {"file": str(file), "line": min(line, MOST_LINE), "function": function, "code": code}
