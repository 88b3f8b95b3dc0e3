"""Unpacks what is read of one hand-in's archive."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from grader.archive.kinds import ArchiveKind, is_archive_name, kind_of, why_not_read
from grader.archive.members import MOST_HIDDEN, ArchiveLimits, Content, Member
from grader.archive.names import (
    DATA_BYTES,
    MOST_DATA_BYTES,
    is_data,
    is_hidden,
    is_visible,
    not_read,
)
from grader.archive.tars import tar_members
from grader.archive.zips import zip_members
from grader.errors import SubmissionError
from grader.handed_in.naming import MAINS, by_depth, choose_model, held, may_be_a_model, readable


def contents(archive: Path, limits: ArchiveLimits) -> Iterator[tuple[Member, Content]]:
    """Every member of an archive, and its content if it is read before the next one is taken.

    Raises SubmissionError where the archive is damaged or is of no kind that is read.
    """
    kind = kind_of(archive)
    if kind is None:
        raise SubmissionError(f"{readable(archive.name)} {why_not_read(archive)}")
    return (zip_members if kind is ArchiveKind.ZIP else tar_members)(archive, limits)


def table(archive: Path, limits: ArchiveLimits) -> list[Member]:
    """The members of an archive, at most so many as the limits allow; nothing is unpacked.

    A zip has a table of them. A tar has to be read through, within the limits, too. Of what tools
    leave behind, such as an environment, there may be more, as nothing of it is read.
    """
    members = []
    read = 0
    for member, _ in contents(archive, limits):
        members.append(member)
        read += not is_hidden(member.name)
        if read > limits.max_files or len(members) > MOST_HIDDEN * limits.max_files:
            name = readable(archive.name)
            raise SubmissionError(f"{name} has more than {limits.max_files:,} files")
    return members


def unpack(archive: Path, into: Path, limits: ArchiveLimits) -> list[str]:
    """Unpack what is staged of an archive into a folder; returns notes on what was passed over.

    Raises SubmissionError and says which limit is broken, or which name is unsafe.
    """
    members = table(archive, limits)
    for member in members:
        if member.is_unsafe:
            unsafe = ascii(member.raw_name[:80])
            raise SubmissionError(
                f"the archive has a file with the unsafe name {unsafe}; look where it comes from, "
                "or unpack it yourself and give the folder"
            )
    names = [member.name for member in members if not member.is_folder]
    wanted, has_main = may_be_staged(names), bool(held(names))
    model = choose_model(sorted(wanted, key=by_depth))
    notes: list[str] = []
    left, data_left = limits.max_mb << 20, MOST_DATA_BYTES
    opens_archives = True
    for member, content in contents(archive, limits):
        name = member.name
        is_small = is_data(name) and not (model and name == model.path) and not may_be_a_model(name)
        is_further = is_archive_name(name) and has_main
        if member.is_folder or name not in wanted:
            continue
        if (is_small and data_left <= 0) or (is_further and not opens_archives):
            continue
        if member.problem:
            notes.append(not_read(name, member.problem))
            continue
        target = into.joinpath(*name.parts)
        most = min(left, limits.max_file_mb << 20, DATA_BYTES if is_small else left)
        try:
            left -= write(content, target, most, member.mtime)
        except SubmissionError as error:
            # What nobody may need must not cost what is there to grade.
            if not is_small and not is_further:
                raise
            with suppress(OSError):  # a folder may be there in its place
                target.unlink(missing_ok=True)
            # What was written and thrown away counts, or a small archive could go on for hours.
            if is_small:
                data_left -= DATA_BYTES
            else:
                opens_archives = False
                notes.append(not_read(name, error))
    return notes


def may_be_staged(names: Iterable[PurePosixPath]) -> Collection[PurePosixPath]:
    """Those of an archive's names that are worth unpacking.

    They are what a worker may see, the model whatever its ending, and, where a main file is not
    among them, further archives: some students zip twice, and some a part.
    """
    shallow_first = sorted({name for name in names if not is_hidden(name)}, key=by_depth)
    model = choose_model(shallow_first)
    wanted = {
        name
        for name in shallow_first
        if is_visible(name)
        or is_data(name)
        or (model and name == model.path)
        # Its content will tell.
        or may_be_a_model(name)
    }
    if not held(shallow_first) >= MAINS:
        wanted |= {name for name in shallow_first if is_archive_name(name)}
    return wanted


def write(content: Content, target: Path, most: int, mtime: float) -> int:
    """Write a member's content to a file, with its time; returns its size.

    Raises SubmissionError when there are more than ``most`` bytes, or something is in the way.
    """
    size = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as writer:
            for chunk in content:
                size += len(chunk)
                if size > most:
                    name = readable(target.name)
                    raise SubmissionError(
                        f"{name} in the archive is too large: over {most >> 20} MB"
                    )
                writer.write(chunk)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        in_the_way = next(path for path in (target, *target.parents) if path.exists())
        name = readable(in_the_way.name)
        raise SubmissionError(
            f"the archive has a file and a folder named {name}, so one of them is lost; ask for it "
            "packed anew"
        ) from None
    if 0 < mtime < 2**32:
        os.utime(target, (mtime, mtime))
    return size
