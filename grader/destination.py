"""Where reports are to go, looked at by all doors before anything is graded.

That may be inside of a hand-in, as where the job of a CI keeps only what lies there, and what is in
a hand-in is a stranger's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from grader.errors import UsageError

MOST_STEPS = 1000
"""Of a path with the links that it passes through, which may lead in a circle."""


def check_destination(folder: Path, files: Iterable[str], hand_ins: Collection[Path]) -> None:
    """Raises UsageError when a hand-in leads the reports elsewhere by a link, or when there is a
    folder where one of ``files`` is to be written in ``folder``."""
    for link in _links_to(folder):
        if any(link.parent.is_relative_to(resolved(hand_in)) for hand_in in hand_ins):
            raise UsageError(
                f"reports are not written to {folder}: {link} is a link in the hand-in, which may "
                "lead anywhere; remove it, or name another folder for the results"
            )
    for file in (folder / name for name in files):
        if file.is_dir() and not file.is_symlink():  # which would be replaced
            raise UsageError(
                f"reports cannot be written to {folder}: {file} is a folder, and a file of that "
                "name is to be there; remove it, or name another folder for the results"
            )


def _links_to(folder: Path) -> Iterator[Path]:
    """The links that a path passes through, or is: each as a path that has none before its end."""
    absolute = folder.absolute()
    place, waiting = Path(absolute.anchor), [*reversed(absolute.parts[1:])]
    for _ in range(MOST_STEPS):
        if not waiting:
            return
        part = waiting.pop()
        step = place.parent if part == ".." else place / part
        if not step.is_symlink():
            place = step
            continue
        yield step
        target = step.readlink()
        place = Path(target.anchor) if target.is_absolute() else place
        waiting += reversed([part for part in target.parts if part != target.anchor])


def resolved(path: Path) -> Path:
    """The path without links, as far as there is one: they may lead in a circle."""
    try:
        return path.resolve()
    except (RuntimeError, ValueError):  # the latter for a name that the locale cannot write
        return path
