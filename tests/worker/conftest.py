"""What tests of loading share: hand-ins whose code leaves nothing behind in this process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.worker.loading_support import HandIn, forget


@pytest.fixture
def hand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HandIn]:
    """An empty hand-in; modules and paths are afterwards what they were before."""
    before = sys.modules.copy()
    folder = tmp_path / "handin"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    yield HandIn(folder)
    forget()
    for name in sys.modules.keys() - before.keys():
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]
