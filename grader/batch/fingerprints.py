"""What hand-ins are compared by: digests of their files, and marks of their code."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from grader.batch.keys import file_digest
from grader.handed_in.naming import MODEL
from grader.handed_in.submission import GIVEN_FOLDER, Submission
from grader.similarity import CODE, LEAST_BYTES, Fingerprint, fingerprint

MAX_FILES = 30
"""Of one hand-in, code and model first: a student's whole collection would make rows large."""


def file_digests(submission: Submission) -> dict[str, str]:
    """SHA-256 of each file that was handed in, and that says something where two have the same.

    So it is none that the course has given, nor one with next to nothing in it.
    """
    given = {file_digest(file) for file in GIVEN_FOLDER.glob("*.py")}
    says = [n for n in submission.files if _says_something(submission.folder / n)]
    names = sorted(says, key=lambda name: (not name.endswith(CODE), name != MODEL, name))
    digests = {name: file_digest(submission.folder / name) for name in names[:MAX_FILES]}
    return {name: digest for name, digest in digests.items() if digest not in given}


def fingerprints(submission: Submission, names: Iterable[str]) -> dict[str, Fingerprint]:
    """The marks of each file of code among those that were handed in."""
    code = [name for name in names if name.endswith(CODE)]
    return {name: fingerprint(_text(submission.folder / name)) for name in code}


def given_fingerprints() -> list[Fingerprint]:
    """The marks of the files that the course gives."""
    return [fingerprint(_text(file)) for file in GIVEN_FOLDER.glob("*.py")]


def _says_something(file: Path) -> bool:
    # Code is judged by its marks.
    return file.name.endswith(CODE) or file.stat().st_size >= LEAST_BYTES


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "replace")
