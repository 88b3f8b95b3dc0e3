"""Every hand-in of a course, whatever platform it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from grader.archive import ArchiveLimits
from grader.errors import SubmissionError
from grader.intake.canvas import read_canvas
from grader.intake.export import unpack_export
from grader.intake.folders import read_folders
from grader.intake.gradescope import METADATA, read_gradescope
from grader.intake.handin import HandIn, entries_of
from grader.intake.many import looks_like_many
from grader.intake.moodle import read_moodle
from grader.intake.names import Naming, shown, unique_names

MAX_WRAPPERS = 3
MAX_NOTES = 5


def arrivals(path: Path, into: Path, limits: ArchiveLimits) -> list[HandIn]:
    """The hand-ins of a course's folder or archive, by name; an archive is unpacked into ``into``.

    What of it cannot be read is a hand-in with a problem. Raises SubmissionError only where the
    course as a whole cannot be read.
    """
    problems: dict[Path, str] = {}
    folder = path
    if path.is_file():
        problems = unpack_export(path, into, limits)
        folder = into
    elif not path.is_dir():
        raise SubmissionError(f"there is no file or folder {path}")
    folder = _without_wrappers(folder, problems, limits)
    found = [_with_problems(hand_in, problems) for hand_in in _read(folder, problems)]
    names = unique_names([_naming(hand_in) for hand_in in found])
    named = [
        replace(hand_in, arrival=hand_in.arrival.model_copy(update={"name": name}))
        for hand_in, name in zip(found, names, strict=True)
    ]
    return sorted(named, key=lambda hand_in: hand_in.arrival.name)


def _read(folder: Path, problems: Mapping[Path, str]) -> Sequence[HandIn]:
    entries = entries_of(folder, problems)
    if any(entry.name == METADATA for entry in entries):
        return read_gradescope(folder, entries)
    from_moodle, others = read_moodle(entries)
    from_canvas, others = read_canvas(others)
    return [*from_moodle, *from_canvas, *read_folders(others, folder)]


def _without_wrappers(folder: Path, problems: Mapping[Path, str], limits: ArchiveLimits) -> Path:
    """The folder that holds the hand-ins: exports often have one folder around all."""
    for _ in range(MAX_WRAPPERS):
        entries = entries_of(folder, problems)
        if len(entries) != 1 or not entries[0].is_folder:
            break
        if not looks_like_many(entries[0].path, limits):
            break
        folder = entries[0].path
    return folder


def _with_problems(hand_in: HandIn, problems: Mapping[Path, str]) -> HandIn:
    """The hand-in, with notes on its files that were not unpacked."""
    notes = [
        f"{shown(path.name)}: {why}"
        for part in hand_in.parts
        for path, why in problems.items()
        if path.is_relative_to(part.path) and why not in hand_in.problem
    ]
    if not notes:
        return hand_in
    notes = notes[:MAX_NOTES] + ["…"] * (len(notes) > MAX_NOTES)
    arrival = hand_in.arrival.model_copy(update={"notes": (*hand_in.arrival.notes, *notes)})
    return replace(hand_in, arrival=arrival)


def _naming(hand_in: HandIn) -> Naming:
    arrival = hand_in.arrival
    return Naming(arrival.name, arrival.student_id or arrival.submission_id, hand_in.source)
