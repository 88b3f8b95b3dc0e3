"""A machine that grades for another: what it is sent, what it answers, and what it keeps for that.

It knows nothing of how messages get there; that is for ``grader.batch.cluster``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from grader.batch.grade_one import Done, Task, defect, failed, grade_one
from grader.batch.keys import data_digest, program_digest
from grader.batch.parcel import CourseParcel, Parcel, unpack, unpack_course
from grader.batch.results import read_texts, write_texts
from grader.doctor import Sandbox
from grader.errors import GraderError, IsolationRefused, UsageError
from grader.grading import versions
from grader.intake import HandIn
from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE, Corpus
from grader.model import Versions
from grader.modes import IsolationMode
from grader.rows import Arrival
from grader.sandbox.lent import LentSandbox
from grader.sandbox.scratch import remove_scratch


@dataclass(frozen=True)
class Build:
    """What has to be the same on all machines, so that it does not matter which one grades."""

    program: str
    versions: Versions
    corpus: str

    @classmethod
    def here(cls) -> Build:
        return cls(program_digest(), versions(), data_digest(EMBEDDED_CORPUS, None))

    def differs(self, other: Build) -> str:
        """What the other has that is not the same, or nothing."""
        own = self.versions.model_dump()
        others = {k: v for k, v in other.versions.model_dump().items() if v != own[k]}
        if others:
            return ", ".join(f"{name} {v} in place of {own[name]}" for name, v in others.items())
        return "" if self == other else "another version of the grader's files"


@dataclass(frozen=True)
class Errand:
    """A submission to grade, and what an earlier run found of it."""

    arrival: Arrival
    parcel: Parcel
    earlier: Mapping[str, str]
    """The files of its results, as in ``grader.batch.results``."""
    regrade: bool


@dataclass(frozen=True)
class Answer:
    """What came of an errand; ``texts`` are the files of the results, where they are new."""

    done: Done
    texts: Mapping[str, str]


class Station:
    """The files of a course and a sandbox, for one errand after the other."""

    def __init__(self, course: CourseParcel, mode: IsolationMode) -> None:
        # With the fork server it goes, even when this process is killed.
        folder = Path(tempfile.mkdtemp(prefix="grader-"))
        self._data = course.data
        self._request = unpack_course(course, folder / "course")
        self._sandbox = Sandbox(mode, self._request.corpus / TEST_FILE, folder)
        self._corpus = Corpus.open(self._request.corpus)

    def grade(self, errand: Errand, cores: int) -> Answer | GraderError:
        """Grade an errand with a language model on so many cores.

        An error is one that ends every errand alike: the request is wrong, or student code may not
        run here. Whatever else goes wrong is a row.
        """
        try:
            isolation = self._sandbox.isolation()
        except IsolationRefused as error:
            return error
        sandbox = LentSandbox(
            mode=self._sandbox.mode,
            server=self._sandbox.server,
            folder=self._sandbox.folder,
            cores=cores,
            model_turn=nullcontext(),
            known=isolation,
        )
        with self._place() as place:
            out = place / "out"
            out.mkdir(mode=0o700)
            task = Task(HandIn(errand.arrival, ()), self._request, self._data, out, errand.regrade)
            try:
                if errand.earlier:
                    write_texts(errand.earlier, out)
                submission = unpack(errand.parcel, place / "submission")
                done = grade_one(task, sandbox, self._corpus, staged=submission)
            except UsageError as error:
                return error
            except Exception as error:  # of a parcel that cannot be unpacked here
                done = failed(task, defect(error))
            return Answer(done, read_texts(out) if done.fresh else {})

    @contextmanager
    def _place(self) -> Iterator[Path]:
        """A folder for one errand."""
        place = Path(tempfile.mkdtemp(prefix="errand-", dir=self._sandbox.folder))
        # Workers may have a user id of their own: they pass through, but cannot list what is there.
        place.chmod(0o711)
        try:
            yield place
        finally:
            remove_scratch(place)

    def close(self) -> None:
        """End the sandbox, what runs in it, and the folder."""
        self._sandbox.close()
