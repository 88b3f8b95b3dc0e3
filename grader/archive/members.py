"""A file in an archive, and its content as it comes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from grader.archive.names import is_unsafe, path_of
from grader.errors import SubmissionError
from grader.handed_in.naming import readable

MOST_HIDDEN = 4
"""Times as many members as may be read."""


class ArchiveLimits(Protocol):
    """The limits that hold while an archive is read."""

    @property
    def max_files(self) -> int: ...
    @property
    def max_mb(self) -> int: ...
    @property
    def max_file_mb(self) -> int: ...
    @property
    def max_ratio(self) -> float: ...


@dataclass(frozen=True)
class Member:
    """A file in an archive; of two with the same name, the later one holds."""

    raw_name: str
    """As it stands in the archive."""
    mtime: float = 0.0
    problem: str = ""
    """Why it is not unpacked, such as that it is a link."""
    is_folder: bool = False

    @property
    def name(self) -> PurePosixPath:
        return path_of(self.raw_name)

    @property
    def is_unsafe(self) -> bool:
        return is_unsafe(self.raw_name)


Content = Iterable[bytes]
"""Chunks of a member's content; raises SubmissionError where the archive is damaged."""


def damaged(archive: Path, error: object) -> SubmissionError:
    """The error that says that an archive cannot be read to its end."""
    words = str(error).encode("utf-8", "replace").decode("utf-8")[:200]
    return SubmissionError(f"{readable(archive.name)} cannot be unpacked: {words}")


def bomb(what: str) -> SubmissionError:
    """The error for what is over ``max_ratio``."""
    return SubmissionError(
        f"{what} expands like a zip bomb; look where it comes from, and if it is honest, unpack it "
        "yourself and give the folder"
    )
