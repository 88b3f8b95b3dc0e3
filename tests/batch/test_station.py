"""A station answers each errand, and ends a run only for what ends every errand alike."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from grader.batch import station as module
from grader.batch.parcel import Parcel, pack, pack_course
from grader.batch.station import Answer, Build, Errand, Station
from grader.errors import IsolationRefused, RubricError
from grader.grading import Request
from grader.handed_in.gathering import Part
from grader.handed_in.submission import stage
from grader.model import Isolation
from grader.modes import IsolationMode
from grader.rows import Arrival, Status
from grader.rubric import Rubric
from tests.conftest import ROOT

ALICE = ROOT / "submissions" / "alice" / "implementation.py"


@pytest.fixture(scope="module")
def station() -> Iterator[Station]:
    course = pack_course(Request(ROOT, only=frozenset({"q5"})), "d")
    station = Station(course, IsolationMode.BEST_EFFORT)
    yield station
    station.close()


@pytest.fixture(scope="module")
def errand(tmp_path_factory: pytest.TempPathFactory) -> Errand:
    into = tmp_path_factory.mktemp("errand") / "submission"
    submission = stage([Part(ALICE, ALICE.name)], into, Rubric.load().submission, "alice")
    return Errand(Arrival(name="alice"), pack(submission), {}, regrade=False)


def answered(answer: object) -> Answer:
    assert isinstance(answer, Answer)
    return answer


def test_answer_has_the_row_and_the_files(station: Station, errand: Errand) -> None:
    answer = answered(station.grade(errand, 1))
    assert (answer.done.row.score, answer.done.fresh) == (2, True)
    assert set(answer.texts) == {
        "report.json",
        "junit.xml",
        "report.html",
        "staff.html",
        "row.json",
    }
    again = replace(errand, earlier={k: answer.texts[k] for k in ("report.json", "row.json")})
    assert answered(station.grade(again, 1)) == Answer(replace(answer.done, fresh=False), {})
    assert answered(station.grade(replace(again, regrade=True), 1)).done.fresh


def test_nothing_of_an_errand_stays(station: Station, errand: Errand) -> None:
    folder = station._sandbox.folder
    before = set(folder.iterdir())
    station.grade(errand, 1)
    assert set(folder.iterdir()) == before


def test_defect_is_a_row(station: Station, errand: Errand) -> None:
    # Of which nothing can be made: a file where a folder is needed.
    parcel = Parcel("alice", (("a", b""), ("a/b", b"")), "", (), ())
    answer = answered(station.grade(replace(errand, parcel=parcel), 1))
    assert answer.done.row.status is Status.GRADER_FAILED
    assert set(answer.texts) == {"row.json"}


def test_wrong_request_ends_the_run(
    station: Station, errand: Errand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RubricError("no such check")

    monkeypatch.setattr(module, "grade_one", refuse)
    assert isinstance(station.grade(errand, 1), RubricError)


def test_student_code_that_may_not_run_here_ends_the_run(
    station: Station, errand: Errand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> Isolation:
        raise IsolationRefused("a worker here can run a program")

    monkeypatch.setattr(station._sandbox, "isolation", refuse)
    assert isinstance(station.grade(errand, 1), IsolationRefused)


def test_folder_goes_with_the_station() -> None:
    station = Station(pack_course(Request(ROOT), "d"), IsolationMode.BEST_EFFORT)
    folder = station._sandbox.folder
    assert (folder / "course").is_dir()
    station.close()
    deadline = time.monotonic() + 10
    while folder.exists() and time.monotonic() < deadline:
        pass
    assert not folder.exists()


def test_difference_of_builds_is_named() -> None:
    build = Build.here()
    assert build.differs(Build.here()) == ""
    torch = build.versions.torch
    older = replace(build, versions=build.versions.model_copy(update={"torch": "1.0"}))
    assert build.differs(older) == f"torch 1.0 in place of {torch}"
    assert "grader's files" in build.differs(replace(build, program="another"))
    assert "grader's files" in build.differs(replace(build, corpus="another"))
