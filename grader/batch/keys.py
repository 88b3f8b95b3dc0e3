"""What a question's result depends on: when none of it has changed, it need not be graded again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path

from grader.grading import MODEL_QUESTION, Request, seed_of, versions
from grader.handed_in.listing import beginning
from grader.handed_in.naming import CODE_SUFFIXES, MODEL, MODEL_CODE, NOTEBOOK
from grader.handed_in.submission import Submission
from grader.language_model.corpus import TEST_FILE, TRAIN_FILE
from grader.modes import IsolationMode
from grader.rubric import Rubric
from grader.worker.model_code import MODEL_CLASS

PACKAGE = Path(__file__).resolve().parents[1]
PROGRAM_SUFFIXES = frozenset({".py", ".toml"})
WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
MOST_CODE = 4_000_000
"""Bytes of a file in which packages are looked for: notebooks may have large pictures."""
UNNAMED_PACKAGES = frozenset({"safetensors"})
"""What decides a result though no code of a student's names it: models are saved in its format."""


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


def packages_of(submission: Submission) -> dict[str, str]:
    """The installed packages that the code of a submission names, and their versions.

    Any word counts, also in a notebook's text: to grade once more when such a package comes or
    changes costs little, and a result that stays when it does would be wrong.
    """
    here = installed_packages()
    known, names = {name.encode() for name in here}, {*UNNAMED_PACKAGES}
    for file in submission.files:
        if file.lower().endswith(CODE_SUFFIXES):
            code = beginning(submission.folder / file, MOST_CODE)
            # Only those that are known are kept: a file may have a million words.
            words = (found[0] for found in WORD.finditer(code))
            names |= {word.decode() for word in words if word in known}
    return {
        name: ", ".join(f"{each} {installed_version(each)}" for each in sorted(here[name]))
        for name in sorted(names & here.keys())
    }


@cache
def installed_version(package: str) -> str:
    """The version of an installed package; its file takes 1 ms to read, in each hand-in."""
    return version(package)


@cache
def installed_packages() -> Mapping[str, frozenset[str]]:
    """What is installed here, by the names that code imports."""
    # A package that was half removed has no name.
    return {name: frozenset(filter(None, d)) for name, d in packages_distributions().items()}


def question_keys(
    questions: Iterable[str],
    submission: Submission,
    request: Request,
    rubric: Rubric,
    mode: IsolationMode,
    data: str,
) -> dict[str, str]:
    """A key for each question of a submission; ``data`` is the corpus' digest.

    What the notebooks show is in no key: it changes no points, and is made of results that are
    there.
    """
    common = [
        program_digest(),
        versions().model_dump_json(),
        json.dumps(packages_of(submission)),
        submission.digest,
        rubric.digest,
        str(seed_of(request, submission)),
        mode,
    ]
    # The made-up sentences can be given as the course's own: then their points are final.
    of_model = [data, str(request.data is None)]
    if may_have_model(submission):
        # Where a file lies does not matter; its content is in the digest of the data.
        of_model += [request.device, repr(replace(request.model, private_test=None))]
    return {
        id: _key([id, *common, *of_model] if id == MODEL_QUESTION else [id, *common])
        for id in questions
    }


def may_have_model(submission: Submission) -> bool:
    """Whether a submission has a model, or code that one may be trained from.

    Where it has not, it does not matter how it would be loaded, trained or scored. Other Python
    files have a model's code only where they name its class.
    """
    if submission.has(MODEL) or submission.has(MODEL_CODE):
        return True
    code = [file for file in submission.files if file.lower().endswith(CODE_SUFFIXES)]
    return any(
        file.lower().endswith(NOTEBOOK)
        or MODEL_CLASS.encode() in beginning(submission.folder / file, MOST_CODE)
        for file in code
    )


def _key(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
