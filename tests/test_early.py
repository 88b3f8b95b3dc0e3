"""Where reports go is looked at before anything is graded."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.commands.early import check_writable
from grader.errors import UsageError


@pytest.mark.parametrize("below", ["file", "file/deeper/still"])
def test_file_in_the_way(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file is a file, not a folder"):
        check_writable(tmp_path / below)


def test_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "absent")
    with pytest.raises(UsageError, match="is a link that leads nowhere"):
        check_writable(tmp_path / "link" / "out")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc here")
def test_place_that_is_not_for_files_whoever_asks() -> None:
    with pytest.raises(UsageError, match=r"nothing can be made in /proc \(.*\); name another"):
        check_writable(Path("/proc/xyz"))


def test_nothing_is_left_where_all_is_well(tmp_path: Path) -> None:
    check_writable(tmp_path)
    check_writable(tmp_path / "new" / "out")
    assert list(tmp_path.iterdir()) == []
