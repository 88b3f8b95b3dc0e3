"""report.json keeps to its schema, and a reader never meets half of a file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NoReturn

import jsonschema
import pytest

from grader.measures import Interval
from grader.model import Mismatch, Report, TracebackLine
from grader.reports.files import (
    HTML_FILE,
    STAFF_FILE,
    write_atomically,
    write_reports,
)
from grader.reports.junit import to_junit
from grader.rows import JSON_FILE, JUNIT_FILE
from tests.reports.builders import (
    HOSTILE,
    causality,
    check,
    measures,
    passed,
    question,
    report,
    training_run,
)

SCHEMA = Report.model_json_schema(mode="serialization")
NOT_FINITE = [float("nan"), float("inf"), float("-inf")]


def no_constant(name: str) -> NoReturn:
    raise AssertionError(f"{name} is no JSON")


def read_json(folder: Path) -> dict[str, Any]:
    text = (folder / JSON_FILE).read_text(encoding="utf-8")
    result: dict[str, Any] = json.loads(text, parse_constant=no_constant)
    return result


def full_report(number: float) -> Report:
    mismatch = Mismatch(
        what="outputs",
        at=(0, 1),
        expected=0.5,
        actual=number,
        error=number,
        allowed=1e-6,
        differing=1,
        total=4,
    )
    failing = check(
        "a",
        error=number,
        allowed=number,
        at=(0, 1),
        mismatch=mismatch,
        traceback=(TracebackLine(file="a.py", line=1, function="f", code="x"),),
        output=HOSTILE,
        message=HOSTILE,
    )
    measured = measures(training=training_run(), causality=causality("future", looks_ahead=True))
    return report(question(failing, passed("b", points=2.0), measured=measured), notes=("one",))


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("number", [0.25, *NOT_FINITE])
def test_json_keeps_to_the_schema(tmp_path: Path, number: float) -> None:
    write_reports(full_report(number), tmp_path)
    jsonschema.validate(read_json(tmp_path), SCHEMA, jsonschema.Draft202012Validator)


def test_measures_that_are_not_finite_keep_to_the_schema(tmp_path: Path) -> None:
    """A test set of one sentence tells nothing of others."""
    nothing = Interval(low=-float("inf"), high=float("inf"))
    write_reports(report(question(measured=measures(interval=nothing))), tmp_path)
    jsonschema.validate(read_json(tmp_path), SCHEMA, jsonschema.Draft202012Validator)


def test_measures_are_in_the_json(tmp_path: Path) -> None:
    write_reports(full_report(0.25), tmp_path)
    measured = read_json(tmp_path)["questions"][0]["measured"]
    assert measured["loss"] == 1.23456
    assert measured["interval"] == {"low": 1.22, "high": 1.25}
    assert measured["causality"]["kinds"] == ["future"]
    assert measured["training"]["epochs"][1]["validation_loss"] == 1.5
    assert measured["prefix_loss"] is None


def test_schema_refuses_other_reports(tmp_path: Path) -> None:
    write_reports(full_report(0.25), tmp_path)
    good = read_json(tmp_path)
    for key, value in (("score", "all"), ("questions", None), ("unknown", 1)):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**good, key: value}, SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("number", NOT_FINITE)
def test_what_is_not_finite_becomes_null(tmp_path: Path, number: float) -> None:
    write_reports(full_report(number), tmp_path)
    [failing, _] = read_json(tmp_path)["questions"][0]["checks"]
    assert failing["error"] is None
    assert failing["allowed"] is None
    assert failing["mismatch"]["actual"] is None
    assert failing["mismatch"]["expected"] == 0.5


def test_json_is_the_report(tmp_path: Path) -> None:
    write_reports(full_report(0.25), tmp_path)
    assert Report.model_validate(read_json(tmp_path)) == full_report(0.25)


def test_all_files_are_written_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "results" / "alice"
    write_reports(full_report(0.25), folder)
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        [JUNIT_FILE, JSON_FILE, HTML_FILE, STAFF_FILE]
    )
    assert (folder / JUNIT_FILE).read_text(encoding="utf-8") == to_junit(full_report(0.25))


def test_reports_are_replaced(tmp_path: Path) -> None:
    write_reports(full_report(0.25), tmp_path)
    write_reports(report(submission="bob"), tmp_path)
    assert read_json(tmp_path)["submission"] == "bob"
    assert len(list(tmp_path.iterdir())) == 4


def test_text_is_written_as_utf8(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    write_atomically(file, "Grüße 😀\n")
    assert file.read_bytes() == "Grüße 😀\n".encode()


@pytest.mark.parametrize("where", ["open", "replace"])
def test_old_content_stays_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def fails(*_: object, **__: object) -> NoReturn:
        raise OSError("no space left on device")

    file = tmp_path / "report.json"
    write_atomically(file, "old")
    with monkeypatch.context() as patch:
        patch.setattr(Path, where, fails)
        with pytest.raises(OSError, match="no space"):
            write_atomically(file, "new")
    assert file.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


def test_old_content_stays_when_the_text_cannot_be_encoded(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    write_atomically(file, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(file, "new\ud800")
    assert file.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


def test_file_is_never_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is whole, the new text is in another file."""
    file = tmp_path / "report.json"
    write_atomically(file, "old")
    seen, really = [], Path.replace

    def replace(whole: Path, target: Path) -> None:
        seen.append((target.read_text(), whole.read_text()))
        really(whole, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        write_atomically(file, "new")
    assert seen == [("old", "new")]
    assert file.read_text() == "new"


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_file_has_the_usual_permissions(tmp_path: Path, umask: int) -> None:
    file = tmp_path / "report.json"
    old = os.umask(umask)
    try:
        write_atomically(file, "text")
        assert os.umask(umask) == umask
    finally:
        os.umask(old)
    assert file.stat().st_mode & 0o777 == 0o666 & ~umask
