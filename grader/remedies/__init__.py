"""What a student can do about an exception that says too little, or that only grading raises."""

from __future__ import annotations

from grader.remedies.arrays import ARRAYS, SHAPES
from grader.remedies.place import PLACE
from grader.remedies.python import A_NOTEBOOK, PYTHON, STANDARD_IMPORT

__all__ = ["A_NOTEBOOK", "REMEDIES", "SHAPES", "STANDARD_IMPORT", "remedy_for"]

REMEDIES = (*PLACE, *PYTHON, *ARRAYS)
"""The first one that fits is told."""


def remedy_for(kind: str, message: str, code: str) -> str:
    """One sentence or two for the first remedy that fits, or ''.

    ``kind`` is the exception's name, and ``code`` the line of the student's that raised it. All
    three are the worker's word; none of it is quoted.
    """
    found = (r.words for r in REMEDIES if kind in r.kinds and r.fits(message, code))
    return next(found, "")
