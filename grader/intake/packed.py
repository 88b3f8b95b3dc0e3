"""What archives hold that lie in an archive, as far as some of them say for all."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

from grader.archive import ArchiveLimits, contents, write
from grader.errors import SubmissionError
from grader.intake.level import Level
from grader.intake.many import mains_of

ENOUGH, MOST = 3, 20
"""Archives with main files that say enough, and those that are looked at to find them: each is
unpacked for that, and may hold a large model."""


def mains_in_archives(
    archive: Path, level: Level, limits: ArchiveLimits
) -> dict[str, frozenset[str]]:
    """The main files in each archive at a level of an archive, by its name.

    Only the first ones are looked at. What two of these have in common the others have, too.
    """
    names = {level.above / name: name for name in level.archives}
    seen: dict[str, frozenset[str]] = {}
    if not names:
        return seen
    with suppress(SubmissionError, OSError), tempfile.TemporaryDirectory() as folder:
        for member, content in contents(archive, limits):
            if member.name not in names:
                continue
            file = Path(folder, member.name.name)
            with suppress(SubmissionError):
                write(content, file, limits.max_file_mb << 20, member.mtime)
                seen[names[member.name]] = mains_of(file, limits)
            file.unlink(missing_ok=True)
            if sum(map(bool, seen.values())) == ENOUGH or len(seen) == MOST:
                break
    count = Counter(main for mains in seen.values() for main in mains)
    common = frozenset(main for main, number in count.items() if number > 1)
    return {name: seen.get(name, common) for name in level.archives}
