"""What archives of one hand-in say of themselves, unopened, and which of them is the latest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from grader.archive import is_hidden, is_visible, kind_of, stem_of, table, why_not_read
from grader.errors import SubmissionError
from grader.handed_in.naming import NOTEBOOK, held, without_number
from grader.rubric import SubmissionLimits

A_NOTEBOOK = "a notebook"


@dataclass(frozen=True)
class Unopened:
    """An archive, and what it says of itself where that has been looked at."""

    name: PurePosixPath
    path: Path
    made: tuple[float, ...]
    """Its rank, and times: the greater, the later."""
    of: str = ""
    """Where a platform may have put a number to the name: the name without it."""
    holds: frozenset[str] = frozenset()
    known_by: frozenset[str] = frozenset()
    """What it is compared by with another upload under the same name."""
    problem: str = ""
    """Why it cannot be read, or nothing."""


def unopened(name: PurePosixPath, path: Path, rank: int = 0, of: str = "") -> Unopened:
    """An archive that nobody has looked at."""
    return Unopened(name, path, (rank, path.stat().st_mtime, 0.0), of)


def looked_at(archive: Unopened, limits: SubmissionLimits) -> Unopened:
    """The archive with what it says of itself."""
    try:
        if kind_of(archive.path) is None:
            return replace(archive, problem=f"it {why_not_read(archive.path)}")
        members = [m for m in table(archive.path, limits) if not m.is_folder]
    except SubmissionError as error:
        return replace(archive, problem=str(error))
    newest = max((member.mtime for member in members), default=0.0)
    return replace(
        archive,
        made=(*archive.made[:2], newest),
        holds=held_here(member.name for member in members),
        known_by=known_by(member.name for member in members),
    )


def held_here(files: Iterable[PurePosixPath]) -> frozenset[str]:
    """Which main files are among the files, also under other names, and whether a notebook is."""
    names = list(files)
    return held(names) | {A_NOTEBOOK for name in names if name.suffix.lower() == NOTEBOOK}


def known_by(files: Iterable[PurePosixPath]) -> frozenset[str]:
    """The main files there; where there are none, the names of what else a worker sees."""
    names = [name for name in files if not is_hidden(name)]
    return held(names) or frozenset(name.name for name in names if is_visible(name))


def replaces(later: Unopened, archive: Unopened) -> bool:
    """Whether an archive is the student's hand-in once more, and the other is not to be graded.

    A number may be the platform's, of a name that was there already, or the student's: code in
    hw4-1.zip and the model in hw4-2.zip. By the names alone nobody can tell, but by what is inside:
    parts differ, and each has what the other lacks. Of two with the same files, or of which one has
    only some of the other's, the later one has taken the earlier one's place as a whole. So no
    model of an old version is graded with new code that came without one. Neither is an old version
    where nobody can see what is in the new one: then the student has to be asked.
    """
    if not archive.of or later.of != archive.of or later.made[0] <= archive.made[0]:
        return False
    one, other = later.known_by, archive.known_by
    is_same = not one.isdisjoint(other) and (one <= other or other <= one)
    return is_same or (bool(later.problem) and not one)


def latest_first(archives: Sequence[Unopened]) -> list[Unopened]:
    """What can be read first; then by the numbers, where names differ in nothing else."""
    numbered = [without_number(stem_of(archive.name.name)) for archive in archives]
    by_number = len({base.lower() for base, _ in numbered}) == 1

    def age(item: tuple[Unopened, tuple[str, int]]) -> tuple[object, ...]:
        archive, (_, number) = item
        rank, *times = archive.made
        return not archive.problem, rank, number if by_number else 0, *times, archive.name

    pairs = sorted(zip(archives, numbered, strict=True), key=age, reverse=True)
    return [archive for archive, _ in pairs]
