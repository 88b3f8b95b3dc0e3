"""What is said beside a question's points."""

from __future__ import annotations

from grader.reports.details import data_warning
from tests.reports.builders import check, question, report


def test_data_is_asked_for_where_points_are_for_made_up_sentences() -> None:
    q7 = question(check(), id="q7", made_up=True)
    assert data_warning(report(question(check()), q7)).startswith("Q7 was scored on the grader's ")
    assert data_warning(report(question(check()), question(check(), id="q7"))) == ""
