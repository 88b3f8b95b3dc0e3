"""A course's class list, as a learning platform exports it.

Three kinds are told apart by their header: Canvas' gradebook, Moodle's grading worksheet, and any
table with a name and an id or an email. All cells are kept as they are, because the platform takes
the same table back.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from grader.errors import UsageError

MAX_CHARACTERS = 20_000_000
SEPARATORS = ",;\t"
TEST_STUDENTS = frozenset({"studenttest", "teststudent"})
"""Canvas' "Student, Test", with which staff see a course as a student does."""
POINTS_POSSIBLE = "points possible"
"""What Canvas' row with each assignment's highest grade is called."""
CANVAS_ID = "id"
CANVAS_LOGIN = "sis login id"
CANVAS_OTHERS = ("sis user id", CANVAS_LOGIN, "integration id")
MOODLE_ID = "identifier"
MOODLE_OTHERS = ("id number",)
PLAIN_IDS = ("id", "student id", "student_id", "id number", "sid", "user id", "login", "username")
PLAIN_NAMES = ("name", "student", "full name", "student name")
EMAILS = ("email", "email address", "e-mail", "e-mail-adresse", "dirección de correo")
# Moodle writes its worksheet in the language of whoever downloads it, and reads it in that.
FULL_NAMES = ("full name", "vollständiger name", "nombre completo", "nom complet", "nome completo")
GRADES = ("grade", "bewertung", "calificación", "note", "nota", "cijfer", "valutazione")
MAXIMA = ("maximum grade", "bestwertung", "calificación máxima", "note maximale", "nota máxima")
COMMENTS = ("feedback comments", "feedback als kommentar")
PARTICIPANT = re.compile(r"(?P<word>\D{4,}?)\s*(?P<id>\d{1,12})")
"""An id in Moodle's first column: ``Participant 12345``, ``Teilnehmer/in12345``."""


class Kind(StrEnum):
    """Where a class list comes from."""

    CANVAS = "Canvas' gradebook"
    MOODLE = "Moodle's grading worksheet"
    PLAIN = "a table of names"


@dataclass(frozen=True)
class Line:
    """One student of the list; ``row`` is its place among the roster's rows."""

    row: int
    name: str
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

    kind: Kind
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[Line, ...]

    def column(self, *names: str) -> int | None:
        """The place of the first column with one of the names, whatever their case."""
        header = [cell.strip().casefold() for cell in self.header]
        return next((header.index(name) for name in names if name in header), None)


def read_roster(file: Path) -> Roster:
    """The class list in a file. Raises UsageError with what to change."""
    try:
        return parse_roster(file.read_bytes().decode("utf-8-sig"), str(file))
    except OSError as error:
        raise UsageError(f"the class list {file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"the class list {file} is not UTF-8; save it as 'CSV UTF-8'") from None


def parse_roster(text: str, name: str = "roster.csv") -> Roster:
    """The class list in ``text``. Raises UsageError with what to change."""
    if len(text) > MAX_CHARACTERS or "\0" in text:
        raise UsageError(f"the class list {name} is no table of students; export it as CSV")
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    try:
        rows = [tuple(r) for r in csv.reader(io.StringIO(text, newline=""), delimiter=separator)]
    except csv.Error as error:
        raise UsageError(f"the class list {name} is no valid CSV: {error}") from None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise UsageError(f"the class list {name} is empty")
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
    if roster.kind is Kind.MOODLE:
        column = roster.column(*MAXIMA)
        rows = [roster.rows[line.row] for line in roster.lines]
    else:
        rows = [row for row in roster.rows if row[0].strip().casefold() == POINTS_POSSIBLE]
    cells = [row[column] for row in rows if column is not None]
    numbers = [re.fullmatch(r"\s*(\d+)(?:[.,](\d+))?\s*", cell) for cell in cells[:1]]
    return next((float(f"{n[1]}.{n[2] or 0}") for n in numbers if n), None)


def assignment_column(roster: Roster, name: str) -> int | None:
    """The place of Canvas' column of an assignment; its header ends with the assignment's id."""
    wanted = name.strip()
    bare = [re.sub(r"\s*\(\d+\)\s*$", "", cell).strip() for cell in roster.header]
    exact = [i for i, cell in enumerate(roster.header) if cell.strip() == wanted]
    found = exact or [i for i, cell in enumerate(bare) if cell == wanted]
    return found[0] if len(found) == 1 else None


def spelled(name: str) -> str:
    """A name without case, accents, spaces and punctuation, as file names spell it.

    Digits stay: they tell jdoe2 from J. Doe.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return "".join(character for character in folded if character.isalnum())


def _kind(header: Sequence[str], body: Sequence[Sequence[str]], name: str) -> Kind:
    cells = {cell.strip().casefold() for cell in header}
    if {"student", "id", "section"} <= cells:
        return Kind.CANVAS
    if {"identifier", "grade"} <= cells:
        return Kind.MOODLE
    first = [PARTICIPANT.fullmatch(row[0].strip()) for row in body]
    words = {found["word"] if found else "" for found in first}
    if cells & set(GRADES) and len(words) == 1 and words != {""}:
        return Kind.MOODLE
    if cells & {*PLAIN_NAMES, *EMAILS, *PLAIN_IDS}:
        return Kind.PLAIN
    raise UsageError(
        f"the class list {name} has none of the columns name, id and email. Export it from Canvas' "
        "gradebook or as Moodle's grading worksheet, or give these three columns a header."
    )


def _filled(rows: Iterable[tuple[str, ...]], width: int) -> list[tuple[str, ...]]:
    """Rows as wide as the header: programs leave out empty cells at the end."""
    return [(*row, *[""] * (width - len(row))) for row in rows]


def _lines(roster: Roster) -> Iterable[Line]:
    first = roster.header[0].strip().casefold()
    names, own, others, logins = {
        Kind.CANVAS: (("student",), (CANVAS_ID,), CANVAS_OTHERS, (CANVAS_LOGIN,)),
        Kind.MOODLE: (FULL_NAMES, (MOODLE_ID, first), MOODLE_OTHERS, ()),
        Kind.PLAIN: (PLAIN_NAMES, PLAIN_IDS, PLAIN_IDS, PLAIN_IDS),
    }[roster.kind]
    name, email = roster.column(*names), roster.column(*EMAILS)

    def ids(row: Sequence[str], columns: Sequence[str]) -> frozenset[str]:
        places = [place for each in columns if (place := roster.column(each)) is not None]
        return frozenset(filter(None, (id_in(row[place]) for place in places)))

    for number, row in enumerate(roster.rows):
        known = ids(row, own)
        if roster.kind is Kind.MOODLE and (participant := PARTICIPANT.fullmatch(row[0].strip())):
            known |= {participant["id"]}
        line = Line(
            number,
            row[name].strip() if name is not None else "",
            known,
            ids(row, others),
            ids(row, logins),
            row[email].strip().casefold() if email is not None else "",
        )
        # Canvas puts rows of its own, such as "Points Possible", before the students: without ids.
        is_row_of_canvas = roster.kind is Kind.CANVAS and not known | line.others
        if not is_row_of_canvas and spelled(line.name) not in TEST_STUDENTS:
            yield line


def id_in(cell: str) -> str:
    """An id as platforms write it in file names: "Participant 12345" is 12345 there."""
    cell = cell.strip()
    participant = re.fullmatch(r"\D*\s(\d+)", cell)
    return participant[1] if participant else cell.casefold()
