"""Files of a hand-in that its code does not find where it is graded, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from grader.archive import DATA_BYTES, ArchiveKind, is_data, is_test_table, is_visible, kind_of
from grader.handed_in.gathering import Part, names_of
from grader.handed_in.listing import Files
from grader.handed_in.naming import readable
from grader.rubric import SubmissionLimits


def left_out(
    parts: Sequence[Part], files: Files, copied: Path, limits: SubmissionLimits
) -> tuple[str, ...]:
    """The names, without folders, of what was handed in and is not in the folder ``copied``.

    Of what stayed in a tar nothing is known: to read its names takes as long as to unpack it.
    """
    tars = (ArchiveKind.TAR, ArchiveKind.TAR_GZ)
    quick = [part for part in parts if part.path.is_dir() or kind_of(part.path) not in tars]
    there = {file.name for file in copied.rglob("*")}
    names = {readable(file.name) for file in names_of(quick, files, limits)}
    return tuple(sorted(names - there))


def why_not_found(message: str, names: Iterable[str]) -> str:
    """Why a file is not there that a FileNotFoundError's message names, or ''.

    ``names`` are those of the files that were left out.
    """
    there = (name for name in names if name in message)
    named = (n for n in there if re.search(rf"(?<![\w.-]){re.escape(n)}(?![\w-])", message))
    name = next(named, "")
    if not name:
        return ""
    path = PurePosixPath(name)
    if is_test_table(path):
        why = "a table with the word test in its name is not given to it here"
    elif is_data(path):
        why = f"files of more than {DATA_BYTES >> 20} MB are not given to it here"
    elif is_visible(path):
        return f"{name} is in your hand-in, but elsewhere. Put it beside implementation.py."
    else:
        why = "files of this kind are not given to it here"
    return (
        f"{name} is in your hand-in, but {why}. Write what you need of it into the code, or into a "
        "small JSON, CSV or NumPy file."
    )
