"""Where student code was when its time or its memory was up, in words."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.errors import CheckFailed
from grader.handed_in.submission import Submission
from grader.model import TracebackLine
from grader.raised import line_of, source_of
from grader.sandbox.stack import Frame
from grader.source import parsed

STOPPED = "When it was stopped, it was"
MOST_LINES = 12
MOST_OF_A_NAME = 100
Loop = ast.While | ast.For | ast.AsyncFor


def with_place(
    failure: CheckFailed, stack: Iterable[Frame], submission: Submission, *, quotes: bool
) -> CheckFailed:
    """The failure, with the student's own calls that had not returned, and the loop they were in.

    Without ``quotes`` names of functions are not told. A failure that has a place keeps it, and one
    where the stack has no line of the student's stays as it is.
    """
    lines = tuple(_lines(stack, submission, quotes))
    if not lines or failure.traceback:
        return failure
    told = failure.with_more(_where(lines, submission.folder))
    told.traceback = lines
    return told


def _lines(stack: Iterable[Frame], submission: Submission, quotes: bool) -> Iterator[TracebackLine]:
    folder = f"{submission.folder}{os.sep}"
    own = [(frame.file.removeprefix(folder), frame) for frame in stack]
    own = [(file, frame) for file, frame in own if file != frame.file and file in submission.files]
    for file, frame in own[-MOST_LINES:]:
        function = frame.function[:MOST_OF_A_NAME] if quotes else ""
        yield from line_of(submission.folder, file, frame.line, function)


def _where(lines: tuple[TracebackLine, ...], folder: Path) -> str:
    """The loop that code was in, which is the same at each moment; else the line.

    Loops without end are whiles, nearly all; where one calls another, the outer is named.
    """
    trees = {line.file: parsed(source_of(folder / line.file)) for line in lines}
    around = [(line.file, loop) for line in lines for loop in _loops(trees[line.file], line.line)]
    for kind in (ast.While, Loop):
        for file, loop in around:
            if isinstance(loop, kind):
                word = "while" if isinstance(loop, ast.While) else "for"
                return f"{STOPPED} in the {word} loop at line {loop.lineno} of {file}."
    return f"{STOPPED} at line {lines[-1].line} of {lines[-1].file}."


def _loops(tree: ast.Module | None, line: int) -> list[Loop]:
    """The loops that a line of a file is in, the outer ones first."""
    found = [] if tree is None else [node for node in ast.walk(tree) if isinstance(node, Loop)]
    around = [loop for loop in found if loop.lineno <= line <= (loop.end_lineno or line)]
    return sorted(around, key=lambda loop: loop.lineno)
