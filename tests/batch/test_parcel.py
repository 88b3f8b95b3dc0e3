"""What is unpacked is what was packed, wherever that is."""

from __future__ import annotations

import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from grader.batch.parcel import pack, pack_course, unpack, unpack_course
from grader.errors import SubmissionError
from grader.grading import Request
from grader.handed_in.gathering import Part
from grader.handed_in.submission import Submission, stage
from grader.language_model.assessment import ModelRequest
from grader.language_model.corpus import EMBEDDED_CORPUS, Corpus
from grader.rubric import Rubric
from tests.conftest import ROOT

LIMITS = Rubric.load().submission


def staged(folder: Path, into: Path) -> Submission:
    return stage([Part(folder, folder.name)], into, LIMITS, "alice")


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    folder = tmp_path / "alice"
    (folder / "inner").mkdir(parents=True)
    (folder / "implementation.py").write_bytes(b"x = '\xff'\n")
    (folder / "inner" / "more.py").write_text("")
    (folder / "weights.xlsx").write_bytes(b"PK")
    (folder / "secret.py").symlink_to(ROOT / "grader" / "rubric.toml")
    return folder


def test_submission_is_the_same_again(handed_in: Path, tmp_path: Path) -> None:
    submission = staged(handed_in, tmp_path / "here")
    again = unpack(pack(submission), tmp_path / "there")
    assert again.folder == tmp_path / "there"
    assert replace(again, folder=submission.folder) == submission
    assert "weights.xlsx" in again.left_out
    assert (again.folder / "implementation.py").read_bytes() == b"x = '\xff'\n"
    assert pack(again) == pack(submission)
    # By the rules of staging: no link was followed, and a note says so.
    assert "secret.py" not in again.files
    assert any("secret.py" in note for note in again.notes)


def test_names_and_contents_are_in_no_log(handed_in: Path, tmp_path: Path) -> None:
    assert "implementation" not in repr(pack(staged(handed_in, tmp_path / "here")))


def test_what_is_too_large_is_not_packed(handed_in: Path, tmp_path: Path) -> None:
    (handed_in / "implementation.py").write_bytes(b"#" * (1 << 20) + b"#")
    limits = LIMITS.model_copy(update={"max_file_mb": 1})
    with pytest.raises(SubmissionError, match="larger than 1 MB"):
        stage([Part(handed_in, "alice")], tmp_path / "here", limits)


def test_course_is_the_same_again(tmp_path: Path) -> None:
    shutil.copytree(EMBEDDED_CORPUS, tmp_path / "data")
    (tmp_path / "private.csv").write_text("private")
    (tmp_path / "strict.toml").write_text("[questions.q5]\npoints = 4\n")
    model = ModelRequest(private_test=tmp_path / "private.csv")
    request = Request(
        tmp_path, data=tmp_path / "data", rubric=tmp_path / "strict.toml", model=model, seed=3
    )
    course = pack_course(request, "digest")
    shutil.rmtree(tmp_path / "data")
    again = unpack_course(course, tmp_path / "there")
    assert again.seed == 3
    assert Rubric.load(again.rubric).questions["q5"].points == 4
    assert again.model.private_test is not None
    assert again.model.private_test.read_text() == "private"
    own = Corpus.open(EMBEDDED_CORPUS).vocabulary
    assert again.data is not None
    assert Corpus.open(again.data).vocabulary.characters == own.characters
    assert stat.S_IMODE((tmp_path / "there").stat().st_mode) == 0o700


def test_own_corpus_does_not_travel(tmp_path: Path) -> None:
    course = pack_course(Request(tmp_path), "digest")
    assert course.files == ()
    again = unpack_course(course, tmp_path / "there")
    assert (again.data, again.rubric, again.model.private_test) == (None, None, None)
