"""What staff have to know of a course's class list, line by line for a terminal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from grader.reports.gradebook import final, not_final, some
from grader.roster import Kind, Roster, highest_grade
from grader.roster_matching import Matching

NO_IMPORT = (
    "The class list is a table of names: no file to import was written. For Canvas it takes the "
    "gradebook with its columns Student, ID and Section, for Moodle the grading worksheet with "
    "Identifier and Grade."
)
NOBODY = "Nobody in the class list has handed in anything here: is it another course's?"
NO_GRADES = "{} has no grade of these hand-ins, so there is nothing to import."
MADE_UP = (
    "{} has points for {} on the grader's own made-up sentences: import it only if that is meant; "
    "else grade with --data DIR, the folder with the course's train.csv and test.csv."
)
SEE = ", see the summary"


def has_grades(matching: Matching) -> bool:
    """Whether anything of the course's goes to the platform."""
    return any(final(match.row) is not None for match in matching.matches)


def to_look_at(
    roster: Roster, column: int | None, matching: Matching, *, ours: float, file: str
) -> Iterator[str]:
    """What did not go into the platform's file, or may be wrong there; the worst first.

    ``column`` is that of the assignment in Canvas, ``ours`` the rubric's points, and ``file`` what
    was written for the platform; '': nothing.
    """
    if matching.unmatched and not matching.matches:
        yield NOBODY
    if roster.kind is Kind.PLAIN:
        yield NO_IMPORT
    elif file and not has_grades(matching):
        yield NO_GRADES.format(file)
    elif file and (made_up := _made_up(matching)):
        yield MADE_UP.format(file, made_up)
    for why, names in _by_reason((u.why, u.row.arrival.name) for u in matching.unmatched):
        yield f"Not in the class list: {some(names, SEE)} ({why})"
    if matching.absent:
        yield f"No hand-in of: {some([line.name for line in matching.absent], SEE, between='; ')}"
    for why, names in _by_reason((not_final(m.row), m.row.arrival.name) for m in matching.matches):
        if why:
            yield f"No grade for {some(names)}: {why}"
    theirs = highest_grade(roster, column)
    if theirs is not None and theirs != ours:
        yield f"The platform's highest grade is {theirs:g}, and that of the rubric {ours:g}"


def _made_up(matching: Matching) -> str:
    """The questions that grades among these were given for on made-up sentences."""
    graded = [match.row for match in matching.matches if final(match.row) is not None]
    worth = (q.id for row in graded for q in row.questions if q.made_up and q.max_score > 0)
    return ", ".join(sorted(set(worth))).upper()


def _by_reason(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, list[str]]]:
    names = defaultdict(list)
    for why, name in pairs:
        names[why].append(name)
    return names.items()
