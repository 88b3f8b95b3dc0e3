"""What student code raised, in words: which exception, where, and what may help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from grader.defined_elsewhere import name_meant, where_defined, where_module, where_set
from grader.errors import CheckFailed
from grader.handed_in.left_out import why_not_found
from grader.handed_in.submission import Submission
from grader.model import Outcome, TracebackLine
from grader.remedies import STANDARD_IMPORT, remedy_for
from grader.wire import Message, sequence, text
from grader.worker.failures import IN_A_PACKAGE, MOST_OF_A_NOTE

AT_THE_TOP = (
    "A test at the top level of a file ends its import, and with it all that is graded: put it "
    "under if __name__ == '__main__', or take it out."
)
OWN_ASSERT = (
    "That is an assert of your own: print what it compares. It must hold for other sizes than the "
    "notebook's, too."
)
BUILDING = "Building"
OF_A_MODEL = ("The model", "Loading", BUILDING, "Training", "Validating")
"""So begins what is being done, where it is done with a language model."""
ASSERT_OF_A_MODEL = (
    "That is an assert of your own: it must hold for each sentence of the data, for the first "
    "characters of one alone, and for any number of them at once."
)
ASSERT_OF_BUILDING = (
    "That is an assert of your own: it must hold for the counts of the characters of other data, "
    "too."
)
AROUND_CODE = (
    "The file has lines of ```, as a text has around its code: keep the code alone, without them "
    "and without the text."
)
_FENCE = re.compile(r"^```", re.MULTILINE)
_FROM = re.compile(r"cannot import name '\w+' from '(?P<module>\w+)' \((?P<file>.*)\)$")
NO_PYTHON = frozenset(("SyntaxError", "IndentationError", "TabError"))
CODE = ".py"
MOST_OF_A_LINE = 300
MAX_SOURCE_BYTES = 1 << 20
MOST_NOTES = 5
"""Of those that are added to an exception."""
MOST_LINES = 20
"""Of a traceback."""


def failure_in(reply: Message, doing: str, submission: Submission, *, quotes: bool) -> CheckFailed:
    """The failure that a worker's reply tells of, with a remedy where one is known.

    ``doing`` is what raised it. Without ``quotes`` neither its words nor names of functions are
    told: code can put what it was given into both.
    """
    lines = tuple(_traceback(reply, submission, quotes))
    where = f" (line {lines[-1].line} of {lines[-1].file})" if lines else ""
    if reply.fields.get("exit") is True:
        message = f"{doing} called sys.exit or exit instead of going on{where}; remove that call."
        return CheckFailed(Outcome.EXCEPTION, message, traceback=lines)
    memory = reply.fields.get("memory") is True
    outcome = Outcome.OUT_OF_MEMORY if memory else Outcome.EXCEPTION
    if not quotes:
        message = (
            f"{doing} raised an exception{where}. It did not with made-up input; its message "
            "is not shown, because it could hold test sentences."
        )
        return CheckFailed(outcome, message, traceback=lines)
    kind = text(reply.fields.get("type"), 100)
    message = text(reply.fields.get("message"), 1000).strip()
    remedy = remedy_for(kind, message, lines[-1].code if lines else "")
    if kind == "SyntaxError" and lines and message == "invalid syntax":
        source = source_of(submission.folder / lines[-1].file)
        remedy = AROUND_CODE if _FENCE.search(source) else remedy
    if kind == "ImportError" and (shadowed := _shadowing(message, submission)):
        message, remedy = message.partition(" (")[0], shadowed
    if kind == "AssertionError" and lines and lines[-1].function == "<module>":
        remedy = remedy or AT_THE_TOP
    elif kind == "AssertionError" and lines and lines[-1].code.startswith("assert"):
        remedy = remedy or _advice_on_an_assert(doing)
    notes = [text(n, MOST_OF_A_NOTE) for n in sequence(reply.fields.get("notes"), MOST_NOTES)]
    for words in (*notes, message) if kind in {"FileNotFoundError", "NameError"} else ():
        remedy = why_not_found(words, submission.left_out) or remedy
    if kind == "ModuleNotFoundError":
        remedy = where_module(message, submission.files) or remedy
    if kind == "NameError" and lines and lines[-1].file.endswith(".py"):
        known = "" if notes else where_set(message, submission.folder / lines[-1].file)
        remedy = known or _remedy_for_a_name(message, lines[-1], remedy, submission)
        remedy = "" if any(IN_A_PACKAGE in note for note in notes) else remedy
    what = ": ".join(filter(None, (kind, message)))
    said = f"{doing} raised {what}{where}"
    if kind in NO_PYTHON and lines and doing.startswith(OF_A_MODEL):
        said = f"Python cannot read {lines[-1].file}: {what}{where}"
    # Some of torch's messages end with a full stop, and are not the end here.
    told = ". ".join(filter(None, (said.rstrip("."), *notes, remedy))) if notes or remedy else said
    return CheckFailed(outcome, told, traceback=lines)


def _remedy_for_a_name(
    message: str, line: TracebackLine, remedy: str, submission: Submission
) -> str:
    """What may help where the name in a NameError's message is not known in a line: the ``remedy``
    that is known from its words, or what the hand-in has by that name, or nearly."""
    if place := where_defined(message, line.file, submission.folder, submission.files):
        return place if remedy.startswith(STANDARD_IMPORT) else f"{remedy} {place}".lstrip()
    return remedy or name_meant(message, submission.folder / line.file, line.line)


def _advice_on_an_assert(doing: str) -> str:
    if not doing.startswith(OF_A_MODEL):
        return OWN_ASSERT
    return ASSERT_OF_BUILDING if doing.startswith(BUILDING) else ASSERT_OF_A_MODEL


def _traceback(reply: Message, submission: Submission, quotes: bool) -> Iterator[TracebackLine]:
    """The lines that a worker names, with their code from the grader's own copy of the file."""
    for line in sequence(reply.fields.get("traceback"), MOST_LINES):
        if not isinstance(line, dict) or type(line.get("line")) is not int:
            continue
        file, number = text(line.get("file"), 200), line["line"]
        if file not in submission.files:
            continue
        function = text(line.get("function"), 100) if quotes else ""
        yield from line_of(submission.folder, file, number, function)


def line_of(folder: Path, file: str, number: int, function: str) -> Iterator[TracebackLine]:
    """A line of a file of the hand-in, with its code; nothing where a Python file has none of that
    number, which a worker can say to tell something else."""
    lines = _lines_of(source_of(folder / file))
    if file.endswith(CODE) and not 1 <= number <= len(lines):
        return
    code = lines[number - 1].strip()[:MOST_OF_A_LINE] if number <= len(lines) else ""
    yield TracebackLine(file=file, line=number, function=function, code=code)


def _shadowing(message: str, submission: Submission) -> str:
    """What to do where a file of the hand-in has the name of a module that comes before it."""
    found = _FROM.match(message)
    if found is None or f"{found['module']}.py" not in submission.files:
        return ""
    if found["file"].startswith(str(submission.folder)):
        return ""
    return (
        f"Python or a library has a module {found['module']}, which comes before the hand-in's "
        f"{found['module']}.py, in the notebook as well: give that file another name."
    )


def source_of(file: Path) -> str:
    """The text of a Python file; '' for other files and those that are too long to be read."""
    if file.suffix != CODE or file.stat().st_size > MAX_SOURCE_BYTES:
        return ""
    return file.read_text("utf-8", "replace")


def _lines_of(source: str) -> list[str]:
    """Python's own lines, which end at no form feed."""
    return re.split(r"\r\n|\r|\n", source)
