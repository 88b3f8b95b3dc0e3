"""Hand-ins to stage, and staging them with a look at the disk."""

from __future__ import annotations

import dataclasses
import io
import os
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.handed_in.submission import Submission, stage
from grader.rubric import Rubric, SubmissionLimits
from tests.conftest import ROOT

LIMITS = Rubric.load().submission
MB = 1 << 20
CODE = "def rnn():\n    return 1\n"
GIVEN = {file.name for file in (ROOT / "grader" / "given").glob("*.py")}
"""What the course gives to every student, and is there for their code to import."""


Change = Callable[[tarfile.TarInfo], None]


def with_limits(**values: float) -> SubmissionLimits:
    return LIMITS.model_copy(update=values)


def write(folder: Path, *names: str, content: str = CODE) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return folder


def zipped(tmp_path: Path, *names: str, content: str | bytes = CODE) -> Path:
    file = tmp_path / "handin.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return file


def tarred(
    tmp_path: Path,
    *names: str,
    content: bytes = CODE.encode(),
    mode: str = "gz",
    format: int = tarfile.PAX_FORMAT,
    change: Change | None = None,
) -> Path:
    """A tar of files; ``change`` makes something else of the last one."""
    file = tmp_path / f"handin.tar{'.' * bool(mode)}{mode}"
    with tarfile.open(file, f"w:{mode}", format=format) as archive:  # type: ignore[call-overload]
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if change is not None and name is names[-1]:
                change(info)
            archive.addfile(info, io.BytesIO(content))
    return file


def staged(path: Path, limits: SubmissionLimits = LIMITS) -> Submission:
    """The staged submission, checked against the disk; given files are left out of ``files``."""
    with tempfile.TemporaryDirectory() as folder:
        submission = stage(path, Path(folder) / "staged", limits)
        on_disk = {
            p.relative_to(submission.folder).as_posix()
            for p in submission.folder.rglob("*")
            if p.is_file()
        }
        assert on_disk == submission.files
        assert os.listdir(folder) == ["staged"]  # noqa: PTH208
        return dataclasses.replace(submission, files=submission.files - GIVEN)


def refused(path: Path, limits: SubmissionLimits = LIMITS) -> str:
    """Why the hand-in is refused; nothing of it may be left outside of the staged folder."""
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "a" / "staged"
        with pytest.raises(SubmissionError) as error:
            stage(path, into, limits)
        left = [p for p in Path(folder).rglob("*") if p.is_file() and not p.is_relative_to(into)]
        assert left == []
        return str(error.value)
