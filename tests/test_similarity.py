"""Fingerprints that do not see names or layout, and groups that do not accuse the honest."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import similarity as benchmark
from grader.batch.fingerprints import file_digests
from grader.handed_in.submission import stage
from grader.rows import Row
from grader.similarity import (
    LEAST_BYTES,
    MAX_COMPARED,
    MAX_MARKS,
    THRESHOLD,
    Group,
    common_marks,
    fingerprint,
    groups,
    of_one_file,
)
from tests.conftest import ROOT
from tests.reports.rows import row
from tests.staging import LIMITS, write

FILE = "implementation.py"
ALICE = (ROOT / "submissions/alice/implementation.py").read_text(encoding="utf-8")
OTHER = (ROOT / "submissions/torch_arithmetic/assignment4/Implementation.py").read_text("utf-8")
REFERENCE = (ROOT / "reference/implementation.py").read_text(encoding="utf-8")


def hand_in(name: str, source: str = "", file: str = FILE, **values: Any) -> Row:
    marks = {file: fingerprint(source)} if file.endswith(".py") else {}
    return row(name, fingerprints=marks, files={file: values.pop("digest", source)}, **values)


@pytest.mark.parametrize(
    "change",
    [benchmark.renamed, benchmark.laid_out_anew, benchmark.explained, benchmark.other_constants],
)
@pytest.mark.parametrize("source", [ALICE, OTHER, REFERENCE])
def test_what_a_copy_changes_first_does_not_count(source: str, change: Any) -> None:
    changed = change(source)
    assert changed != source
    assert benchmark.alike(source, changed) == 1


@pytest.mark.parametrize("source", [ALICE, OTHER, REFERENCE])
def test_a_copy_with_all_of_that_and_another_order_is_over_the_threshold(source: str) -> None:
    assert benchmark.alike(source, benchmark.everything(source)) > 1.5 * THRESHOLD


@pytest.mark.parametrize(("one", "other"), [(ALICE, OTHER), (ALICE, REFERENCE), (OTHER, REFERENCE)])
def test_independent_answers_are_far_below_it(one: str, other: str) -> None:
    assert benchmark.alike(one, other) < THRESHOLD / 2


def test_fingerprint_is_the_same_on_every_machine() -> None:
    assert fingerprint(ALICE)[:3] == FIRST_MARKS


FIRST_MARKS = (4774574, 5914086, 25455067)

HOSTILE = {
    "empty": "",
    "short": "import numpy as np\n\n\ndef f(x):\n    return x\n",
    "no Python": "def f(:",
    "a notebook": '{"cells": []}',
    "NUL": ALICE + "\0",
    "surrogate": ALICE + '"\ud800"',
    "too long": ALICE + "\n" * MAX_COMPARED,
    "brackets": "(" * 90_000,
    "signs": "-" * 90_000 + "1",
    "attributes": "a" + ".b" * 45_000,
    "sum": "1" + "+1" * 45_000,
    "functions": "lambda:" * 12_000 + "1",
    "digits": "x=" + "9" * 90_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_compared_has_no_marks(name: str) -> None:
    start = time.monotonic()
    assert fingerprint(HOSTILE[name]) == ()
    assert time.monotonic() - start < 20


def test_marks_are_bounded() -> None:
    long = "\n".join(f"def f{i}(a):\n    return a.x{i} + {i} * a.y{i % 7}" for i in range(1500))
    assert len(fingerprint(long)) == MAX_MARKS


@pytest.mark.filterwarnings("error")
def test_backslashes_of_a_student_warn_nobody() -> None:
    assert fingerprint(ALICE + '\nx = "\\d"\n')


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=200))
def test_any_text_has_a_fingerprint(source: str) -> None:
    marks = fingerprint(source)
    assert marks == tuple(sorted(set(marks)))


def test_copies_are_grouped() -> None:
    copy = benchmark.everything(ALICE)
    rows = [hand_in("b", copy), hand_in("a", ALICE), hand_in("c", OTHER), hand_in("d", REFERENCE)]
    [group] = groups(rows)
    assert (group.names, group.file, group.kind) == (("a", "b"), FILE, "near-identical")
    assert THRESHOLD < group.similarity < 1


def test_same_bytes_are_identical_and_named_once() -> None:
    found = groups([hand_in(name, ALICE) for name in "cab"] + [hand_in("d", OTHER)])
    assert found == (Group(("a", "b", "c"), FILE, "identical", 1.0),)


def test_identical_files_among_near_ones() -> None:
    rows = [hand_in("a", ALICE), hand_in("b", ALICE), hand_in("c", benchmark.everything(ALICE))]
    [near] = groups([*rows, hand_in("d", OTHER), hand_in("e", OTHER)])[:-1]
    assert (near.names, near.kind) == (("a", "b", "c"), "near-identical")
    assert near.same == (("a", "b"),)


def test_hand_ins_of_one_file_count_once() -> None:
    """Also among near-identical ones; what may be the course's does not count."""
    found = (
        Group(("a", "b"), FILE, "identical", 1.0),
        Group(("a", "b"), "rnn_lm.sav", "identical", 1.0),
        Group(("c", "d", "e"), FILE, "near-identical", 0.7, same=(("c", "e"),)),
        Group(("f", "g"), FILE, "near-identical", 0.7),
        Group(("f", "h"), "data.bin", "identical", 1.0, widespread=True),
    )
    assert of_one_file(found) == {("a", "b"), ("c", "e")}
    assert of_one_file(()) == frozenset()


def test_the_same_model_is_identical() -> None:
    digests = {"a": "1", "b": "1", "c": "2"}
    models = [hand_in(n, file="rnn_lm.sav", digest=digest) for n, digest in digests.items()]
    assert groups(models) == (Group(("a", "b"), "rnn_lm.sav", "identical", 1.0),)


@pytest.mark.parametrize("source", ["", "import numpy as np\n", HOSTILE["no Python"]])
def test_files_with_nothing_in_them_are_not_compared(source: str) -> None:
    assert groups([hand_in("a", source), hand_in("b", source)]) == ()


def test_files_that_are_no_code_are_compared_from_some_size_on(tmp_path: Path) -> None:
    write(tmp_path / "ann", FILE, content=ALICE)
    for name, size in (("notes.txt", 0), ("rnn.ipynb", LEAST_BYTES - 1), ("w.json", LEAST_BYTES)):
        (tmp_path / "ann" / name).write_bytes(b" " * size)
    submission = stage(tmp_path / "ann", tmp_path / "staged", LIMITS)
    assert file_digests(submission).keys() == {FILE, "w.json"}


def test_what_the_course_gives_does_not_count() -> None:
    rows = [hand_in("a", ALICE), hand_in("b", ALICE)]
    assert groups(rows) != ()
    assert groups(rows, [fingerprint(ALICE)]) == ()


def test_what_a_group_handed_in_together_counts_once() -> None:
    rows = [hand_in("a", ALICE), hand_in("b", ALICE), hand_in("c", ALICE)]
    together = [
        row.model_copy(update={"arrival": row.arrival.model_copy(update={"submission_id": id})})
        for row, id in zip(rows, ("1", "1", "2"), strict=True)
    ]
    assert groups(together[:2]) == ()
    [found] = groups(together)
    assert len(found.names) == 2
    assert "c" in found.names


@pytest.mark.parametrize(("sharing", "widespread"), [(4, False), (5, True)])
def test_of_what_more_than_a_third_share_it_is_said(sharing: int, widespread: bool) -> None:
    """Twelve hand-ins: a third of them are four."""
    rows = [hand_in(f"a{n}", ALICE) for n in range(sharing)]
    rows += [hand_in(f"b{n}", "", digest=str(n)) for n in range(12 - sharing)]
    [found] = groups(rows)
    assert (len(found.names), found.kind, found.widespread) == (sharing, "identical", widespread)


@pytest.mark.parametrize(("count", "found"), [(9, True), (12, False)])
def test_what_many_share_makes_nobody_near_identical(count: int, found: bool) -> None:
    rows = [hand_in(f"a{n}", f"{ALICE}\nx = {n}\n", digest=str(n)) for n in range(count)]
    assert bool(groups(rows)) is found
    assert bool(common_marks(rows)) is not found
    assert common_marks(rows, [fingerprint(ALICE)]) <= 1


def test_model_that_everybody_has_may_be_the_courses() -> None:
    rows = [hand_in(f"a{n}", file="given.sav", digest="1") for n in range(12)]
    [found] = groups(rows)
    assert found.widespread


def test_four_hundred_hand_ins_take_no_time() -> None:
    assert benchmark.seconds_for(400) < 5


def test_benchmarks_files_are_independent() -> None:
    made = benchmark.files()
    assert len(made) >= 25
    assert all(len(parts) == len(benchmark.FUNCTIONS) for parts in made)
