"""Files of a Python file's name that hold something else, told by how they begin."""

from __future__ import annotations

from pathlib import Path

from grader.archive.kinds import OFFICE, is_of_an_office
from grader.handed_in.listing import beginning

ENOUGH = 64
SIGNS = {
    b"pk\x03\x04": "is an archive under that name; unpack it and hand in the Python file in it",
    b"%pdf": "is a PDF under that name; hand in the Python file",
    b"{\\rtf": "is a word processor's document; save the code as plain text",
    b"<!doctype html": "is a web page; on GitHub and the like 'Raw' gives the file itself",
    b"<html": "is a web page; on GitHub and the like 'Raw' gives the file itself",
    b"version https://git-lfs": (
        "is a pointer of Git LFS, and what it points to was not handed in; 'git lfs pull' fetches "
        "the file itself"
    ),
}


def what_instead(file: Path) -> str:
    """What the file is, and what to do, if it is surely no Python; else nothing."""
    start = beginning(file, ENOUGH).removeprefix(b"\xef\xbb\xbf").lstrip()
    if is_of_an_office(start):
        return f"is {OFFICE} under that name; save the code as plain text"
    start = start.lower()
    return next((what for sign, what in SIGNS.items() if start.startswith(sign)), "")
