"""What travels to another machine, as bytes: a submission, and what its course is graded by.

Nothing is read from a shared file system. A submission is staged before it is packed, so what
travels is within the rubric's limits, holds no link, and is what a worker may see; a machine that
unpacks it has no archive of a stranger's to open.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.grading import Request
from grader.handed_in.submission import Submission
from grader.language_model.corpus import TEST_FILE, TRAIN_FILE

RUBRIC_FILE = "rubric.toml"
PRIVATE_FILE = "private.csv"

Contents = tuple[tuple[str, bytes], ...]
"""Names below a folder, sorted, and contents."""


@dataclass(frozen=True)
class Parcel:
    """A staged submission without a folder; see ``Submission``."""

    name: str
    files: Contents = field(repr=False)
    digest: str
    notes: tuple[str, ...]
    left_out: tuple[str, ...]


def pack(submission: Submission) -> Parcel:
    """Equal submissions give equal parcels."""
    names = sorted(submission.files)
    files = tuple((name, (submission.folder / name).read_bytes()) for name in names)
    return Parcel(submission.name, files, submission.digest, submission.notes, submission.left_out)


def unpack(parcel: Parcel, into: Path) -> Submission:
    """The submission again, staged in the new folder ``into``."""
    into.mkdir(mode=0o755)
    _write(parcel.files, into)
    names = frozenset(name for name, _ in parcel.files)
    return Submission(parcel.name, into, names, parcel.digest, parcel.notes, parcel.left_out)


@dataclass(frozen=True)
class CourseParcel:
    """What all submissions of a course are graded by: a request, and the files that it names."""

    request: Request
    data: str
    """The digest of the corpus."""
    files: Contents = field(repr=False)
    """Without the corpus that every copy of this program has."""


def pack_course(request: Request, data: str) -> CourseParcel:
    """A request with its files; ``data`` is the digest of the corpus."""
    files = {RUBRIC_FILE: request.rubric, PRIVATE_FILE: request.model.private_test}
    if request.data is not None:
        files |= {name: request.data / name for name in (TRAIN_FILE, TEST_FILE)}
    contents = ((name, file.read_bytes()) for name, file in sorted(files.items()) if file)
    return CourseParcel(request, data, tuple(contents))


def unpack_course(course: CourseParcel, into: Path) -> Request:
    """The request again, with its files in the new folder ``into``, which is the user's alone."""
    into.mkdir(mode=0o700)
    _write(course.files, into)
    names = {name for name, _ in course.files}
    model = course.request.model
    return replace(
        course.request,
        data=into if TEST_FILE in names else None,
        rubric=into / RUBRIC_FILE if RUBRIC_FILE in names else None,
        model=replace(model, private_test=into / PRIVATE_FILE if PRIVATE_FILE in names else None),
    )


def _write(files: Contents, folder: Path) -> None:
    for name, content in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
