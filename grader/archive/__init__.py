"""Reads archives that a stranger made, told by their content: zip, tar and tar.gz.

Nothing is extracted by the libraries themselves. Names are looked at first, links and devices are
never made, and sizes are counted as bytes come out, not believed from what the archive says.
"""

from grader.archive.kinds import (
    NO_ARCHIVE,
    ArchiveKind,
    is_archive_name,
    kind_of,
    stem_of,
    why_not_read,
)
from grader.archive.members import ArchiveLimits, Member
from grader.archive.names import (
    COPY_BYTES,
    DATA_BYTES,
    GIT,
    MAX_NAME,
    is_data,
    is_hidden,
    is_left_by_tools,
    is_test_table,
    is_visible,
    may_be_a_students,
    not_read,
    repository_of,
    safe_beginning,
)
from grader.archive.unpack import contents, may_be_staged, table, unpack, write

__all__ = [
    "COPY_BYTES",
    "DATA_BYTES",
    "GIT",
    "MAX_NAME",
    "NO_ARCHIVE",
    "ArchiveKind",
    "ArchiveLimits",
    "Member",
    "contents",
    "is_archive_name",
    "is_data",
    "is_hidden",
    "is_left_by_tools",
    "is_test_table",
    "is_visible",
    "kind_of",
    "may_be_a_students",
    "may_be_staged",
    "not_read",
    "repository_of",
    "safe_beginning",
    "stem_of",
    "table",
    "unpack",
    "why_not_read",
    "write",
]
