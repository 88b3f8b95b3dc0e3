"""Makes the copy of a hand-in that student code may see, under canonical names."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from grader.archive import COPY_BYTES, DATA_BYTES, is_data, is_visible
from grader.errors import SubmissionError
from grader.handed_in.imported import imported_names, out_of_sight
from grader.handed_in.listing import Files, are_different, beginning, listed, two_files
from grader.handed_in.naming import (
    MAIN_FILES,
    MODEL,
    MODEL_STEM,
    ModelChoice,
    Spelling,
    is_model,
    main_file,
    main_files,
    readable,
    with_usual_suffix,
)
from grader.regular import open_regular, unreadable
from grader.rubric import SubmissionLimits

HEAD_BYTES = 512
INSIDE = (b"/data.pkl", b"/constants.pkl")
"""What the first names are in a zip that torch writes."""
PICKLE = re.compile(rb"\x80[\x02-\x05]")
SAFETENSORS = re.compile(rb".{3}\x00{5}\{", re.DOTALL)


class Staging:
    """The copy while it is made, in a new folder, and what is to be said of it.

    ``model`` is what is taken for the model where no file has its name.
    """

    def __init__(
        self, files: Files, model: ModelChoice | None, into: Path, limits: SubmissionLimits
    ) -> None:
        self.notes: list[str] = []
        self._files = files
        self._model = model
        self._into = into
        self._limits = limits
        self._bytes = 0
        self._mains = main_files(files)
        self._targets = {main for main, _ in self._mains.values()} | ({MODEL} if model else set())
        self._seen = [file for file in files if self._is_seen(file)]
        self._seen += self._named_in_code()

    def copy_root(self, root: PurePosixPath) -> None:
        """Copy what lies below the root; one that is named exactly comes before its copies.

        The main files come first: what lies in a folder of such a name is left out.
        """
        below = _below(root, self._seen)
        mains = {file for file in below if file in self._mains and file.parent == root}
        in_files = []
        for file in sorted(below, key=lambda file: (file not in mains, self._spelling(file))):
            target, note = self._canonical(file, root)
            self.notes += [note] if note else []
            if target is not None and self._is_below_a_file(target):
                in_files.append(file.relative_to(root))
            elif target is not None:
                self._copy(self._files[file], target)
        self.notes += _in_files([name for name in in_files if root / name not in self._mains])

    def copy_mains(self, root: PurePosixPath) -> None:
        """Copy the main files that are not below the root, with what lies beside them."""
        for main in MAIN_FILES:
            found = [file for file, (name, _) in self._mains.items() if name == main]
            found.sort(key=self._spelling)
            if found and not (self._into / main).exists():
                self._copy_from_elsewhere(found[0], main)
            else:
                others = [file for file in found if file.parent != root]
                beside = [file for file in found if file.parent == root]
                others += [file for file in beside[1:] if self._spelling(file).how > 1]
                others = [file for file in others if not self._is_imported(file, main)]
                graded = beside[0] if beside else PurePosixPath(main)
                self.notes += [_not_graded(graded, others)] if others else []
        if self._model and not (self._into / MODEL).exists():  # as a folder
            self.notes.append(readable(self._model.note))
            self._copy(self._files[self._model.path], self._into / MODEL)

    def copy_imported(self, root: PurePosixPath, files: Files) -> None:
        """Copy what code imports and would not find, as it lay outside of the root.

        ``files`` has all under their own names, also what was copied under another.
        """
        seen = [file for file, place in files.items() if _may_be_seen(file, place)]
        # A model is large, and nothing that is imported.
        lost = out_of_sight([file for file in seen if not is_model(file)], root)
        have = {place.name.removesuffix(".py") for place in self._into.iterdir()}
        lost = {name: there for name, there in lost.items() if name not in have}
        in_files = []
        waiting = sorted(self._into.rglob("*.py")) if lost else []
        while waiting:
            for name in sorted(imported_names(waiting.pop()) & lost.keys()):
                for file, target in lost.pop(name).items():
                    if self._is_below_a_file(self._into / target):
                        in_files.append(file)
                        continue
                    self._copy(files[file], self._into / target)
                    waiting += [self._into / target] if file.suffix == ".py" else []
        self.notes += _in_files(in_files)

    def _is_seen(self, file: PurePosixPath) -> bool:
        """Whether student code may see a file under its own name."""
        is_taken = self._model is not None and file == self._model.path
        return not is_taken and _may_be_seen(file, self._files[file])

    def _named_in_code(self) -> list[PurePosixPath]:
        """What is taken for the model and may be constants that code reads by the file's name."""
        if self._model is None or main_file(self._model.path.name) is not None:
            return []
        file = self._model.path
        code = [place for name, place in self._files.items() if name.suffix.lower() == ".py"]
        is_named = any(os.fsencode(file.name) in beginning(place, DATA_BYTES) for place in code)
        is_small = self._files[file].stat().st_size <= DATA_BYTES
        return [file] if is_named and is_small else []

    def _is_imported(self, file: PurePosixPath, main: str) -> bool:
        """Whether a file of a like name, such as ``implementation_rnn.py``, is a part of the main
        file."""
        return main != MODEL and file.stem in imported_names(self._into / main)

    def _spelling(self, file: PurePosixPath) -> Spelling:
        return self._mains[file][1] if file in self._mains else Spelling(0)

    def _copy_from_elsewhere(self, file: PurePosixPath, main: str) -> None:
        place = file.parent
        folder = f"the folder {readable(str(place))}" if place.name else "the top folder"
        self.notes.append(f"{main} was taken from {folder}")
        self._copy(self._files[file], self._into / main)
        beside = _below(place, self._seen) if main != MODEL else []
        displaced, in_files = [], []
        for other in (f for f in beside if f not in self._mains):
            target = self._into / with_usual_suffix(other.relative_to(place))
            if self._is_below_a_file(target):
                in_files.append(other.relative_to(place))
            elif not target.exists():
                self._copy(self._files[other], target)
            elif are_different(other, self._files[other], target):
                displaced.append(other.relative_to(place))
        where = f"that of {folder} is not used"
        self.notes += two_files(displaced, where) + _in_files(in_files)

    def _canonical(self, file: PurePosixPath, root: PurePosixPath) -> tuple[Path | None, str]:
        """Where a file is copied to, if at all, and a note when that is not its own name."""
        target, note = self._into / with_usual_suffix(file.relative_to(root)), ""
        if file in self._mains and file.parent == root:
            main, spelling = self._mains[file]
            if spelling.how == 1 or (spelling.how and not (self._into / main).exists()):
                target, note = self._into / main, f"{readable(file.name)} was read as {main}"
        if target.exists():
            left_out = f"{readable(str(file.relative_to(root)))} was left out"
            return None, f"{left_out}: another file has the same name but for its case"
        return target, note

    def _is_below_a_file(self, target: Path) -> bool:
        """Whether a folder that it would lie in is a file of the copy, or is to be a main file."""
        folders = target.relative_to(self._into).parents
        return any(str(f) in self._targets or (self._into / f).is_file() for f in folders)

    def _copy(self, source: Path, target: Path) -> None:
        self._bytes += _copied(source, target, self._limits, self._bytes)


def is_saved_by_torch(file: Path) -> bool:
    """Whether a file begins as those do that torch, pickle or safetensors write."""
    head = beginning(file, HEAD_BYTES)
    if head.startswith(b"PK"):
        return any(name in head for name in INSIDE)
    return PICKLE.match(head) is not None or SAFETENSORS.match(head) is not None


def without_empty_models(files: Files) -> tuple[Files, list[str]]:
    """The files but for each ``rnn_lm.sav`` of no bytes, as an upload that broke off leaves it,
    where another file is a model; and what is said of that."""
    named = [file for file in files if file.name.lower() == MODEL]
    empty = [file for file in named if files[file].stat().st_size == 0]
    kept = {file: place for file, place in files.items() if file not in empty}
    others = [file for file in kept if is_model(file) or file.stem.startswith(MODEL_STEM)]
    if not empty or not any(is_saved_by_torch(kept[file]) for file in others):
        return files, []
    return kept, [f"{readable(str(file))} is empty" for file in empty]


def _not_graded(graded: PurePosixPath, others: Sequence[PurePosixPath]) -> str:
    """The note on further files that might be the one that is graded."""
    which = "the other one" if len(others) == 1 else "one of those"
    return (
        f"{readable(str(graded))} was graded, and not {listed(others)}; if it should be {which}, "
        "take the first away and grade again"
    )


def _may_be_seen(name: PurePosixPath, file: Path) -> bool:
    """Whether student code may see a file of such a name."""
    return is_visible(name) or (is_data(name) and file.stat().st_size <= DATA_BYTES)


def _below(folder: PurePosixPath, files: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    return [file for file in files if file.is_relative_to(folder)]


def _in_files(names: Sequence[PurePosixPath]) -> list[str]:
    """The note on files that lie in a folder of the same name as another file, if there are any."""
    words = "left out, because a file has the name of the folder around it"
    return [f"{words}: {listed(names)}"] if names else []


def _copied(source: Path, target: Path, limits: SubmissionLimits, before: int) -> int:
    """Copy a regular file without following links, after ``before`` bytes; returns its size."""
    max_mb = min(limits.max_file_mb, limits.max_mb)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        reader = open_regular(source)
    except OSError as error:
        raise SubmissionError(unreadable(readable(source.name), error)) from None
    if reader is None:
        raise SubmissionError(f"{readable(source.name)} is no regular file")
    size = 0
    with reader, target.open("wb") as writer:
        # A file that is all holes is told by its size alone, before it fills the disk.
        told = os.fstat(reader.fileno()).st_size
        while chunk := reader.read(COPY_BYTES):
            size += len(chunk)
            if max(size, told) > max_mb << 20:
                raise SubmissionError(f"{readable(source.name)} is larger than {max_mb} MB")
            if before + size > limits.max_mb << 20:
                raise SubmissionError(f"there are more than {limits.max_mb} MB of code and models")
            writer.write(chunk)
    return size
