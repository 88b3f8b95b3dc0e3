"""Writes reports so that a reader never meets half of one."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex

from grader.model import Report
from grader.reports.html import to_html
from grader.reports.junit import to_junit
from grader.rows import JSON_FILE, JUNIT_FILE

HTML_FILE = "report.html"
PARTIAL = ".partial-"
"""What the name of a file begins with that is still being written."""
STAFF_FILE = "staff.html"
"""The same page with what students do not see; ``report.json`` has that, too."""


REPORT_FILES = (JSON_FILE, JUNIT_FILE, HTML_FILE, STAFF_FILE)


def write_reports(report: Report, folder: Path, name: str = "") -> None:
    """Write the report in every format into ``folder``, which is made if need be.

    ``name`` is the student's own, for the pages' titles; '': the submission's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / JSON_FILE, report.model_dump_json(indent=2) + "\n")
    write_atomically(folder / JUNIT_FILE, to_junit(report))
    write_atomically(folder / HTML_FILE, to_html(report, name=name))
    write_atomically(folder / STAFF_FILE, to_html(report, staff=True, name=name))


def write_atomically(file: Path, text: str) -> None:
    """Replace the file by ``text`` as a whole: at any moment it is the old one or the new one.

    That holds when this process is killed; a machine that loses power may lose the last files.
    """
    temporary = file.with_name(f"{PARTIAL}{token_hex(8)}")
    try:
        with temporary.open("x", encoding="utf-8") as writer:
            writer.write(text)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
