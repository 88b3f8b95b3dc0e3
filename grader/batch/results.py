"""The folder in which a course's results are kept: ``<name>/row.json`` says that one is complete.

The row is written last, after the reports. A run that was killed at any moment finds, the next
time, whole rows with their reports, and nothing else counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from grader.model import Report
from grader.reports.files import (
    HTML_FILE,
    JSON_FILE,
    JUNIT_FILE,
    PARTIAL,
    STAFF_FILE,
    write_atomically,
    write_reports,
)
from grader.rows import Row

ROW_FILE = "row.json"
REPORT_FILES = (JSON_FILE, JUNIT_FILE, HTML_FILE, STAFF_FILE)


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
    # A single hand-in that was graded into the same folder has other reports, and no row.
    same = [(q.id, q.score) for q in row.questions] == [(q.id, q.score) for q in report.questions]
    return Earlier(row, report) if same else None


def write_graded(row: Row, report: Report, folder: Path) -> None:
    """Replace what is there by the results of a graded submission."""
    write_reports(report, folder)
    _write_row(row, folder)


def write_ungraded(row: Row, folder: Path) -> None:
    """Replace what is there by a row alone: earlier reports are of an earlier hand-in."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_row(row, folder)
    for name in REPORT_FILES:
        (folder / name).unlink(missing_ok=True)


def remove_partial(out: Path) -> None:
    """Remove what a run that was killed was still writing."""
    for pattern in (f"{PARTIAL}*", f"*/{PARTIAL}*"):
        for file in out.glob(pattern):
            file.unlink(missing_ok=True)


def _write_row(row: Row, folder: Path) -> None:
    write_atomically(folder / ROW_FILE, row.model_dump_json(indent=2) + "\n")
