"""Unpacks a course's export one level: the students' own archives stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from grader.archive import (
    DATA_BYTES,
    ArchiveLimits,
    Member,
    contents,
    is_left_by_tools,
    is_test_table,
    repository_of,
    safe_beginning,
    write,
)
from grader.errors import SubmissionError
from grader.intake.handin import COURSE_DATA, HandIn, hand_in
from grader.intake.names import shown

UNSAFE = "it was not unpacked: it has the unsafe name"
TRAINING_DATA = re.compile(r"(?:.*[\W\d_])?train(?:[\W\d_].*)?\.csv", re.I | re.S)


def unpack_export(archive: Path, into: Path, limits: ArchiveLimits) -> dict[Path, str]:
    """Unpack into a new folder; returns why which files, of those to be there, are not.

    Of a repository's history an empty folder stays, by which the repository is known.
    A file of an unsafe name is where its folders first lead up. Raises SubmissionError when the
    archive as a whole cannot be read, is over a limit, or has a name that is unsafe from its start.
    """
    into.mkdir(parents=True)
    problems: dict[Path, str] = {}
    left = limits.max_mb << 20
    for number, (member, content) in enumerate(contents(archive, limits)):
        if number >= limits.max_files:
            raise SubmissionError(_over(archive, f"{limits.max_files:,} files", "max_files"))
        if member.is_unsafe:
            name = ascii(member.raw_name[:80])
            beginning = safe_beginning(member.raw_name)
            if beginning is None:
                words = "no platform makes such; look where it comes from"
                raise SubmissionError(
                    f"{archive.name} has a file with the unsafe name {name}: {words}"
                )
            # An odd name in one student's folder is no reason to grade nobody.
            problems[into / beginning] = f"{UNSAFE} {name}; look where it comes from"
            continue
        if is_left_by_tools(member.name):
            _keep_repository(member, into)
            continue
        target = into.joinpath(*member.name.parts)
        if member.problem:
            problems[target] = f"it was not unpacked: {member.problem}"
            continue
        try:
            folder = target if member.is_folder else target.parent
            folder.mkdir(parents=True, exist_ok=True)
            if member.is_folder:
                continue
            wanted = _wanted(member, content)
            if wanted is None:
                problems[target] = COURSE_DATA
            else:
                left -= write(wanted, target, limits.max_file_mb << 20, member.mtime)
        except (FileExistsError, NotADirectoryError):
            problems[target] = "it was not unpacked: a file and a folder have the same name"
        except SubmissionError as error:
            problems[target] = shown(str(error))
            if target.is_file():
                target.unlink()
        if left < 0:
            raise SubmissionError(_over(archive, f"{limits.max_mb:,} MB", "max_mb"))
    return problems


def of_nobody(problems: Mapping[Path, str], found: Sequence[HandIn]) -> list[HandIn]:
    """Rows for files of an unsafe name that lie in nobody's folder: none is lost unseen."""
    theirs = [part.path for each in found for part in each.parts]
    return [
        hand_in(place.name, [], problem=why, source=str(place))
        for place, why in problems.items()
        if why.startswith(UNSAFE) and not any(place.is_relative_to(path) for path in theirs)
    ]


def _wanted(member: Member, content: Iterable[bytes]) -> Iterable[bytes] | None:
    """What is to be written of a file; nothing of the course's data, which each student has again.

    That is a test table, and a table of training data that is too large for a worker to be given
    it. What code may read its constants from is small.
    """
    if is_test_table(member.name):
        return None
    if TRAINING_DATA.fullmatch(member.name.name) is None:
        return content
    start = bytearray()
    for chunk in content:
        start += chunk
        if len(start) > DATA_BYTES:
            return None
    return [bytes(start)]


def _keep_repository(member: Member, into: Path) -> None:
    place = None if member.problem else repository_of(member.name)
    if place is not None:
        with suppress(OSError):  # where a file is in its place, there is none
            into.joinpath(*place.parts).mkdir(parents=True, exist_ok=True)


def _over(archive: Path, what: str, limit: str) -> str:
    advice = f"unpack it yourself and give the folder, or raise {limit} under [intake] in a rubric"
    return f"{archive.name} has more than {what}; {advice}"
