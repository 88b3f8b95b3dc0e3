"""Every hand-in of a course, whatever platform it comes from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from grader.archive import ArchiveLimits
from grader.errors import SubmissionError
from grader.handed_in.graded import RESULTS, are_results, is_own
from grader.intake.export import of_nobody, unpack_export
from grader.intake.folders import read_folders
from grader.intake.gradescope import METADATA, read_gradescope
from grader.intake.handin import COURSE_DATA, Entry, HandIn, entries_of
from grader.intake.level import alone, names_in
from grader.intake.many import looks_like_many
from grader.intake.names import Naming, shown, unique_names
from grader.intake.platforms import read_platforms
from grader.intake.sections import (
    in_section,
    refused,
    sections_among,
    unread,
    with_late_ones,
)

MAX_NOTES = 5
DOUBLE = "{} has the same id: if that is the same student, one of these grades is too many"
MAX_LEVELS = 3
"""Sections in sections."""


def arrivals(path: Path, into: Path, limits: ArchiveLimits) -> list[HandIn]:
    """The hand-ins of a course's folder or archive, by name; an archive is unpacked into ``into``.

    Archives that are sections are unpacked beside that. What of the course cannot be read is a
    hand-in with a problem. Raises SubmissionError only where the course as a whole cannot be read.
    """
    if not path.is_dir() and not path.is_file():
        raise SubmissionError(f"there is no file or folder {path}")
    if path.is_dir() and are_results(names_in(path, limits.max_files)):
        raise SubmissionError(f"{shown(path.resolve().name)} {RESULTS}")
    reader = _Reader(into, limits)
    found = reader.course(path)
    found = [_with_problems(hand_in, reader.problems) for hand_in in found]
    found += of_nobody(reader.problems, found)
    names = unique_names([_naming(hand_in) for hand_in in found])
    named = [
        replace(hand_in, arrival=hand_in.arrival.model_copy(update={"name": name}))
        for hand_in, name in zip(found, names, strict=True)
    ]
    return sorted(_with_doubles(named), key=lambda hand_in: hand_in.arrival.name)


class _Reader:
    """Reads a course, and each section as a course; keeps why which files were not unpacked."""

    def __init__(self, into: Path, limits: ArchiveLimits) -> None:
        self.problems: dict[Path, str] = {}
        self._into = into
        self._limits = limits
        self._unpacked = 0

    def course(self, path: Path, levels: int = MAX_LEVELS) -> list[HandIn]:
        """The hand-ins in a folder or an archive; of an archive that is a section, too."""
        if path.is_dir():
            path = _innermost(path, self.problems, self._limits)
        if path.is_file():
            into = self._into
            if self._unpacked:
                into = into.with_name(f"{into.name}-{self._unpacked}")
            self._unpacked += 1
            self.problems |= unpack_export(path, into, self._limits)
            path = _innermost(into, self.problems, self._limits, is_unpacked=True)
        return self._read(path, levels)

    def _read(self, folder: Path, levels: int) -> list[HandIn]:
        """The hand-ins in a folder; where it holds sections and nothing else, theirs."""
        entries = entries_of(folder, self.problems)
        if any(entry.name == METADATA for entry in entries):
            return read_gradescope(folder, entries)
        hand_ins, others = read_platforms(entries)
        names = {e: _names_in(e, self._limits) for e in others if e.is_folder}
        others = [e for e in others if e not in names or not are_results(names[e])]
        sections = sections_among(others, self._limits, alone=not hand_ins, deeper=levels > 0)
        hand_ins += [refused(entry, held) for entry, held in sections.refused.items()]
        late: list[HandIn] = []
        for section in sections.read:
            is_late = section in sections.late
            found = self._section(section, levels - 1, is_late=is_late)
            (late if is_late else hand_ins).extend(found)
        beside = [e for e in others if e not in sections.read and e not in sections.refused]
        return with_late_ones([*hand_ins, *read_folders(beside, folder)], late)

    def _section(self, section: Entry, levels: int, *, is_late: bool) -> list[HandIn]:
        try:
            found = self.course(section.path, levels)
            return [in_section(section, hand_in, is_late=is_late) for hand_in in found]
        except SubmissionError as error:
            return [unread(section, shown(str(error)))]


def _innermost(
    path: Path, problems: Mapping[Path, str], limits: ArchiveLimits, *, is_unpacked: bool = False
) -> Path:
    """The folder in a folder, or the export there, that holds the hand-ins of all.

    Exports often have one folder around all, and staff keep their class list beside an export. In
    what comes from an archive, there is no further one.
    """
    while path.is_dir():
        entries = entries_of(path, problems)
        folders = [e.name for e in entries if e.is_folder and not is_own(_names_in(e, limits))]
        only = alone([e.name for e in entries if not e.is_folder], folders)
        inner = next((e for e in entries if e.name == only), None)
        if inner is None or inner.problem or (is_unpacked and not inner.is_folder):
            break
        if not looks_like_many(inner.path, limits):
            break
        path = inner.path
    return path


def _names_in(entry: Entry, limits: ArchiveLimits) -> list[PurePosixPath]:
    return names_in(entry.path, limits.max_files)


def _with_problems(hand_in: HandIn, problems: Mapping[Path, str]) -> HandIn:
    """The hand-in, with notes on its files that were not unpacked."""
    notes = [
        f"{shown(path.name)}: {why}"
        for part in hand_in.parts
        for path, why in problems.items()
        if path.is_relative_to(part.path) and why != COURSE_DATA and why not in hand_in.problem
    ]
    if not notes:
        return hand_in
    notes = notes[:MAX_NOTES] + ["…"] * (len(notes) > MAX_NOTES)
    arrival = hand_in.arrival.model_copy(update={"notes": (*hand_in.arrival.notes, *notes)})
    return replace(hand_in, arrival=arrival)


def _with_doubles(found: Sequence[HandIn]) -> list[HandIn]:
    """The hand-ins, with a note on those that have another's id: one student in two sections."""
    of_id: dict[tuple[str, bool], list[HandIn]] = defaultdict(list)
    for hand_in in found:
        arrival = hand_in.arrival
        if arrival.student_id:
            of_id[arrival.student_id, arrival.is_school_id].append(hand_in)
    noted = []
    for hand_in in found:
        arrival = hand_in.arrival
        same = [h for h in of_id[arrival.student_id, arrival.is_school_id] if h is not hand_in]
        if same:
            names = ", ".join(other.arrival.name for other in same[:MAX_NOTES])
            note = DOUBLE.format(names)
            arrival = arrival.model_copy(update={"notes": (*arrival.notes, note)})
        noted.append(replace(hand_in, arrival=arrival))
    return noted


def _naming(hand_in: HandIn) -> Naming:
    arrival = hand_in.arrival
    return Naming(arrival.name, arrival.student_id or arrival.submission_id, hand_in.source)
