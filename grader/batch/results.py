"""The folder in which a course's results are kept: ``<name>/row.json`` says that one is complete.

The row is written last, after the reports. A run that was killed at any moment finds, the next
time, whole rows with their reports, and nothing else counts.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from grader.errors import UsageError
from grader.model import Report
from grader.reports.files import (
    PARTIAL,
    REPORT_FILES,
    write_atomically,
    write_reports,
)
from grader.rows import JSON_FILE, ROW_FILE, Row


@dataclass(frozen=True)
class Earlier:
    """What an earlier run has left of a submission."""

    row: Row
    report: Report


def read_row(folder: Path) -> Row | None:
    """The row of a submission's results, if there is a whole one that this version can read."""
    try:
        return Row.model_validate_json((folder / ROW_FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def read_earlier(folder: Path) -> Earlier | None:
    """What an earlier run left, if its row and its report go together."""
    row = read_row(folder)
    try:
        report = Report.model_validate_json((folder / JSON_FILE).read_bytes())
    except (OSError, ValidationError):
        return None
    if row is None:
        return None
    # A single hand-in that was graded into the same folder has other reports, and no row. Where
    # only the reports could be written in the end, they have more questions than the row.
    reported = {(question.id, question.score) for question in report.questions}
    known = {(question.id, question.score) for question in row.questions}
    return Earlier(row, report) if known and known <= reported else None


def lacks_reports(folder: Path) -> bool:
    """Whether one of the reports of a graded submission is missing."""
    return not all((folder / name).is_file() for name in REPORT_FILES)


def take_over(out: Path, students: Mapping[str, str]) -> None:
    """Rename the results of students whose hand-ins are called otherwise now.

    ``students`` are the ids of all students by the names of their hand-ins: when a namesake hands
    something in, both names get the ids. A folder that is there already is left as it is.
    """
    strangers = [out / name for name in others_in(out, students)]
    rows = {folder: row for folder in strangers if (row := read_row(folder)) is not None}
    by_id = {row.arrival.student_id: folder for folder, row in rows.items()}
    for name, id in students.items():
        if id and id in by_id and not os.path.lexists(out / name):
            by_id.pop(id).rename(out / name)


def others_in(out: Path, names: Collection[str]) -> list[str]:
    """The results there of hand-ins with other names, by name."""
    return sorted(
        folder.name
        for folder in out.iterdir()
        if folder.name not in names and (folder / ROW_FILE).is_file()
    )


def write_graded(row: Row, report: Report, folder: Path) -> None:
    """Replace what is there by the results of a graded submission."""
    write_reports(report, folder, row.arrival.student)
    write_atomically(folder / ROW_FILE, _text_of(row))


def write_ungraded(row: Row, folder: Path) -> None:
    """Replace what is there by a row alone: earlier reports are of an earlier hand-in."""
    write_texts({ROW_FILE: _text_of(row)}, folder)


def read_texts(folder: Path) -> dict[str, str]:
    """The files of a submission's results that are there, by name: to take to another machine."""
    files = [folder / name for name in (*REPORT_FILES, ROW_FILE)]
    return {file.name: file.read_text(encoding="utf-8") for file in files if file.is_file()}


def earlier_texts(folder: Path) -> dict[str, str]:
    """Of an earlier run's results, which are there, what ``read_earlier`` reads."""
    return {name: (folder / name).read_text(encoding="utf-8") for name in (JSON_FILE, ROW_FILE)}


def write_texts(texts: Mapping[str, str], folder: Path) -> None:
    """Replace what is there by these files of results; the row comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    reports = [name for name in REPORT_FILES if name in texts]
    for name in reports:
        write_atomically(folder / name, texts[name])
    for name in REPORT_FILES:
        if name not in texts:
            (folder / name).unlink(missing_ok=True)
    write_atomically(folder / ROW_FILE, texts[ROW_FILE])


@contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """A folder that no other run writes to, without what one that was killed was still writing.

    Raises UsageError when another run does. The lock goes with this process.
    """
    out.mkdir(parents=True, exist_ok=True)
    fd = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise UsageError(
            f"another run is writing into {out}; wait for it, or name another"
        ) from None
    try:
        _remove_partial(out)
        yield
    finally:
        os.close(fd)


def _remove_partial(out: Path) -> None:
    for pattern in (f"{PARTIAL}*", f"*/{PARTIAL}*"):
        for file in out.glob(pattern):
            if not file.is_dir():  # nothing of this program's
                file.unlink(missing_ok=True)


def _text_of(row: Row) -> str:
    return row.model_dump_json(indent=2) + "\n"
