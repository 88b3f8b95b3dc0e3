"""Tells what this program has written from what was handed in.

Results lie beside the hand-ins where the program runs in their folder. They hold no code, no model
and no archive, and a name alone says nothing: a student may be called ``results``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

from grader.archive import is_archive_name, is_visible
from grader.rows import JSON_FILE, JUNIT_FILE, ROW_FILE

RESULTS = "holds results of this program, not what was handed in; give the folder of the hand-ins"


def are_results(names: Iterable[PurePosixPath]) -> bool:
    """Whether the files below a folder are reports in a folder for each of several hand-ins."""
    folders: dict[str, set[str]] = defaultdict(set)
    for name in names:
        if is_visible(name) or is_archive_name(name):
            return False
        if len(name.parts) > 1:
            folders[name.parts[0]].add("/".join(name.parts[1:]))
    return bool(folders) and all(map(_is_report, folders.values()))


def is_own(names: Iterable[PurePosixPath]) -> bool:
    """The same, or whether they are the reports of one hand-in: what ``--out`` names for it."""
    found = list(names)
    return are_results(found) or are_results(PurePosixPath("one", name) for name in found)


def _is_report(files: set[str]) -> bool:
    return ROW_FILE in files or {JSON_FILE, JUNIT_FILE} <= files
