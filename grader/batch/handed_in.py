"""What hand-ins are compared by: digests of their files, and marks of their code."""

from __future__ import annotations

import hashlib
from pathlib import Path

from grader.similarity import CODE, Fingerprint, fingerprint
from grader.submission import GIVEN_FOLDER, Submission

MAX_FILES = 30
"""Of one hand-in, by name: a student's whole collection would only make rows large."""


def file_digests(submission: Submission) -> dict[str, str]:
    """SHA-256 of each file that was handed in, as the course has not given it."""
    given = {_digest(file) for file in GIVEN_FOLDER.glob("*.py")}
    digests = {name: _digest(submission.folder / name) for name in _names(submission)}
    return {name: digest for name, digest in digests.items() if digest not in given}


def fingerprints(submission: Submission) -> dict[str, Fingerprint]:
    """The marks of each file of code that was handed in."""
    code = [name for name in file_digests(submission) if name.endswith(CODE)]
    return {name: fingerprint(_text(submission.folder / name)) for name in code}


def given_fingerprints() -> list[Fingerprint]:
    """The marks of the files that the course gives."""
    return [fingerprint(_text(file)) for file in GIVEN_FOLDER.glob("*.py")]


def _names(submission: Submission) -> list[str]:
    return sorted(submission.files)[:MAX_FILES]


def _digest(file: Path) -> str:
    with file.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "replace")
