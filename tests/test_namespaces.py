"""A server that could not come back from another PID namespace never goes there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grader.sandbox import namespaces

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there are no namespaces")


def left() -> bool:
    """Whether this process's next child would be in another namespace than itself."""
    folder = Path("/proc/self/ns")
    try:
        return (folder / "pid_for_children").readlink() != (folder / "pid").readlink()
    except FileNotFoundError:  # the other one has no process yet
        return True


def test_children_are_apart_meanwhile() -> None:
    with namespaces.children_apart(True) as apart:
        assert left() == apart
    assert not left()


def test_only_what_is_wanted() -> None:
    with namespaces.children_apart(False) as apart:
        assert not apart
        assert not left()


def test_no_way_back_is_seen_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespaces, "_enter", lambda _: False)
    with namespaces.children_apart(True) as apart:
        assert not apart
        assert not left()


def test_comes_back_also_from_a_failure() -> None:
    with pytest.raises(ZeroDivisionError), namespaces.children_apart(True):
        raise ZeroDivisionError
    assert not left()
