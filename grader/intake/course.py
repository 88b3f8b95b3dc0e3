"""Every hand-in of a course, whatever platform it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from grader.archive import ArchiveLimits
from grader.errors import SubmissionError
from grader.intake.export import of_nobody, unpack_export
from grader.intake.folders import read_folders
from grader.intake.graded import are_results, is_own
from grader.intake.gradescope import METADATA, read_gradescope
from grader.intake.handin import COURSE_DATA, Entry, HandIn, entries_of
from grader.intake.many import alone, looks_like_many, names_in
from grader.intake.names import Naming, shown, unique_names
from grader.intake.platforms import read_platforms
from grader.intake.sections import in_section, may_be_one, refused, sections_among

MAX_NOTES = 5


def arrivals(path: Path, into: Path, limits: ArchiveLimits) -> list[HandIn]:
    """The hand-ins of a course's folder or archive, by name; an archive is unpacked into ``into``.

    What of it cannot be read is a hand-in with a problem. Raises SubmissionError only where the
    course as a whole cannot be read.
    """
    problems: dict[Path, str] = {}
    if path.is_dir():
        path = _innermost(path, problems, limits)
    elif not path.is_file():
        raise SubmissionError(f"there is no file or folder {path}")
    if path.is_file():
        problems = unpack_export(path, into, limits)
        path = _innermost(into, problems, limits, is_unpacked=True)
    found = [_with_problems(hand_in, problems) for hand_in in _read(path, problems, limits)]
    found += of_nobody(problems, found)
    names = unique_names([_naming(hand_in) for hand_in in found])
    named = [
        replace(hand_in, arrival=hand_in.arrival.model_copy(update={"name": name}))
        for hand_in, name in zip(found, names, strict=True)
    ]
    return sorted(named, key=lambda hand_in: hand_in.arrival.name)


def _read(folder: Path, problems: Mapping[Path, str], limits: ArchiveLimits) -> Sequence[HandIn]:
    """The hand-ins in a folder; where it holds sections and nothing else, theirs."""
    entries = entries_of(folder, problems)
    if any(entry.name == METADATA for entry in entries):
        return read_gradescope(folder, entries)
    hand_ins, others = read_platforms(entries)
    others = [e for e in others if not (e.is_folder and are_results(_names_in(e, limits)))]
    sections = sections_among(others, limits)
    beside = [entry for entry in others if entry not in sections]
    if hand_ins or any(map(may_be_one, beside)):
        hand_ins += refused(sections)
    else:
        for section in sections:
            hand_ins += [in_section(section, h) for h in _read(section.path, problems, limits)]
    return [*hand_ins, *read_folders(beside, folder)]


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


def _naming(hand_in: HandIn) -> Naming:
    arrival = hand_in.arrival
    return Naming(arrival.name, arrival.student_id or arrival.submission_id, hand_in.source)
