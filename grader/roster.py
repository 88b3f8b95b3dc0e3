"""A course's class list, as a learning platform exports it.

Three kinds are told apart by their header: Canvas' gradebook, Moodle's grading worksheet, and any
table with a name and an id or an email, such as the roster of Gradescope or of GitHub Classroom.
All cells are kept as they are, because the platform takes the same table back.
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
MAX_HEADS = 20
"""Of the header, where it is quoted."""
EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""What Excel's files begin with: the newer ones are zips."""
SEPARATORS = ",;\t"
TEST_STUDENTS = frozenset({"studenttest", "teststudent"})
"""Canvas' "Student, Test", with which staff see a course as a student does."""
POINTS_POSSIBLE = "points possible"
"""What Canvas' row with each assignment's highest grade is called."""
EXCUSED = "ex"
"""What Canvas writes in place of a grade, and reads, for a student who need not hand in."""
CANVAS_ID = "id"
CANVAS_LOGIN = "sis login id"
CANVAS_OTHERS = ("sis user id", CANVAS_LOGIN, "integration id")
MOODLE_ID = "identifier"
MOODLE_OTHERS = ("id number",)
GITHUB_LOGIN = "github_username"
ROLE = "role"
"""Gradescope's column of who is a student, and who an instructor, a TA or a reader."""
STUDENT = "student"
PLAIN_IDS = (
    *("id", "student id", "student_id", "id number", "sid", "user id", "login", "username"),
    *("id-nummer", "matrikelnummer"),
    # GitHub Classroom's: of the school, whatever staff took for it. GitHub's own number is none.
    *("identifier", "roster_identifier", GITHUB_LOGIN),
)
EMAILS = (
    *("email", "email address", "e-mail", "e-mail-adresse", "dirección de correo"),
    *("adresse de courriel", "indirizzo email"),
)
# Moodle writes its worksheet in the language of whoever downloads it, and reads it in that.
FULL_NAMES = ("full name", "vollständiger name", "nombre completo", "nom complet", "nome completo")
PLAIN_NAMES = ("name", "student", *FULL_NAMES, "student name")
NAMES_IN_TWO = (
    (
        ("first name", "first_name", "firstname", "given name"),
        ("last name", "last_name", "lastname", "surname", "family name"),
    ),
    (("vorname",), ("nachname", "familienname", "name")),
    (("prénom", "prenom"), ("nom de famille", "nom")),
    (("nombre",), ("apellido(s)", "apellidos", "apellido")),
    (("nome",), ("cognome",)),
)
"""The two columns of a table that has a name in two, in each language: one alone is no name."""
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

    kind: Kind
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[Line, ...]

    def column(self, *names: str) -> int | None:
        """The place of the first column with one of the names, whatever their case."""
        header = [cell.strip().casefold() for cell in self.header]
        return next((header.index(name) for name in names if name in header), None)

    @property
    def heads(self) -> str:
        """The names of the columns that have one."""
        return ", ".join(list(filter(None, map(str.strip, self.header)))[:MAX_HEADS])

    @property
    def name_columns(self) -> tuple[int, ...]:
        """The places of the columns that make up a student's name; none: no such is known."""
        if self.kind is Kind.PLAIN:
            for both in NAMES_IN_TWO:
                first, last = (self.column(*names) for names in both)
                if first is not None and last is not None:
                    return first, last
        names = {Kind.CANVAS: ("student",), Kind.MOODLE: FULL_NAMES, Kind.PLAIN: PLAIN_NAMES}
        whole = self.column(*names[self.kind])
        return () if whole is None else (whole,)


def read_roster(file: Path) -> Roster:
    """The class list in a file. Raises UsageError with what to change."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"the class list {file} cannot be read: {error.strerror}") from None
    if content.startswith(EXCEL):
        raise UsageError(
            f"the class list {file} is an Excel file or an archive; save it as 'CSV UTF-8'"
        )
    try:
        return parse_roster(content.decode("utf-8-sig"), str(file))
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


def is_excused(roster: Roster, line: Line, column: int | None) -> bool:
    """Whether Canvas' column of the assignment says that a student need not hand it in."""
    if roster.kind is not Kind.CANVAS or column is None:
        return False
    return roster.rows[line.row][column].strip().casefold() == EXCUSED


def assignment_column(roster: Roster, name: str) -> int | None:
    """The place of Canvas' column of an assignment; its header ends with the assignment's id.

    The name may be without that, and in another case if nothing has it as it is. None where no
    column has the name, or several have it.
    """
    wanted = name.strip()
    whole = [cell.strip() for cell in roster.header]
    bare = [re.sub(r"\s*\(\d+\)$", "", cell) for cell in whole]
    tries = [(whole, wanted), (bare, wanted)]
    tries += [([*map(str.casefold, cells)], wanted.casefold()) for cells in (whole, bare)]
    found = [[i for i, cell in enumerate(cells) if cell == name] for cells, name in tries]
    first = next(filter(None, found), [])
    return first[0] if len(first) == 1 else None


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
    table = Roster(Kind.PLAIN, tuple(header), (), ())
    if table.name_columns or cells & {*EMAILS, *PLAIN_IDS}:
        return Kind.PLAIN
    raise UsageError(
        f"the class list {name} has none of the columns name, id and email, only: {table.heads}. "
        "Export it from Canvas' gradebook or as Moodle's grading worksheet, or give these three "
        "columns a header."
    )


def _filled(rows: Iterable[tuple[str, ...]], width: int) -> list[tuple[str, ...]]:
    """Rows as wide as the header: programs leave out empty cells at the end."""
    return [(*row, *[""] * (width - len(row))) for row in rows]


def _lines(roster: Roster) -> Iterable[Line]:
    first = roster.header[0].strip().casefold()
    own, others, logins = {
        Kind.CANVAS: ((CANVAS_ID,), CANVAS_OTHERS, (CANVAS_LOGIN,)),
        Kind.MOODLE: ((MOODLE_ID, first), MOODLE_OTHERS, ()),
        Kind.PLAIN: (PLAIN_IDS, PLAIN_IDS, PLAIN_IDS),
    }[roster.kind]
    names, email = roster.name_columns, roster.column(*EMAILS)
    staff = _staff(roster)

    def ids(row: Sequence[str], columns: Sequence[str]) -> frozenset[str]:
        places = [place for each in columns if (place := roster.column(each)) is not None]
        return frozenset(filter(None, (id_in(row[place]) for place in places)))

    def called(row: Sequence[str]) -> str:
        places = (roster.column(each) for each in (*EMAILS, *own, *others))
        cells = (row[place].strip() for place in places if place is not None)
        return next(filter(None, cells), "")

    for number, row in enumerate(roster.rows):
        known = ids(row, own)
        if roster.kind is Kind.MOODLE and (participant := PARTICIPANT.fullmatch(row[0].strip())):
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
        is_known = roster.kind is not Kind.CANVAS and bool(name or line.email)
        is_student = number not in staff and spelled(line.name) not in TEST_STUDENTS
        if (known | line.others or is_known) and is_student:
            yield line


def _staff(roster: Roster) -> frozenset[int]:
    """The places of the rows of a table that have another role than a student's.

    None where nobody has that: then the column is about something else, such as roles in a group.
    """
    column = roster.column(ROLE) if roster.kind is Kind.PLAIN else None
    roles = [] if column is None else [row[column].strip().casefold() for row in roster.rows]
    others = {place for place, role in enumerate(roles) if role not in ("", STUDENT)}
    return frozenset(others if STUDENT in roles else ())


def id_in(cell: str) -> str:
    """An id as platforms write it in file names: "Participant 12345" is 12345 there."""
    cell = cell.strip()
    participant = re.fullmatch(r"\D*\s(\d+)", cell)
    return participant[1] if participant else cell.casefold()
