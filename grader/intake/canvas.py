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

PATTERN = re.compile(
    r"(?:(?P<name>[^_].*?)(?P<late>_LATE)?_(?P<student>\d{1,12})"
    r"|(?P<late_anonymous>LATE_)?(?P<anonymous>anon_[0-9A-Za-z]{1,12}))"
    r"(?:_(?P<upload>\d{1,12})_(?P<file>.+)|_(?P<page>text|link)\.html)",
    re.DOTALL,
)
"""As Canvas itself puts them together (lib/content_zipper.rb): in an anonymous assignment there is
no name, and of a text or a link there is a page in place of the file."""
TWO_READINGS = re.compile(r"\d{1,12}_.", re.DOTALL)
"""So begins a file's name that may be an upload's number as well: ``jane_12_345_6_hw4.zip`` is a
file ``6_hw4.zip`` of student 12, or ``hw4.zip`` of student 345, whose name ends in ``_12``."""
IN_DOUBT = (
    "its name can be read as that of two students, and another upload of student {} has another "
    "name; look at it by hand"
)
MAY_BE = "{name} may also be read as a file of student {id}: look whose it is"
NO_FILE = "only a {page} was handed in online, and no file"
AGAIN = re.compile(r"(?P<stem>.+)-(?P<number>\d{1,3})", re.DOTALL)
"""What Canvas makes of a file's name when it is handed in again: ``hw4-1``. Students number parts
of their work in the same way."""


@dataclass(frozen=True)
class _Upload:
    entry: Entry
    name: str
    student_id: str
    id: int
    late: bool
    called: str
    """With the number; '' for a page with a text or a link."""
    file: str
    """Without it: as the student called it, if the number is Canvas's."""
    page: str
    again: int
    """How many times it was handed in before, if the number is Canvas's."""

    @property
    def has_two_readings(self) -> bool:
        return TWO_READINGS.match(self.called) is not None

    @property
    def is_archive(self) -> bool:
        return is_archive_name(PurePosixPath(self.called))


def is_canvas(entry: Entry) -> bool:
    """Whether an entry is named as Canvas names a file; it makes no folders."""
    return not entry.is_folder and PATTERN.fullmatch(entry.name) is not None


def student_of(name: str) -> str:
    """The id of the student whose file has this name of Canvas's, or nothing."""
    match = PATTERN.fullmatch(name)
    return match["student"] or match["anonymous"] if match else ""


def name_in(name: str) -> str:
    """What a file's name of Canvas's says that the student is called, or nothing."""
    match = PATTERN.fullmatch(name)
    return match["name"] or match["anonymous"] if match else ""


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
    hand_ins = []
    for uploads in students.values():
        doubted = _doubted(uploads)
        hand_ins += [_in_doubt(upload) for upload in doubted]
        if rest := [upload for upload in uploads if upload not in doubted]:
            hand_ins.append(_student(rest))
    return hand_ins, others


def _doubted(uploads: Sequence[_Upload]) -> list[_Upload]:
    """Those that may be another student's, who has such a name as to be taken for this one."""
    sure = {upload.name for upload in uploads if not upload.has_two_readings}
    unsure = [upload for upload in uploads if upload.has_two_readings]
    if sure or len({upload.name for upload in unsure}) > 1:
        return [upload for upload in unsure if upload.name not in sure]
    return []


def _in_doubt(upload: _Upload) -> HandIn:
    problem = IN_DOUBT.format(upload.student_id)
    return hand_in(upload.entry.name, [], problem=problem, source=upload.entry.name)


def _upload(entry: Entry, match: re.Match[str]) -> _Upload:
    called = match["file"] or ""
    file, again = _original(called)
    return _Upload(
        entry,
        name=match["name"] or match["anonymous"],
        student_id=match["student"] or match["anonymous"],
        id=int(match["upload"] or 0),
        late=bool(match["late"] or match["late_anonymous"]),
        called=called,
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
    by_number = sorted(uploads, key=lambda u: (u.again, u.id))
    kept = {upload.file.lower(): upload for upload in by_number}
    latest = sorted(kept.values(), key=lambda u: u.id)
    # Whether they are parts, or were replaced, is seen in them: by whoever opens them.
    earlier = {u.called.lower(): u for u in by_number if _may_be_a_part(u, kept[u.file.lower()])}
    taken = sorted([*earlier.values(), *latest], key=lambda u: _time(u, uploads))
    passed_over = [u.entry.name for u in uploads if u not in taken]
    names = [u.entry.name for u in taken]
    files = [upload for upload in taken if upload.file]
    good = [upload for upload in latest if upload.file and not upload.entry.problem]
    first = latest[0]
    sure = [upload for upload in good if not upload.has_two_readings]
    notes = [taken_of_several(names, passed_over)] if passed_over else []
    notes += [
        MAY_BE.format(name=shown(u.entry.name), id=u.id) for u in files if _is_odd(u, uploads)
    ]
    return hand_in(
        first.name,
        [(u.entry, u.called if u.is_archive else u.file) for u in files],
        student_id=first.student_id,
        submission_id=str((sure or good or latest)[0].id or ""),
        other_ids=sorted({str(u.id) for u in uploads if u.has_two_readings}),
        late=any(u.late for u in latest),
        notes=notes,
        problem="" if files else NO_FILE.format(page=first.page),
        source=f"Canvas/{first.student_id}",
        in_order=True,
        of={u.called: u.file.lower() for u in files if u.is_archive},
    )


def _is_odd(upload: _Upload, uploads: Sequence[_Upload]) -> bool:
    """Whether it may be another student's, and not all of this one's may."""
    return upload.has_two_readings and not all(u.has_two_readings for u in uploads)


def _may_be_a_part(upload: _Upload, latest: _Upload) -> bool:
    """Whether an archive may be a part of the same hand-in as the latest one of its name."""
    are_read = not upload.entry.problem and not latest.entry.problem
    return are_read and upload.is_archive and upload.again < latest.again


def _time(upload: _Upload, uploads: Sequence[_Upload]) -> tuple[int, int]:
    """The greater, the later: by id, but among uploads of one name by the number."""
    same = [u for u in uploads if u.file.lower() == upload.file.lower()]
    return max(u.id for u in same if u.again <= upload.again), upload.again
