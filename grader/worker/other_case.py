"""Finds a module of the hand-in whose file's name differs in its case from what is imported.

Names change their case on their way here: in downloads, on platforms, and by hand.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType


class OtherCase(MetaPathFinder):
    """Asked when nothing else has found a module."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module of the one file at the top with that name but for its case, or None."""
        if path is not None:
            return None
        wanted = f"{fullname}.py".lower()
        files = [file for file in self._folder.glob("*.py") if file.name.lower() == wanted]
        if len(files) != 1:
            return None
        return importlib.util.spec_from_file_location(fullname, files[0])


def find_in_other_case(folder: Path) -> None:
    """From now on imports find such modules of a hand-in in ``folder``."""
    sys.meta_path.append(OtherCase(folder))
