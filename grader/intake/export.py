"""Unpacks a course's export one level: the students' own archives stay as they are."""

from __future__ import annotations

import re
from pathlib import Path

from grader.archive import ArchiveLimits, contents, is_left_by_tools, write
from grader.errors import SubmissionError
from grader.intake.names import shown

NOT_NEEDED = re.compile(r"(?:.*[\W\d_])?(?:train|test)(?:[\W\d_].*)?\.csv", re.I | re.S)
"""What no hand-in is graded by: each student has the course's data once more."""


def unpack_export(archive: Path, into: Path, limits: ArchiveLimits) -> dict[Path, str]:
    """Unpack into a new folder; returns why which files, of those to be there, are not.

    Raises SubmissionError when the archive as a whole cannot be read, or is over a limit.
    """
    into.mkdir(parents=True)
    problems: dict[Path, str] = {}
    left = limits.max_mb << 20
    for number, (member, content) in enumerate(contents(archive, limits)):
        if number >= limits.max_files:
            raise SubmissionError(_over(archive, f"{limits.max_files:,} files", "max_files"))
        if member.is_unsafe:
            name = ascii(member.raw_name[:80])
            raise SubmissionError(
                f"{archive.name} has a file with the unsafe name {name}: no platform makes such; "
                "look where it comes from"
            )
        if is_left_by_tools(member.name):
            continue
        target = into.joinpath(*member.name.parts)
        if member.problem:
            problems[target] = f"it was not unpacked: {member.problem}"
            continue
        try:
            folder = target if member.is_folder else target.parent
            folder.mkdir(parents=True, exist_ok=True)
            if not member.is_folder and NOT_NEEDED.fullmatch(member.name.name) is None:
                left -= write(content, target, limits.max_file_mb << 20, member.mtime)
        except (FileExistsError, NotADirectoryError):
            problems[target] = "it was not unpacked: a file and a folder have the same name"
        except SubmissionError as error:
            problems[target] = shown(str(error))
            if target.is_file():
                target.unlink()
        if left < 0:
            raise SubmissionError(_over(archive, f"{limits.max_mb:,} MB", "max_mb"))
    return problems


def _over(archive: Path, what: str, limit: str) -> str:
    advice = f"unpack it yourself and give the folder, or raise {limit} under [intake] in a rubric"
    return f"{archive.name} has more than {what}; {advice}"
