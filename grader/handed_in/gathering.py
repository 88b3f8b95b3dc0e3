"""Finds the files of a hand-in, whatever it comes in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path, PurePosixPath

from grader.archive import (
    contents,
    is_archive_name,
    is_hidden,
    is_visible,
    kind_of,
    table,
)
from grader.errors import SubmissionError
from grader.handed_in.graded import RESULTS, is_own
from grader.handed_in.listing import Files, are_different, beginning, files_of, scan, two_files
from grader.handed_in.naming import MAINS, MODEL, SHOWN, by_depth, main_file, main_files, readable
from grader.handed_in.unopened import (
    Unopened,
    held_here,
    known_by,
    latest_first,
    looked_at,
    replaces,
    unopened,
)
from grader.handed_in.versions import latest_files_first
from grader.rubric import SubmissionLimits

MAX_LEVELS = 2
"""Archives inside of what was handed in: a folder may hold a zip that was zipped twice."""
MAX_OPENED = 5
"""Archives of one hand-in, and as many are looked at in each place: to read a tar's names takes as
long as to unpack it. All together may take as much room as the limits let a hand-in take."""

TOO_DEEP = (
    "{} was not opened: it is an archive in an archive in an archive; hand in the files, or one "
    "archive of them"
)
MOST_COMPARED = 4 << 20
"""Bytes of a file of code: far more than any has."""


@dataclass(frozen=True)
class Part:
    """A file or folder of a hand-in, and the name that it had for the student."""

    path: Path
    name: str
    rank: int = 0
    """Where it is known in which order parts were handed in: the later, the greater."""
    of: str = ""
    """Where a platform may have put a number to the name: the name without it."""


def gather(
    parts: Sequence[Part], unpacked: Path, limits: SubmissionLimits
) -> tuple[Files, list[str]]:
    """All files of a hand-in, those of its archives in the folder ``unpacked``, and notes.

    Raises SubmissionError where it cannot be read, or is what this program itself has written.
    """
    first = parts[0]
    if len(parts) == 1 and not _is_a_file_to_grade(first):
        files, notes = files_of(first.path, unpacked / "0", limits)
        if is_own(files):
            raise SubmissionError(f"{readable(first.name)} {RESULTS}")
    else:
        files, notes = {}, []
        for part in parts:
            if part.path.is_dir():
                inner, more = scan(part.path, limits)
                files |= {part.name / name: place for name, place in inner.items()}
                notes += more
            else:
                files[PurePosixPath(part.name)] = part.path
    named = {PurePosixPath(part.name): part for part in parts}
    return _Opener(unpacked, limits).opened(latest_files_first(files), notes, named)


def _is_a_file_to_grade(part: Part) -> bool:
    """Whether it is neither a folder nor an archive; a model that torch saved is a zip, too."""
    name = PurePosixPath(part.name)
    if part.path.is_dir() or not is_visible(name):
        return False
    return name.suffix.lower() != ".txt" or kind_of(part.path) is None


def names_of(parts: Sequence[Part], files: Files, limits: SubmissionLimits) -> list[PurePosixPath]:
    """The names of what was gathered, and of what stayed in the parts that are archives."""
    names = set(files)
    for part in parts:
        with suppress(SubmissionError):
            if part.path.is_file() and kind_of(part.path) is not None:
                names |= {m.name for m in table(part.path, limits) if not m.is_folder}
    return sorted((name for name in names if not is_hidden(name)), key=by_depth)


class _Opener:
    """Opens those archives among a hand-in's files that have what the files lack."""

    def __init__(self, unpacked: Path, limits: SubmissionLimits) -> None:
        self._unpacked = unpacked
        self._limits = limits
        self._count = 0
        self._left = limits.max_mb << 20

    def opened(
        self,
        files: Files,
        notes: Sequence[str],
        parts: Mapping[PurePosixPath, Part] | None = None,
        levels: int = MAX_LEVELS,
    ) -> tuple[Files, list[str]]:
        """The files, with those of archives among them where something is lacking: see ``stage``.

        Raises SubmissionError where there is nothing to grade but in an archive that cannot be
        read.
        """
        names = [name for name in files if is_archive_name(name)]
        if names and not levels:
            return _too_deep(names, files, notes)
        unseen = latest_first([_archive(n, files[n], (parts or {}).get(n)) for n in names])
        archives = [looked_at(archive, self._limits) for archive in unseen[:MAX_OPENED]]
        known = [archive for archive in archives if archive.problem]
        found = _Found(files, notes, unseen[MAX_OPENED:])
        for archive in latest_first(archives):
            is_old = any(replaces(later, archive) for later in known)
            known.append(archive)
            if is_old or not found.lack(archive) or self._count == MAX_OPENED:
                found.leave(archive)
                continue
            try:
                inner, more = self._open(archive, levels)
            except SubmissionError as error:
                found.refuse(archive, error)
                continue
            # What was in an archive in it is known only now.
            known[-1] = replace(archive, known_by=archive.known_by | known_by(inner))
            found.take(archive, inner, more)
        outside = _code_of(files)
        others = (_other_code(archive, outside, self._limits) for archive in archives)
        return found.in_the_end([note for notes in others for note in notes])

    def _open(self, archive: Unopened, levels: int) -> tuple[Files, list[str]]:
        self._count += 1
        place = self._unpacked / str(self._count)
        limits = self._limits.model_copy(update={"max_mb": self._left >> 20})
        try:
            inner, notes = files_of(archive.path, place, limits)
        finally:
            # Also of what was cut off at a limit.
            self._left -= sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
        return self.opened(inner, notes, levels=levels - 1)


class _Found:
    """The files of a hand-in while its archives are opened, the latest first."""

    def __init__(self, files: Files, notes: Sequence[str], closed: Sequence[Unopened]) -> None:
        """``closed``: archives that are not even looked at."""
        self._files = files
        self._have = held_here(files)
        self._notes = list(notes)
        self._of: dict[PurePosixPath, PurePosixPath] = {}
        self._taken: list[Unopened] = []
        self._errors: list[SubmissionError] = []
        self._closed = list(closed)

    def lack(self, archive: Unopened) -> bool:
        """Whether nothing to grade is there, or not all that the archive is known to hold."""
        return not self._have & MAINS or bool(archive.holds - self._have)

    def leave(self, archive: Unopened) -> None:
        """The archive stays as it is."""
        self._closed.append(archive)

    def refuse(self, archive: Unopened, error: SubmissionError) -> None:
        """The archive cannot be read."""
        self._errors.append(error)
        self.leave(replace(archive, problem=str(error)))

    def take(self, archive: Unopened, inner: Files, notes: Sequence[str]) -> None:
        """Add the files of an archive, but for what would be there twice, and its notes."""
        mains = self._have & MAINS
        new = held_here(inner) - self._have
        if mains and new:
            what = ", ".join(sorted(new))
            self._notes.append(f"{readable(str(archive.name))} was opened, too, for {what}")
        self._notes += notes
        self._taken += [archive] if new else []
        self._notes += _displaced(inner, self._files, self._of, archive.name)
        inner = _without(inner, mains)
        self._of |= dict.fromkeys(inner.keys() - self._files.keys(), archive.name)
        self._files = inner | self._files
        self._have |= new

    def in_the_end(self, notes: Sequence[str]) -> tuple[Files, list[str]]:
        """The files and all notes, further ones among them.

        Raises SubmissionError where there is nothing to grade but in what cannot be read.
        """
        if self._errors and not self._have and not _has_code(self._files):
            raise self._errors[0]
        told = [*self._notes, *notes]
        if MAINS - self._have:
            told += [
                f"{readable(str(a.name))} was not opened: {a.problem}"
                for a in self._closed
                if a.problem
            ]
        return latest_files_first(self._files), [*told, *_taken_of(self._taken, self._closed)]


def _too_deep(
    names: Sequence[PurePosixPath], files: Files, notes: Sequence[str]
) -> tuple[Files, list[str]]:
    """The files without what is in these archives among them, which lie too deep to be opened.

    Raises SubmissionError where there is nothing to grade beside them.
    """
    have = held_here(files)
    if not have and not _has_code(files):
        raise SubmissionError(TOO_DEEP.format(readable(str(names[0]))))
    more = [TOO_DEEP.format(readable(str(name))) for name in names[:SHOWN]]
    return latest_files_first(files), [*notes, *(more if MAINS - have else [])]


def _archive(name: PurePosixPath, path: Path, part: Part | None) -> Unopened:
    return unopened(name, path, part.rank, part.of) if part else unopened(name, path)


def _has_code(files: Files) -> bool:
    return any(name.suffix.lower() == ".py" for name in files)


def _without(files: Files, mains: frozenset[str]) -> Files:
    """The files but for those that would be a main file which is there already."""
    return {name: place for name, place in files.items() if not held_here([name]) & mains}


def _code_of(files: Files) -> dict[str, Path]:
    """The main files of code among the files, by the names that they should have."""
    known = [(name, *found) for name, found in main_files(files).items() if found[0] != MODEL]
    known.sort(key=lambda each: (each[2], by_depth(each[0])), reverse=True)
    return {main: files[name] for name, main, spelling in known if not spelling.is_near}


def _other_code(
    archive: Unopened, outside: Mapping[str, Path], limits: SubmissionLimits
) -> list[str]:
    """Which main files of code an archive has otherwise than they are beside it, which are graded.

    It is not unpacked for that; of several in it the one that would be graded is compared.
    """
    if archive.problem or archive.holds.isdisjoint(outside):
        return []
    inside: dict[str, tuple[tuple[object, ...], bytes]] = {}
    with suppress(SubmissionError):
        for member, content in contents(archive.path, limits):
            main, spelling = main_file(member.name.name) or ("", None)
            if main not in outside or spelling is None or member.is_folder or member.problem:
                continue
            if not is_hidden(member.name):
                found = ((spelling, by_depth(member.name)), _digest(content))
                inside[main] = min(inside.get(main, found), found)
    names = [
        PurePosixPath(main)
        for main, (_, digest) in sorted(inside.items())
        if digest != _digest([beginning(outside[main], MOST_COMPARED)])
    ]
    used = f"that outside of archives is used, not that of {readable(str(archive.name))}"
    return two_files(names, used)


def _digest(chunks: Iterable[bytes]) -> bytes:
    """Of so many bytes, or all."""
    known, left = sha256(), MOST_COMPARED
    for chunk in chunks:
        known.update(chunk[:left])
        left -= len(chunk)
        if left <= 0:
            break
    return known.digest()


def _displaced(
    inner: Files,
    files: Files,
    of: Mapping[PurePosixPath, PurePosixPath],
    archive: PurePosixPath,
) -> list[str]:
    """Which of an archive's files are left out for other ones, which ``of`` names archives of."""
    both = [name for name in inner if name in files]
    different = [name for name in both if are_different(name, inner[name], files[name])]
    notes = []
    for origin in dict.fromkeys(of.get(name) for name in different):
        mains = MAINS if origin is None else ()  # of these it is said already
        names = [n for n in different if of.get(n) == origin and n.name not in mains]
        used = f"that of {readable(str(origin))}" if origin else "that outside of archives"
        notes += two_files(names, f"{used} is used, not that of {readable(str(archive))}")
    return notes


def _taken_of(taken: Sequence[Unopened], closed: Sequence[Unopened]) -> list[str]:
    """What is said of the archives that are older; of those beside complete files nothing."""
    older = [readable(str(archive.name)) for archive in closed if not archive.problem]
    if not taken or not older:
        return []
    listed = ", ".join(older[:SHOWN]) + (", …" if len(older) > SHOWN else "")
    return [f"{readable(str(taken[0].name))} was taken, the latest archive, and not {listed}"]
