"""Warnings as a student reads them: with no path into this program or a library."""

from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path

_AS_PYTHON_DOES = warnings.formatwarning


def show_only_places_in(code_dir: str) -> None:
    """From now on a warning names a place, and shows its line, only in the student's own files."""
    folder = Path(os.path.realpath(code_dir))

    def formatted(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        line: str | None = None,
    ) -> str:
        path = Path(os.path.realpath(filename))
        if not path.is_relative_to(folder):
            return f"{category.__name__}: {message}\n"
        name = path.relative_to(folder)
        words = _AS_PYTHON_DOES(message, category, filename, lineno, line)
        return words.replace(f"{filename}:", f"{name}:", 1)

    warnings.formatwarning = formatted
    # Matplotlib removes the lock of its cache of fonts, and nothing can be removed here.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
