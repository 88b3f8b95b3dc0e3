"""Gradescope's export: its table says whose each folder is, and cannot harm whoever reads it."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.intake import HandIn, arrivals
from grader.intake.gradescope import METADATA
from grader.rubric import Rubric
from tests.course_folders import MAIN, lay_down, packed

LIMITS = Rubric.load().intake
TABLE = """---
submission_11:
  :submitters:
  - :name: Jane Doe
    :sid: '3001'
    :email: jane@example.edu
  :created_at: 2024-02-01 10:00:00.123456789 Z
  :score: 3.0
  :status: processed
  :results:
    tests:
    - :name: someone else
      :sid: '9'
submission_12:
  :submitters:
  - :name: Ann Lee
    :sid: 3002
    :email: ann@example.edu
  - :name: Bo Lee
    :sid: 3003
    :email:
  :created_at: &1 2024-02-01 10:00:00.000000000 -08:00
  :history:
  - :created_at: *1
    :submitters: []
submission_13:
  :submitters:
  - :name: Jane Doe
    :sid: '3001'
    :email: jane@example.edu
  :created_at: 2024-02-01 12:30:00.5 +05:00
submission_14:
  :submitters:
  - :name: José Núñez
    :email: jose@example.edu
"""
FOLDERS = tuple(f"submission_{n}/{MAIN}" for n in (11, 12, 13))


def read(tmp_path: Path, table: str | bytes, *names: str, kind: str = "") -> dict[str, HandIn]:
    folder = lay_down(tmp_path / "assignment_9_export", *names)
    (folder / METADATA).write_bytes(table if isinstance(table, bytes) else table.encode())
    path = packed(folder, kind) if kind else folder
    return {h.arrival.name: h for h in arrivals(path, tmp_path / "into", LIMITS)}


@pytest.mark.parametrize("kind", ["", "zip", "tar.gz"])
def test_gradescope(tmp_path: Path, kind: str) -> None:
    hand_ins = read(tmp_path, TABLE, *FOLDERS, kind=kind)
    assert list(hand_ins) == ["Ann_Lee", "Bo_Lee", "Jane_Doe", "José_Núñez"]
    ann, bo = hand_ins["Ann_Lee"], hand_ins["Bo_Lee"]
    assert ann.parts == bo.parts
    assert (ann.arrival.student, ann.arrival.student_id) == ("Ann Lee", "3002")
    assert (ann.arrival.email, ann.arrival.submission_id) == ("ann@example.edu", "12")
    assert (bo.arrival.student, bo.arrival.student_id) == ("Bo Lee", "3003")
    assert (bo.arrival.email, bo.arrival.submission_id) == ("", "12")
    # It needs no email to be known by.
    assert ann.arrival.is_school_id
    assert bo.arrival.is_school_id
    assert ann.arrival.notes == ("handed in together with Bo Lee",)
    assert bo.arrival.notes == ("handed in together with Ann Lee",)
    jane = hand_ins["Jane_Doe"].arrival
    assert (jane.student_id, jane.submission_id, jane.late) == ("3001", "11", None)
    assert jane.notes == (
        "handed in more than once: submission_11 was taken, the latest, and not submission_13",
    )
    jose = hand_ins["José_Núñez"]
    assert jose.problem == "the export has no folder submission_14; download it again"
    assert jose.arrival.email == "jose@example.edu"


def test_of_very_many_submissions_a_few_are_named(tmp_path: Path) -> None:
    record = "submission_{}:\n  :submitters:\n  - :name: Eve\n    :sid: '1'\n"
    hand_ins = read(tmp_path, "".join(map(record.format, range(1000, 1100))), "submission_1099")
    assert hand_ins["Eve"].arrival.notes == (
        "handed in more than once: submission_1099 was taken, the latest, and not submission_1000, "
        "submission_1001, submission_1002 and 96 more",
    )


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2024-02-01 12:00:00 Z", "2024-02-01 10:00:00.5 -08:00"),
        ("2024-02-01 12:00:00.25 +05:30", "2024-02-01 10:00:00 UTC"),
        ("2024-02-01 10:00:00.100000001 Z", "2024-02-01T10:00:00.2Z"),
        ("some day", "2024-02-01 10:00:00 Z"),
    ],
)
def test_times_in_any_zone(tmp_path: Path, earlier: str, later: str) -> None:
    table = "".join(
        f"submission_{id}:\n  :submitters:\n  - :sid: '7'\n  :created_at: {time}\n"
        for id, time in ((1, later), (2, earlier))
    )
    [hand_in] = read(tmp_path, table, f"submission_1/{MAIN}", f"submission_2/{MAIN}").values()
    assert hand_in.arrival.submission_id == "1"


def test_folder_around_the_export(tmp_path: Path) -> None:
    lay_down(tmp_path / "x" / "assignment_9_export", *FOLDERS)
    (tmp_path / "x" / "assignment_9_export" / METADATA).write_text(TABLE)
    hand_ins = arrivals(packed(tmp_path / "x", "zip"), tmp_path / "into", LIMITS)
    assert len(hand_ins) == 4


def test_member_of_a_group_who_hands_in_alone_later(tmp_path: Path) -> None:
    table = """
submission_1:
  :submitters:
  - :name: Ann
    :sid: 1
  - :name: Bo
    :sid: 2
  :created_at: 2024-02-01 10:00:00 Z
submission_2:
  :submitters:
  - :name: Bo
    :sid: 2
  :created_at: 2024-02-02 10:00:00 Z
"""
    hand_ins = read(tmp_path, table, f"submission_1/{MAIN}", f"submission_2/{MAIN}")
    assert {n: h.arrival.submission_id for n, h in hand_ins.items()} == {"Ann": "1", "Bo": "2"}
    assert hand_ins["Ann"].arrival.notes == ("handed in together with Bo",)
    [note] = hand_ins["Bo"].arrival.notes
    assert "submission_2 was taken, the latest, and not submission_1" in note


def test_folder_that_the_table_does_not_name(tmp_path: Path) -> None:
    hand_ins = read(tmp_path, TABLE, *FOLDERS, f"submission_99/{MAIN}")
    assert hand_ins["submission_99"].arrival.submission_id == "99"
    assert not hand_ins["submission_99"].problem
    said = {name: hand_in.arrival.notes for name, hand_in in hand_ins.items()}
    note = "not in submission_metadata.yml: whose is it?"
    assert said.pop("submission_99") == (note,)
    assert not any(note in notes for notes in said.values())


@pytest.mark.parametrize(
    "table",
    [
        "",
        "- a\n- b\n",
        "submission_1: text\n",
        "submission_1:\n  :submitters: text\n  :created_at: yesterday\n",
        "submission_1:\n  :submitters:\n    :name: {a: b}\n  :created_at: 2024-99-99 10:00:00 Z\n",
        "? [a, {b: c}]\n: x\nsubmission_1: {? {}: 1}\n",
        "submission_1: !ruby/object:Kernel {':submitters': [!!python/name:os.system '']}\n",
        "? ../../etc\n: {':submitters': [{':name': '../../x'}]}\n",
        "submission_1: {':created_at': 0001-01-01 00:00:00 +14:00}\n",
        "submission_1: &a {':submitters': *a}\n",
        "*a : 1\n*b : *c\n",
    ],
)
def test_odd_table_still_gives_the_rows(tmp_path: Path, table: str) -> None:
    hand_ins = read(tmp_path, table, f"submission_1/{MAIN}")
    assert any(h.arrival.submission_id == "1" and not h.problem for h in hand_ins.values())
    assert not any("/" in name for name in hand_ins)


@pytest.mark.parametrize(
    "table",
    [
        b"submission_1: [\n",
        b"\xff\xfe\x00",
        b"a: b: c: d\n",
        b"\x00",
        b"a: " + b"[" * 99 + b"]" * 99,
    ],
)
def test_table_that_cannot_be_read(tmp_path: Path, table: bytes) -> None:
    with pytest.raises(SubmissionError, match=r"submission_metadata.yml cannot be read"):
        read(tmp_path, table, f"submission_1/{MAIN}")


@pytest.mark.timeout(30)
def test_bombs_of_aliases_and_merges_do_not_go_off(tmp_path: Path) -> None:
    lines = ["a0: &a0 {x: y}"]
    for n in range(1, 60):
        same = ", ".join([f"*a{n - 1}"] * 9)
        lines.append(f"a{n}: &a{n} {{'<<': [{same}], ':submitters': [{same}]}}")
    start = time.monotonic()
    tracemalloc.start()
    hand_ins = read(tmp_path, "\n".join(lines), f"submission_1/{MAIN}")
    assert tracemalloc.get_traced_memory()[1] < 5 << 20
    tracemalloc.stop()
    assert time.monotonic() - start < 10
    assert not hand_ins["submission_1"].problem


def test_results_of_any_size_are_passed_over(tmp_path: Path) -> None:
    deep = "".join("  " * n + f"k{n}:\n" for n in range(2, 40)) + "  " * 40 + "x\n"
    table = f"submission_11:\n  :results: {'long ' * 100_000}\n  :more:\n{deep}" + TABLE[4:]
    assert "Jane_Doe" in read(tmp_path, table, *FOLDERS)
