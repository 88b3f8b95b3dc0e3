"""A worker's scratch folder is made anew, whatever an earlier worker has left in its place."""

from __future__ import annotations

from pathlib import Path

from grader.sandbox.scratch import make_scratch


def test_files_are_copied(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    make_scratch(tmp_path / "scratch", [tmp_path / "config.json"])
    assert (tmp_path / "scratch" / "config.json").read_text() == "{}"


def test_nothing_is_written_through_a_link_that_was_left(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("chosen by the student")
    (tmp_path / "scratch").mkdir()
    for name, target in (("config.json", "precious"), ("other.json", "missing")):
        (tmp_path / name).write_text("chosen by the student")
        (tmp_path / "scratch" / name).symlink_to(tmp_path / target)
    (tmp_path / "precious").write_text("kept")
    make_scratch(tmp_path / "scratch", [tmp_path / "config.json", tmp_path / "other.json"])
    assert (tmp_path / "precious").read_text() == "kept"
    assert not (tmp_path / "missing").exists()
