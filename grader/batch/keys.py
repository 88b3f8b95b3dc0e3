"""What a question's result depends on: when none of it has changed, it need not be graded again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from grader.grading import MODEL_QUESTION, Request, seed_of, versions
from grader.language_model.corpus import TEST_FILE, TRAIN_FILE
from grader.modes import IsolationMode
from grader.rubric import Rubric
from grader.submission import Submission

PACKAGE = Path(__file__).resolve().parents[1]
PROGRAM_SUFFIXES = frozenset({".py", ".toml"})


@cache
def program_digest() -> str:
    """SHA-256 over the program's own files: a check that staff change is graded anew."""
    files = (file for file in PACKAGE.rglob("*") if file.suffix in PROGRAM_SUFFIXES)
    return digest_of(sorted(files))


def data_digest(data: Path, private_test: Path | None) -> str:
    """SHA-256 over the corpus that the language model is scored on."""
    files = (data / TRAIN_FILE, data / TEST_FILE, private_test)
    return digest_of(file for file in files if file is not None and file.is_file())


def digest_of(files: Iterable[Path]) -> str:
    """SHA-256 over the names and contents of files."""
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file.name}\n{file_digest(file)}\n".encode())
    return total.hexdigest()


def file_digest(file: Path) -> str:
    """SHA-256 over a file's content."""
    with file.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()


def question_keys(
    questions: Iterable[str],
    submission: Submission,
    request: Request,
    rubric: Rubric,
    mode: IsolationMode,
    data: str,
) -> dict[str, str]:
    """A key for each question of a submission; ``data`` is the corpus' digest."""
    common = [
        program_digest(),
        versions().model_dump_json(),
        submission.digest,
        rubric.digest,
        str(seed_of(request, submission)),
        str(request.claims),
        mode,
    ]
    # Where a file lies does not matter; its content is in the digest of the data.
    model = replace(request.model, private_test=None)
    of_model = [data, request.device, repr(model)]
    return {
        id: _key([id, *common, *of_model] if id == MODEL_QUESTION else [id, *common])
        for id in questions
    }


def _key(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
