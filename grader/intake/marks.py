"""Whom the names in a folder tell apart that a platform itself has given."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

from grader.archive import is_archive_name, is_visible
from grader.handed_in.naming import is_model
from grader.intake.blackboard import student_in
from grader.intake.brightspace import upload_of
from grader.intake.canvas import name_in
from grader.intake.gradescope import METADATA
from grader.intake.moodle import participant_of


def marked(files: Sequence[str], folders: Collection[str]) -> frozenset[str]:
    """The students, or folders of theirs, whom a platform's marks name; none where there are none.

    Gradescope's mark is its table, Moodle's and Blackboard's a word in the names, Brightspace's two
    numbers before and a time after the name of a folder. Canvas's names
    look like those that training gives to its files, ``lstm_256_128_best.pt``: so all that workers
    see has to have such a name, models say nothing, and numbers alone tell nobody apart.
    """
    if METADATA in files:
        return frozenset(folders)
    participants = {id for name in (*files, *folders) if (id := participant_of(name))}
    participants |= {whose for name in files if (whose := student_in(name))}
    participants |= {id for name in folders if (id := upload_of(name))}
    handed_in = [file for file in files if _may_be_handed_in(PurePosixPath(file))]
    students = {name_in(file) for file in handed_in if not is_model(PurePosixPath(file))}
    if not all(map(name_in, handed_in)):
        return frozenset(participants)
    return frozenset(participants | students)


def _may_be_handed_in(file: PurePosixPath) -> bool:
    return is_visible(file) or is_archive_name(file)
