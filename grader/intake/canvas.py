"""Canvas's download of all submissions: files named ``name_LATE_studentid_fileid_file.zip``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from grader.archive import is_archive_name, stem_of
from grader.intake.handin import Entry, HandIn, hand_in, taken_of_several
from grader.intake.names import shown
from grader.naming import MAIN_FILES

PATTERN = re.compile(
    r"(?P<name>[^_].*?)(?P<late>_LATE)?_(?P<student>\d{1,12})_(?P<upload>\d{1,12})_(?P<file>.+)",
    re.DOTALL,
)
AGAIN = re.compile(r"(?P<stem>.+)-(?P<number>\d{1,3})", re.DOTALL)
"""What Canvas makes of a file's name when it is handed in again: ``hw4-1``."""


@dataclass(frozen=True)
class _Upload:
    entry: Entry
    name: str
    student_id: str
    id: int
    late: bool
    file: str
    """As the student called it."""
    again: int
    """How many times it was handed in before."""


def student_of(name: str) -> str:
    """The id of the student whose file has this name of Canvas's, or nothing."""
    match = PATTERN.fullmatch(name)
    return match["student"] if match else ""


def read_canvas(entries: Sequence[Entry]) -> tuple[list[HandIn], list[Entry]]:
    """The hand-ins among the entries, one for each student, and the other entries."""
    students: dict[str, list[_Upload]] = defaultdict(list)
    others = []
    for entry in entries:
        match = None if entry.is_folder else PATTERN.fullmatch(entry.name)
        if match is None:
            others.append(entry)
            continue
        file, again = _original(match["file"])
        late, upload = match["late"] is not None, int(match["upload"])
        student = match["student"]
        students[student].append(_Upload(entry, match["name"], student, upload, late, file, again))
    return [_student(uploads) for uploads in students.values()], others


def _original(file: str) -> tuple[str, int]:
    """The name that the student gave to a file, and how many times it came before."""
    stem = stem_of(file)
    match = AGAIN.fullmatch(stem)
    return (match["stem"] + file[len(stem) :], int(match["number"])) if match else (file, 0)


def _student(uploads: Sequence[_Upload]) -> HandIn:
    kept: dict[str, _Upload] = {}
    for upload in sorted(uploads, key=lambda u: (u.again, u.id)):
        kept[upload.file.lower()] = upload
    latest = sorted(kept.values(), key=lambda u: u.id)
    archives = [u for u in latest if is_archive_name(PurePosixPath(u.file))]
    if len(archives) > 1 and not any(u.file.lower() in MAIN_FILES for u in latest):
        good = [u for u in archives if not u.entry.problem] or archives
        latest = [u for u in latest if u is good[-1] or u not in archives]
    passed_over = ", ".join(shown(u.entry.name) for u in uploads if u not in latest)
    taken = ", ".join(shown(u.entry.name) for u in latest)
    first = latest[0]
    return hand_in(
        first.name,
        [(u.entry, u.file) for u in latest],
        student_id=first.student_id,
        submission_id=str(first.id),
        late=any(u.late for u in latest),
        notes=(taken_of_several(taken, passed_over),) if passed_over else (),
        source=first.student_id,
    )
