"""A course's class list, as a learning platform exports it.

Three kinds are told apart by their header: Canvas' gradebook, Moodle's grading worksheet, and any
table with a name and an id or an email, such as the roster of Gradescope or of GitHub Classroom.
All cells are kept as they are, because the platform takes the same table back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from grader.errors import UsageError
from grader.roster.columns import (
    ASSIGNMENT,
    CANVAS_ID,
    CANVAS_LOGIN,
    CANVAS_OTHERS,
    EMAILS,
    FULL_NAMES,
    GRADES,
    IDS,
    MAXIMA,
    MOODLE_ID,
    MOODLE_OTHERS,
    NAMES,
    NAMES_BETWEEN,
    NAMES_IN_TWO,
    ROLE,
    SECOND_LAST_NAMES,
    STUDENT,
)
from grader.roster.table import decoded, rows_in

MAX_HEADS = 20
"""Of the header, where it is quoted."""
TEST_STUDENTS = frozenset({"studenttest", "teststudent"})
"""Canvas' "Student, Test", with which staff see a course as a student does."""
POINTS_POSSIBLE = "points possible"
"""What Canvas' row with each assignment's highest grade is called."""
READ_ONLY = "(read only)"
"""What that row says of a column that Canvas computes."""
EXCUSED = "ex"
"""What Canvas writes in place of a grade, and reads, for a student who need not hand in."""
GITHUB_LOGIN = "github_username"
PLAIN_IDS = (*IDS, GITHUB_LOGIN)
PARTICIPANT = re.compile(r"(?P<word>\D{4,}?)\s*(?P<id>\d{1,12})")
"""An id in Moodle's first column: ``Participant 12345``, ``Teilnehmer/in12345``."""
WITH_ID = re.compile(r".*\(\d+\)")
"""The header of Canvas' column of an assignment: its name, and its id."""
NUMBER = re.compile(r"\s*(\d+)(?:[.,](\d+))?\s*")


class Platform(StrEnum):
    """Where a class list comes from."""

    CANVAS = "Canvas' gradebook"
    MOODLE = "Moodle's grading worksheet"
    PLAIN = "a table of names"


@dataclass(frozen=True)
class Line:
    """One student of the list; ``row`` is its place among the roster's rows."""

    row: int
    name: str
    """What the student is called for people to read: without a name, by an email or an id."""
    is_named: bool
    """Whether that is the student's name."""
    ids: frozenset[str]
    """The platform's own, which it also writes into the names of an export; of a table, all."""
    others: frozenset[str]
    """Those of the school, which other programs know a student by; of a table, all."""
    logins: frozenset[str]
    """What students' folders may be called by."""
    email: str


@dataclass(frozen=True)
class Roster:
    """A class list: all rows as they were read, and those of them that are students."""

    kind: Platform
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[Line, ...]

    def column(self, *names: str) -> int | None:
        """The place of the first column with one of the names, whatever their case."""
        header = [_head(cell) for cell in self.header]
        return next((header.index(name) for name in names if name in header), None)

    @property
    def heads(self) -> str:
        """The names of the columns that have one."""
        return ", ".join(list(filter(None, map(str.strip, self.header)))[:MAX_HEADS])

    @property
    def name_columns(self) -> tuple[int, ...]:
        """The places of the columns that make up a student's name; none: no such is known."""
        if self.kind is Platform.PLAIN:
            for both in NAMES_IN_TWO:
                first, last = (self.column(*names) for names in both)
                if first is not None and last is not None:
                    between, second = self.column(*NAMES_BETWEEN), self.column(*SECOND_LAST_NAMES)
                    places = (first, between, last, second)
                    return tuple(place for place in places if place is not None)
        names = {Platform.CANVAS: (STUDENT,), Platform.MOODLE: FULL_NAMES, Platform.PLAIN: NAMES}
        whole = self.column(*names[self.kind])
        return () if whole is None else (whole,)


def read_roster(file: Path) -> Roster:
    """The class list in a file. Raises UsageError with what to change."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"the class list {file} cannot be read: {error.strerror}") from None
    return parse_roster(decoded(content, str(file)), str(file))


def parse_roster(text: str, name: str = "roster.csv") -> Roster:
    """The class list in ``text``. Raises UsageError with what to change."""
    rows = rows_in(text, name)
    header, body = rows[0], rows[1:]
    roster = Roster(_kind(header, body, name), header, tuple(_filled(body, len(header))), ())
    lines = tuple(_lines(roster))
    if not lines:
        raise UsageError(f"the class list {name} has a header but no students")
    return Roster(roster.kind, roster.header, roster.rows, lines)


def highest_grade(roster: Roster, column: int | None) -> float | None:
    """The points that the platform expects at most, if the list says so: to compare with ours.

    ``column`` is the place of Canvas' column of the assignment.
    """
    if roster.kind is Platform.MOODLE:
        column = roster.column(*MAXIMA)
        rows = [roster.rows[line.row] for line in roster.lines]
    else:
        rows = _points_possible(roster)
    cells = [row[column] for row in rows if column is not None]
    numbers = [NUMBER.fullmatch(cell) for cell in cells[:1]]
    return next((float(f"{n[1]}.{n[2] or 0}") for n in numbers if n), None)


def given_grade(roster: Roster, line: Line, column: int | None) -> float | None:
    """The grade that the list has of a student already; None where there is none.

    ``column`` is the place of Canvas' column of the assignment.
    """
    places = {Platform.CANVAS: column, Platform.MOODLE: roster.column(*GRADES)}
    place = places.get(roster.kind)
    found = NUMBER.fullmatch(roster.rows[line.row][place]) if place is not None else None
    return float(f"{found[1]}.{found[2] or 0}") if found else None


def is_excused(roster: Roster, line: Line, column: int | None) -> bool:
    """Whether Canvas' column of the assignment says that a student need not hand it in."""
    if roster.kind is not Platform.CANVAS or column is None:
        return False
    return roster.rows[line.row][column].strip().casefold() == EXCUSED


def assignment_column(roster: Roster, wanted: str, name: str = "the class list") -> int:
    """The place of Canvas' column of an assignment.

    The name may be without the assignment's id, with which the header ends, and in another case if
    nothing has it as it is; '': the usual one. Raises UsageError, with the assignments that the
    list ``name`` has, where no column that takes grades has the name, or several have it.
    """
    given = " ".join(wanted.split())
    wanted = given or ASSIGNMENT
    heads = _assignments(roster)
    if not heads:
        raise UsageError(
            f"{name} has no column of an assignment, such as 'Homework 4 (771)': create it in "
            "Canvas, and export the gradebook anew"
        )
    bare = {place: head[: head.rindex("(")].rstrip() for place, head in heads.items()}
    tries = [(heads, wanted), (bare, wanted)]
    tries += [
        ({place: head.casefold() for place, head in cells.items()}, wanted.casefold())
        for cells in (heads, bare)
    ]
    found = [[place for place, cell in cells.items() if cell == named] for cells, named in tries]
    places = next(filter(None, found), [])
    if len(places) != 1 and not given:
        raise UsageError(
            f"{name} is Canvas' gradebook: give --assignment, one of: {', '.join(heads.values())}"
        )
    if len(places) > 1:
        raise UsageError(
            f"--assignment {wanted!r} names {len(places)} columns of {name}: give it with its "
            f"'(id)', one of: {', '.join(heads[place] for place in places)}"
        )
    if not places:
        raise UsageError(
            f"--assignment {wanted!r} names no assignment of {name}; its assignments: "
            + ", ".join(heads.values())
        )
    return places[0]


def _assignments(roster: Roster) -> dict[int, str]:
    """The headers of Canvas' columns that take grades, by their places.

    Others, such as totals and the students' own, it would ignore or take for a new assignment.
    """
    rows = _points_possible(roster)
    computed = {place for row in rows for place, cell in enumerate(row) if _is_read_only(cell)}
    heads = {place: " ".join(head.split()) for place, head in enumerate(roster.header)}
    return {
        place: head
        for place, head in heads.items()
        if place not in computed and WITH_ID.fullmatch(head)
    }


def _is_read_only(cell: str) -> bool:
    return cell.strip().casefold() == READ_ONLY


def _points_possible(roster: Roster) -> list[tuple[str, ...]]:
    return [row for row in roster.rows if row[0].strip().casefold() == POINTS_POSSIBLE]


def spelled(name: str) -> str:
    """A name without case, accents, spaces and punctuation, as file names spell it.

    Digits stay: they tell jdoe2 from J. Doe.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return "".join(character for character in folded if character.isalnum())


def _kind(header: Sequence[str], body: Sequence[tuple[str, ...]], name: str) -> Platform:
    cells = {_head(cell) for cell in header}
    if {"student", "id", "section"} <= cells:
        return Platform.CANVAS
    if {"identifier", "grade"} <= cells:
        return Platform.MOODLE
    table = Roster(Platform.PLAIN, tuple(header), (), ())
    if _has_participants(body):
        if cells & set(GRADES):
            return Platform.MOODLE
        if not table.name_columns and _has_one_number(_filled(body, len(header))):
            raise UsageError(
                f"the class list {name} is Moodle's grading worksheet in a language that is not "
                "known here; download it with Moodle's language set to English"
            )
    if table.name_columns or cells & {*EMAILS, *PLAIN_IDS}:
        return Platform.PLAIN
    raise UsageError(
        f"the class list {name} has none of the columns name, id and email, only: {table.heads}. "
        "Export it from Canvas' gradebook, or download it as Moodle's grading worksheet with "
        "Moodle's language set to English, or give these three columns a header."
    )


def _has_participants(body: Sequence[Sequence[str]]) -> bool:
    """Whether each row begins with an id of Moodle's: the same word in all, and another number.

    Groups have numbers as well, but several students.
    """
    found = [PARTICIPANT.fullmatch(row[0].strip()) for row in body]
    words = {each["word"] if each else "" for each in found}
    return len(words) == 1 and "" not in words and len({row[0] for row in body}) == len(body)


def _has_one_number(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a column has the same number in all rows, as Moodle's maximum grade."""
    columns = (set(column) for column in zip(*rows, strict=False))
    return any(len(cells) == 1 and NUMBER.fullmatch(min(cells)) for cells in columns)


def _head(cell: str) -> str:
    """A column's name as it is compared: an accent is one character or two."""
    return unicodedata.normalize("NFC", cell).strip().casefold()


def _filled(rows: Iterable[tuple[str, ...]], width: int) -> list[tuple[str, ...]]:
    """Rows as wide as the header: programs leave out empty cells at the end."""
    return [(*row, *[""] * (width - len(row))) for row in rows]


def _lines(roster: Roster) -> Iterable[Line]:
    first = _head(roster.header[0])
    own, others, logins = {
        Platform.CANVAS: ((CANVAS_ID,), CANVAS_OTHERS, (CANVAS_LOGIN,)),
        Platform.MOODLE: ((MOODLE_ID, first), MOODLE_OTHERS, ()),
        Platform.PLAIN: (PLAIN_IDS, PLAIN_IDS, PLAIN_IDS),
    }[roster.kind]
    names, email = roster.name_columns, roster.column(*EMAILS)
    staff = _staff(roster)
    # Brightspace writes one before each id, so that no spreadsheet program takes that for a number.
    mark = "#" if roster.kind is Platform.PLAIN else ""

    def ids(row: Sequence[str], columns: Sequence[str]) -> frozenset[str]:
        places = [place for each in columns if (place := roster.column(each)) is not None]
        return frozenset(
            filter(None, (id_in(row[place].strip().removeprefix(mark)) for place in places))
        )

    def called(row: Sequence[str]) -> str:
        places = (roster.column(each) for each in (*EMAILS, *own, *others))
        cells = (row[place].strip().removeprefix(mark) for place in places if place is not None)
        return next(filter(None, cells), "")

    for number, row in enumerate(roster.rows):
        known = ids(row, own)
        if roster.kind is Platform.MOODLE and (
            participant := PARTICIPANT.fullmatch(row[0].strip())
        ):
            known |= {participant["id"]}
        # In one line: on the terminal each of them is of this program.
        name = " ".join(" ".join(row[place] for place in names).split())
        line = Line(
            number,
            name or " ".join(called(row).split()),
            name != "",
            known,
            ids(row, others),
            ids(row, logins),
            row[email].strip().casefold() if email is not None else "",
        )
        # Canvas puts rows of its own, such as "Points Possible", before the students: without ids.
        is_known = roster.kind is not Platform.CANVAS and bool(name or line.email)
        is_student = number not in staff and spelled(line.name) not in TEST_STUDENTS
        if (known | line.others or is_known) and is_student:
            yield line


def _staff(roster: Roster) -> frozenset[int]:
    """The places of the rows of a table that have another role than a student's.

    None where nobody has that: then the column is about something else, such as roles in a group.
    """
    column = roster.column(ROLE) if roster.kind is Platform.PLAIN else None
    roles = [] if column is None else [row[column].strip().casefold() for row in roster.rows]
    others = {place for place, role in enumerate(roles) if role not in ("", STUDENT)}
    return frozenset(others if STUDENT in roles else ())


def id_in(cell: str) -> str:
    """An id as platforms write it in file names: "Participant 12345" is 12345 there."""
    cell = cell.strip()
    participant = re.fullmatch(r"\D*\s(\d+)", cell)
    return participant[1] if participant else cell.casefold()
