"""Rows of a course to make text of."""

from __future__ import annotations

from typing import Any

from grader.model import Outcome
from grader.rows import Arrival, QuestionRow, Row, Status

HOSTILE_NAMES = (
    '=HYPERLINK("http://x","y")',
    "<script>alert(1)</script>",
    "a|b\n\nc",
    "\u202egpj.exe\u2066",
    "\ud800lone",
    "+1;=cmd|'/c calc'!A1",
    "\uff1d1+1",
    "\u200b@SUM(1)",
    "\t=1",
    "`]( http://x ) ![i](http://x) @everyone #1 &lt;",
    "::error::x%0A",
)


def arrival(name: str = "alice", **values: Any) -> Arrival:
    return Arrival(**{"name": name, "student": name.title(), **values})


def question_row(id: str = "q2", score: float = 3.0, **values: Any) -> QuestionRow:
    failed = score < values.get("max_score", 3.0)
    fields: dict[str, Any] = {
        "id": id,
        "title": f"Title of {id}",
        "score": score,
        "max_score": 3.0,
        "outcome": Outcome.WRONG if failed else Outcome.PASSED,
        "failed": ("notebook_case",) if failed else (),
    }
    return QuestionRow(**{**fields, **values})


def row(name: str = "alice", *questions: QuestionRow, **values: Any) -> Row:
    """A graded row; ``student``, ``email`` and the like go to its arrival."""
    own = Arrival.model_fields.keys() - {"notes"}
    of_arrival = {key: values.pop(key) for key in list(values) if key in own}
    fields: dict[str, Any] = {"status": Status.GRADED, "questions": questions}
    return Row(arrival=arrival(name, **of_arrival), **{**fields, **values})


def unreadable(name: str = "broken", **values: Any) -> Row:
    return row(name, status=Status.UNREADABLE, reason="it is no zip", **values)
