"""Finds what was handed in and copies the part that student code may see to a place of its own."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath

from grader.archive import COPY_BYTES, DATA_BYTES, is_data, stem_of
from grader.errors import SubmissionError
from grader.handed_in.from_notebooks import with_code_of_notebooks
from grader.handed_in.gathering import Part, gather, names_of
from grader.handed_in.left_out import left_out
from grader.handed_in.listing import Files, listed
from grader.handed_in.naming import (
    IMPLEMENTATION,
    MAIN_FILES,
    choose_model,
    is_model,
    readable,
    root_of,
)
from grader.handed_in.staging import Staging, is_saved_by_torch, without_empty_models
from grader.handed_in.unnamed import (
    has_implementation,
    what_could_be_it,
    with_implementation,
    without_empty,
)
from grader.handed_in.versions import is_old
from grader.rubric import SubmissionLimits

MOST_DATA = 30
"""They are copied for each worker, at most a megabyte each, and count as what it writes."""
MAINS_LISTED = ", ".join(MAIN_FILES)
GIVEN_FOLDER = Path(__file__).parent.with_name("given")
"""Files that the course gives to students, and that their code may import unasked."""


@dataclass(frozen=True)
class Submission:
    """A staged submission: the copy in ``folder`` is what workers see, under canonical names."""

    name: str
    folder: Path
    files: frozenset[str]
    digest: str
    """SHA-256 over names and contents of the staged files."""
    notes: tuple[str, ...] = field(default=())
    left_out: tuple[str, ...] = field(default=())
    """Names of files that were handed in and are not in the copy, as far as they are known."""

    def has(self, file: str) -> bool:
        return file in self.files

    @property
    def data(self) -> list[Path]:
        """Small files at the top that are neither code nor the model, at most ``MOST_DATA``."""
        top = (PurePosixPath(file) for file in sorted(self.files) if "/" not in file)
        return [self.folder / file for file in top if self._may_be_read(file)][:MOST_DATA]

    def _may_be_read(self, file: PurePosixPath) -> bool:
        """Whether code may read it from its folder; what torch has saved may be constants, too."""
        is_saved = is_model(file) and file.name not in MAIN_FILES
        return is_data(file) or (is_saved and (self.folder / file).stat().st_size <= DATA_BYTES)

    @property
    def code(self) -> list[Path]:
        """The Python files at the top that are not large, at most ``MOST_DATA``."""
        top = (file for file in sorted(self.files) if "/" not in file and file.endswith(".py"))
        small = (f for f in top if (self.folder / f).stat().st_size <= DATA_BYTES)
        return [self.folder / file for file in islice(small, MOST_DATA)]

    @property
    def folders(self) -> list[Path]:
        """The folders at the top."""
        names = {PurePosixPath(file).parts[0] for file in self.files if "/" in file}
        return [self.folder / name for name in sorted(names)]


def stage(
    handed_in: Path | Sequence[Part], into: Path, limits: SubmissionLimits, name: str = ""
) -> Submission:
    """Copy the visible files of a hand-in into the new folder ``into``.

    It is a folder, an archive, or several files. An archive among the files is opened where they
    lack a main file, or any notebook, that it has; of several the latest first, and the others for
    what is lacking then: code and model are often handed in apart. The submission is called
    ``name``, or else as what was handed in.

    The root is the shallowest folder with an ``implementation.py``, else with another of the main
    files, whatever their case, or as a copy or version of the name; they get their canonical names.
    A main file that is not there, or an implementation without any code, is taken from elsewhere
    in the hand-in, with what lies beside it for its imports, an implementation also from the one
    file that defines its functions, or else from notebooks, and a model also from a file with
    another name. So is what code imports by a name from outside of the root, or from below itself:
    ``from src.layers import gru`` in ``src/implementation.py``.

    Raises SubmissionError when there is nothing to grade, or when it is not safe to read.
    """
    if isinstance(handed_in, Path):
        path = handed_in
        if not path.exists():
            raise SubmissionError(f"there is no file or folder {path}")
        handed_in = (Part(path, path.resolve().name if path.is_dir() else path.name),)
        name = name or name_of(path)
    unpacked = into.with_name(into.name + "-unpacked")
    try:
        gathered, notes = gather(handed_in, unpacked, limits)
        filled, empty = without_empty(gathered)
        files, said, is_undecided = _with_code(filled, unpacked / "cells")
        if empty and not has_implementation(files):
            files, said, is_undecided = _with_code(gathered, unpacked / "further-cells")
        notes += empty
        root = root_of(list(files))
        if empty and root is not None and is_old(root / IMPLEMENTATION):
            # A file without code still says where the others are that are no older.
            root = root_of(list(gathered))
        if root is None:
            there = listed(names_of(handed_in, files, limits))
            lacking = f"{readable(name)} has nothing to grade: none of {MAINS_LISTED} could be read"
            words = [lacking, f"there are: {there}"] if there else [lacking]
            raise SubmissionError("; ".join((*words, *said, *notes)))
        notes += said if is_undecided else [*said, *what_could_be_it(files)]
        into.mkdir(parents=True, mode=0o755)
        files, of_models = without_empty_models(files)
        notes += of_models
        model = choose_model(list(files), lambda file: is_saved_by_torch(files[file]))
        staging = Staging(files, model, into, limits)
        staging.copy_root(root)
        staging.copy_mains(root)
        staging.copy_imported(root, gathered | files)
        submission = _submission(readable(name), into, (*notes, *staging.notes))
        return replace(submission, left_out=left_out(handed_in, gathered, into, limits))
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def name_of(handed_in: Path) -> str:
    """What a submission is called that is a folder, or one file."""
    return handed_in.resolve().name if handed_in.is_dir() else stem_of(handed_in.name)


def _with_code(files: Files, cells: Path) -> tuple[Files, list[str], bool]:
    """The files, with an implementation of another name or from notebooks where there is none;
    what is said of that; and whether it is that several files may be it."""
    files, said = with_implementation(files)
    is_undecided = bool(said) and not has_implementation(files)
    if not is_undecided:
        files, from_cells = with_code_of_notebooks(files, cells)
        said += from_cells
    return files, said, is_undecided


def _submission(name: str, into: Path, notes: tuple[str, ...]) -> Submission:
    """What was copied, with the files that the course gives."""
    for given in GIVEN_FOLDER.glob("*.py"):
        if not (into / given.name).exists():
            shutil.copyfile(given, into / given.name)
    copied = sorted(p for p in into.rglob("*") if p.is_file())
    return Submission(
        name=name,
        folder=into,
        files=frozenset(p.relative_to(into).as_posix() for p in copied),
        digest=_digest(into, copied),
        notes=notes,
    )


def _digest(folder: Path, files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        name = file.relative_to(folder).as_posix().encode("utf-8", "surrogateescape")
        digest.update(f"{len(name)} {file.stat().st_size} ".encode() + name)
        with file.open("rb") as reader:
            while chunk := reader.read(COPY_BYTES):
                digest.update(chunk)
    return digest.hexdigest()
