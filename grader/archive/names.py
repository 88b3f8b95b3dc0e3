"""What the name of an archive's member allows: whether it is safe, hidden, visible to workers."""

from __future__ import annotations

import os
import re
from itertools import takewhile
from pathlib import PurePosixPath

from grader.handed_in.naming import MODEL_SUFFIXES, readable

IGNORED_FOLDERS = frozenset(
    {"__MACOSX", "__pycache__", "node_modules", "site-packages", "dist-packages"}
)
TOOL_FOLDERS = frozenset(
    ".git .github .gitlab .svn .hg .ipynb_checkpoints .idea .vscode .vs .venv .env .cache "
    ".config .local .pytest_cache .mypy_cache .ruff_cache .trash .trashes .spotlight-v100 "
    ".fseventsd".split()
)
"""Folders that tools make; another name with a dot before it may be a student's."""
GIT = ".git"
ENVIRONMENT = re.compile(
    r"(?:^|/)venv/(?:bin|scripts|include|lib|lib64|share)/|/lib/python3[^/]*/", re.IGNORECASE
)
"""What tools put into an environment's folder; a student's own files may lie beside it."""
VISIBLE_SUFFIXES = frozenset({".py", ".ipynb", *MODEL_SUFFIXES})
"""What a worker sees of a submission whatever its size: code, models and notebooks."""
CODE_AS_TEXT = ".py.txt"
DATA_SUFFIXES = frozenset(
    ".json .yaml .yml .toml .cfg .ini .txt .npy .npz .csv .tsv .pkl .pickle".split()
)
"""What a worker also sees is what code may read its settings and constants from."""
TABLES = frozenset({".csv", ".tsv"})
TEST_DATA = "test"
"""A word in the name of a table that is not among it, such as the course's test.csv: the model's
code need not have at hand what it is scored on. One who means to hide it would find another name,
or put it into the code; against that stands what the model's loss says by itself."""
DATA_BYTES = 1 << 20
"""Such a file that is larger is passed over."""
MOST_DATA_BYTES = 32 << 20
"""What an archive may make one write of such files that are then passed over."""
MAX_NAME = 200
MAX_PART_BYTES = 255
"""Of one part of a path, on nearly every file system."""
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
DRIVE = re.compile(r"[A-Za-z]:[\\/]")
COPY_BYTES = 1 << 20
LINK_OR_DEVICE = "it is a link or device, not a file; ask for what it stands for"


def path_of(name: str) -> PurePosixPath:
    """A member's name as a path; archives made on Windows may have backslashes."""
    return PurePosixPath(name.replace("\\", "/"))


def is_unsafe(name: str) -> bool:
    """Whether the name could lead out of the folder that it is unpacked into."""
    path = path_of(name)
    return path.is_absolute() or ".." in path.parts or DRIVE.match(name) is not None


def safe_beginning(name: str) -> PurePosixPath | None:
    """Of a name that is unsafe, the folders before it first leads up; None where there are none."""
    folders = list(takewhile(lambda part: part != "..", path_of(name).parts))
    is_safe = bool(folders) and not is_unsafe("/".join(folders) + "/")
    return PurePosixPath(*folders) if is_safe else None


def is_visible(name: PurePosixPath) -> bool:
    """Whether the ending is that of a file that workers see, also as mail and editors make it."""
    return name.suffix.lower() in VISIBLE_SUFFIXES or name.name.lower().endswith(CODE_AS_TEXT)


def is_data(name: PurePosixPath) -> bool:
    """Whether the name is that of a file that workers see, too, if it is small."""
    return name.suffix.lower() in DATA_SUFFIXES and not is_test_table(name)


def is_test_table(name: PurePosixPath) -> bool:
    """Whether it may be the course's test data, by its name."""
    words = re.findall(r"[^\W\d_]+", name.stem.lower())
    return name.suffix.lower() in TABLES and TEST_DATA in words


def not_read(name: PurePosixPath, why: object) -> str:
    """The note on a file that was passed over."""
    return f"{readable(str(name))[:MAX_NAME]!r} was not read: {why}"


def is_hidden(name: PurePosixPath) -> bool:
    """Whether it is, or lies in, what Macs and tools leave behind."""
    if any(part in IGNORED_FOLDERS or part.startswith(".") for part in name.parts):
        return True
    return ENVIRONMENT.search(f"{name}/") is not None


def is_left_by_tools(name: PurePosixPath) -> bool:
    """The same, but for what lies in a folder of a name with a dot that no tool gives."""
    folders = [folder for folder in name.parts[:-1] if not may_be_a_students(folder)]
    return is_hidden(PurePosixPath(*folders, name.name))


def repository_of(name: PurePosixPath) -> PurePosixPath | None:
    """Git's folder in a student's repository, if that is what the name is of, or is in."""
    above = list(takewhile(lambda part: part != GIT, name.parts))
    return PurePosixPath(*above, GIT) if len(above) < len(name.parts) else None


def may_be_a_students(folder: str) -> bool:
    """Whether a folder's name begins with a dot, and no tool gives it."""
    is_tools = folder.lower() in TOOL_FOLDERS or folder.startswith("._")
    return folder.startswith(".") and not is_tools


def problem_of(name: str) -> str:
    """Why a file of this name is not unpacked, or nothing."""
    parts = name.encode("utf-8", "surrogateescape").split(b"/")
    if len(name) > MAX_NAME or any(len(part) > MAX_PART_BYTES for part in parts):
        return "its name is too long"
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return "the locale of this system cannot write its name; set LC_ALL=C.UTF-8"
    return "its name has control characters" if CONTROL.search(name) else ""
