"""Canvas's download of all submissions: files named ``name_LATE_studentid_fileid_file.zip``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from grader.archive import stem_of
from grader.intake.handin import Entry, HandIn, hand_in, taken_of_several
from grader.intake.names import shown

PATTERN = re.compile(
    r"(?:(?P<name>[^_].*?)(?P<late>_LATE)?_(?P<student>\d{1,12})"
    r"|(?P<late_anonymous>LATE_)?(?P<anonymous>anon_[0-9A-Za-z]{1,12}))"
    r"(?:_(?P<upload>\d{1,12})_(?P<file>.+)|_(?P<page>text|link)\.html)",
    re.DOTALL,
)
"""As Canvas itself puts them together (lib/content_zipper.rb): in an anonymous assignment there is
no name, and of a text or a link there is a page in place of the file."""
NO_FILE = "only a {page} was handed in online, and no file"
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
    """As the student called it; '' for a page with a text or a link."""
    page: str
    again: int
    """How many times it was handed in before."""


def is_canvas(entry: Entry) -> bool:
    """Whether an entry is named as Canvas names a file; it makes no folders."""
    return not entry.is_folder and PATTERN.fullmatch(entry.name) is not None


def student_of(name: str) -> str:
    """The id of the student whose file has this name of Canvas's, or nothing."""
    match = PATTERN.fullmatch(name)
    return match["student"] or match["anonymous"] if match else ""


def read_canvas(entries: Sequence[Entry]) -> tuple[list[HandIn], list[Entry]]:
    """The hand-ins among the entries, one for each student, and the other entries."""
    students: dict[str, list[_Upload]] = defaultdict(list)
    others = []
    for entry in entries:
        match = None if entry.is_folder else PATTERN.fullmatch(entry.name)
        if match is None:
            others.append(entry)
        else:
            upload = _upload(entry, match)
            students[upload.student_id].append(upload)
    return [_student(uploads) for uploads in students.values()], others


def _upload(entry: Entry, match: re.Match[str]) -> _Upload:
    file, again = _original(match["file"] or "")
    return _Upload(
        entry,
        name=match["name"] or match["anonymous"],
        student_id=match["student"] or match["anonymous"],
        id=int(match["upload"] or 0),
        late=bool(match["late"] or match["late_anonymous"]),
        file=file,
        page=match["page"] or "",
        again=again,
    )


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
    passed_over = ", ".join(shown(u.entry.name) for u in uploads if u not in latest)
    taken = ", ".join(shown(u.entry.name) for u in latest)
    files = [upload for upload in latest if upload.file]
    first = latest[0]
    return hand_in(
        first.name,
        [(u.entry, u.file) for u in files],
        student_id=first.student_id,
        submission_id=str(next((u for u in files if not u.entry.problem), first).id or ""),
        late=any(u.late for u in latest),
        notes=(taken_of_several(taken, passed_over),) if passed_over else (),
        problem="" if files else NO_FILE.format(page=first.page),
        source=f"Canvas/{first.student_id}",
        in_order=True,
    )
