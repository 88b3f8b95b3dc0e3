"""What staff have to know of a course's class list, line by line for a terminal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from grader.reports.gradebook import final, not_final, some
from grader.roster.columns import COMMENTS
from grader.roster.matching import Match, Matching
from grader.roster.reading import Platform, Roster, given_grade, highest_grade, is_excused

NO_IMPORT = (
    "The class list is a table of names: no file to import was written. For Canvas it takes the "
    "gradebook with its columns Student, ID and Section, for Moodle the grading worksheet with "
    "Identifier and Grade, downloaded with Moodle's language set to English."
)
NOBODY = "Nobody in the class list has handed in anything here: is it another course's?"
NOBODY_FOR_CERTAIN = (
    "Of no hand-in is it certain whose it is: is the class list another course's or assignment's, "
    "or was it sorted by one column alone?"
)
NO_NAMES = (
    "The class list has no column of names that is known here, such as Name, or First name and "
    "Last name; its columns: {}."
)
NO_GRADES = "There is no grade of these hand-ins to import, so {} was not written."
NOT_GRADED = "Q7 not graded"
WITHOUT_Q7 = (
    "To export the grades without Q7, give it 0 points in a rubric file: see 'To export Q2–Q6 "
    "alone' in the README."
)
NO_COMMENTS = (
    "The worksheet has no column of feedback comments that is known here, so {} has grades alone. "
    "For comments, switch them on in the assignment's settings, and download the worksheet with "
    "Moodle's language set to English."
)
MADE_UP = (
    "{} has points for {} on the grader's own made-up sentences: import it only if that is meant; "
    "else grade with --data DIR, the folder with the course's train.csv and test.csv."
)
SEE = ", see the summary"
GROUPS = (
    "Most hand-ins are not named after the students whose ids they have: in a group assignment "
    "each has the id of one member, who alone gets the points here"
)


def has_grades(roster: Roster, column: int | None, matching: Matching) -> bool:
    """Whether anything of the course's goes to the platform."""
    return bool(_for_import(roster, column, matching))


def to_look_at(
    roster: Roster, column: int | None, matching: Matching, *, ours: float, file: str
) -> Iterator[str]:
    """What did not go into the platform's file, or may be wrong there; the worst first.

    ``column`` is that of the assignment in Canvas, ``ours`` the rubric's points, and ``file`` what
    is written for the platform where there are grades; '': nothing.
    """
    unclear = any(each.is_unclear for each in matching.unmatched)
    if matching.unmatched and not roster.name_columns:
        yield NO_NAMES.format(roster.heads)
    elif matching.unmatched and not matching.matches:
        yield NOBODY_FOR_CERTAIN if unclear else NOBODY
    if roster.kind is Platform.PLAIN:
        yield NO_IMPORT
    elif file and not has_grades(roster, column, matching):
        yield NO_GRADES.format(file)
    elif file and (made_up := _made_up(_for_import(roster, column, matching))):
        yield MADE_UP.format(file, made_up)
    if _has_no_comments(roster) and has_grades(roster, column, matching):
        yield NO_COMMENTS.format(file)
    for is_unclear, said in ((True, "Unclear whose"), (False, "Not in the class list")):
        unmatched = (u for u in matching.unmatched if u.is_unclear is is_unclear)
        for why, names in _by_reason((u.why, u.row.arrival.name) for u in unmatched):
            yield f"{said}: {some(names, SEE)} ({why})"
    if matching.are_groups:
        yield GROUPS
    if matching.absent:
        absent = some([line.name for line in matching.absent], SEE, between="; ")
        yield f"No {'clear ' if unclear else ''}hand-in of: {absent}"
    if roster.kind is not Platform.PLAIN:  # of which none goes anywhere
        reasons = ((not_final(m.row), m.row.arrival.name) for m in matching.matches)
        why_not = {why: names for why, names in _by_reason(reasons) if why}
        for why, names in why_not.items():
            yield f"No grade for {some(names)}: {why}"
        if file and [*why_not] == [NOT_GRADED] and not has_grades(roster, column, matching):
            yield WITHOUT_Q7
    if replaced := _replaced(_for_import(roster, column, matching), roster, column):
        yield f"Other grades than in the class list: {some(replaced, between='; ')}"
    graded = [match.line for match in matching.matches if final(match.row) is not None]
    excused = [line.name for line in graded if is_excused(roster, line, column)]
    if excused:
        yield f"Excused in the class list, and left so though graded: {some(excused, between='; ')}"
    theirs = highest_grade(roster, column)
    if theirs is not None and theirs != ours:
        yield (
            f"The platform's highest grade is {theirs:g}, and that of what was graded {ours:g}: "
            "before you import it, see that it is the column you mean, and that --only left out "
            "what it shall leave out"
        )


def _has_no_comments(roster: Roster) -> bool:
    return roster.kind is Platform.MOODLE and roster.column(*COMMENTS) is None


def _for_import(roster: Roster, column: int | None, matching: Matching) -> list[Match]:
    """Those whose points go to the platform."""
    due = (match for match in matching.matches if not is_excused(roster, match.line, column))
    return [match for match in due if final(match.row) is not None]


def _replaced(matches: Iterable[Match], roster: Roster, column: int | None) -> list[str]:
    """Whose grade in the list is another one than goes to the platform, with both."""
    grades = ((m, given_grade(roster, m.line, column), final(m.row)) for m in matches)
    return [
        f"{m.line.name} {old:g}, now {new:g}"
        for m, old, new in grades
        if old is not None and new is not None and abs(old - new) > 1e-9
    ]


def _made_up(matches: Iterable[Match]) -> str:
    """The questions that grades among these were given for on made-up sentences."""
    questions = (question for match in matches for question in match.row.questions)
    worth = (q.id for q in questions if q.made_up and q.max_score > 0)
    return ", ".join(sorted(set(worth))).upper()


def _by_reason(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, list[str]]]:
    names = defaultdict(list)
    for why, name in pairs:
        names[why].append(name)
    return names.items()
