"""What archives hold that lie in an archive, as far as some of them say for all."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from itertools import islice
from pathlib import Path

from grader.archive import ArchiveLimits, contents, write
from grader.errors import SubmissionError
from grader.intake.level import Level
from grader.intake.many import mains_of

LOOKED_AT = 3
"""Archives of which the names are read: each is unpacked for that, and may hold a large model."""


def mains_in_some(archive: Path, level: Level, limits: ArchiveLimits) -> frozenset[str]:
    """The main files in the first archives at a level of an archive."""
    names = {level.above / name for name in level.archives}
    inner = (pair for pair in contents(archive, limits) if pair[0].name in names)
    found: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="looked-at-") as folder, suppress(SubmissionError):
        for number, (member, content) in enumerate(islice(inner, LOOKED_AT)):
            file = Path(folder, str(number), member.name.name)
            with suppress(SubmissionError):
                write(content, file, limits.max_file_mb << 20, member.mtime)
                found |= mains_of(file, limits)
    return frozenset(found)
