"""What the terminal says of a course."""

from __future__ import annotations

from grader.reports.course import one_line
from grader.rows import Arrival, Status
from tests.reports.rows import row


def test_line_of_what_cannot_be_read_has_the_whole_reason() -> None:
    arrival = Arrival(name="bob", late=True)
    unreadable = row("bob").model_copy(
        update={
            "arrival": arrival,
            "status": Status.UNREADABLE,
            "reason": "the folder is empty",
            "notes": ("implementation.py expands like a zip bomb\x1b[31m",),
        }
    )
    assert one_line(unreadable) == (
        "bob: cannot be read, late: the folder is empty; implementation.py expands like a zip bomb"
    )
