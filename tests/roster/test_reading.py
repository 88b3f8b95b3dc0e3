"""Class lists as Canvas, Moodle and people write them, and whose hand-in is whose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.errors import UsageError
from grader.roster.matching import match
from grader.roster.reading import (
    Platform,
    assignment_column,
    highest_grade,
    parse_roster,
    read_roster,
    spelled,
)
from tests.reports.rows import row

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Homework 4 (771),Final Score
    Points Possible,,,,,27,(read only)
"Doe, Jane",101,s101,jane@uni.edu,A,,
"Müller, Jörg",102,s102,joerg,A,,
"Lee, Kim",103,s103,kim1,A,,
"Lee, Kim",104,s104,kim2,B,,
"Student, Test",105,,abcdef,A,,
"""
MOODLE = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,\
Last modified (submission),Last modified (grade),Feedback comments
Participant 501,Jane Doe,jane@uni.edu,Submitted for grading,,"27,00",Yes,Monday,-,
Participant 502,Jörg Müller,joerg@uni.edu,Submitted for grading,,"27,00",Yes,Monday,-,
"""
GERMAN = """\
ID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Bestwertung;Bewertung kann geändert werden;\
Zuletzt geändert (Bewertung);Feedback als Kommentar
Teilnehmer/in501;Jane Doe;jane@uni.edu;Zur Bewertung abgegeben;;27,00;Ja;-;
Teilnehmer/in502;Jörg Müller;joerg@uni.edu;Zur Bewertung abgegeben;;27,00;Ja;-;
"""
CLASSROOM = """\
"identifier","github_username","github_id","name"
"jane@uni.edu","jane-doe","11",""
"","doe","12",""
"s3","rroe","13","Rick Roe"
"""
PLAIN = "Name;E-Mail\nJane van der Berg;jane@uni.edu\nJane Doe;\n"


@pytest.mark.parametrize(
    ("text", "kind", "names"),
    [
        (CANVAS, Platform.CANVAS, ["Doe, Jane", "Müller, Jörg", "Lee, Kim", "Lee, Kim"]),
        (MOODLE, Platform.MOODLE, ["Jane Doe", "Jörg Müller"]),
        (GERMAN, Platform.MOODLE, ["Jane Doe", "Jörg Müller"]),
        ("login;name;note\ns1;A;x\ns2;B;y\n", Platform.PLAIN, ["A", "B"]),
        (PLAIN, Platform.PLAIN, ["Jane van der Berg", "Jane Doe"]),
        ("ID\n7\n\n8\n", Platform.PLAIN, ["7", "8"]),
        ("name\tid\nA\t1\n", Platform.PLAIN, ["A"]),
        # Gradescope's roster, Moodle's participants in some languages, and what people write.
        (
            "First Name,Last Name,SID\nJane,Doe,1\n,Roe,2\n,,3\n",
            Platform.PLAIN,
            ["Jane Doe", "Roe", "3"],
        ),
        ("First name,Surname\nJane,Doe\n", Platform.PLAIN, ["Jane Doe"]),
        ('name,id\n"Eve\n::error::q",1\n', Platform.PLAIN, ["Eve ::error::q"]),
        ('email\n"a\n::b@c"\n', Platform.PLAIN, ["a ::b@c"]),
        ("Vorname;Nachname;E-Mail\nJörg;Müller;j@u\n", Platform.PLAIN, ["Jörg Müller"]),
        ("Name;Vorname;Matrikelnummer\nMüller;Jörg;1\n", Platform.PLAIN, ["Jörg Müller"]),
        ("Prénom,Nom\nAnne,Roy\n", Platform.PLAIN, ["Anne Roy"]),
        ("Nombre,Apellido(s)\nAna,Gil\n", Platform.PLAIN, ["Ana Gil"]),
        ("Nome,Cognome\nAnna,Rossi\n", Platform.PLAIN, ["Anna Rossi"]),
        ("First name,Email,ID\nJane,J@uni.edu,5\nJo,,6\n", Platform.PLAIN, ["J@uni.edu", "6"]),
        # A row that tells nobody.
        ("Email,Section\n,A\njane@uni.edu,B\n", Platform.PLAIN, ["jane@uni.edu"]),
        (CLASSROOM, Platform.PLAIN, ["jane@uni.edu", "doe", "Rick Roe"]),
    ],
)
def test_kind_is_told_by_the_header(text: str, kind: Platform, names: list[str]) -> None:
    roster = parse_roster(text)
    assert roster.kind is kind
    assert [line.name for line in roster.lines] == names


JANE = ["Jane Berg", "Jo Doe"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("sep=;\nName;E-Mail\nJane Berg;j@u\nJo Doe;\n", JANE),
        ("SEP=,\r\nName,Note; or none\r\nJane Berg,\r\nJo Doe,\r\n", JANE),
        ('"sep=\t"\nName\tE-Mail\nJane Berg\tj@u\nJo Doe\t\n', JANE),
        ("\n\r\nName;E-Mail\nJane Berg;j@u\nJo Doe;\n", JANE),
        (";;\n ; ; \nName;E-Mail;\nJane Berg;j@u;\nJo Doe;;\n", JANE),
        ('"","",""\nFirst name,Last name,"a;b;c;d"\nJane,Berg,\nJo,Doe,\n', JANE),
        ('Name\t"Total, of 3, 4"\nJane Berg\t\nJo Doe\t\n', JANE),
        ("Name, whole\tE-Mail\nJane Berg\tj@u\nJo Doe\tjo@u\n", ["j@u", "jo@u"]),
        ("Name;E-Mail\rJane Berg;j@u\rJo Doe;\r", JANE),
        # With a column for "van der" and for a second family name.
        ("Voornaam;Achternaam;E-mailadres\nJane;Berg;j@u\nJo;Doe;\n", JANE),
        (
            "Voornaam;Tussenvoegsel;Achternaam\nJane;van der;Berg\nJo;;Doe\n",
            ["Jane van der Berg", "Jo Doe"],
        ),
        ("Naam;Voornaam;Studentnummer\nBerg;Jane;1\nDoe;Jo;2\n", JANE),
        ("Cognome;Nome;Matricola\nBerg;Jane;1\nDoe;Jo;2\n", JANE),
        ("Cognome e Nome;Matricola\nBerg Jane;1\nDoe Jo;2\n", ["Berg Jane", "Doe Jo"]),
        ("Nome;Apelido;Endereço de e-mail\nJane;Berg;j@u\nJo;Doe;\n", JANE),
        ("Nome;Sobrenome\nJane;Berg\nJo;Doe\n", JANE),
        (
            "Nombre;Primer apellido;Segundo apellido\nJane;Berg;Gil\nJo;Doe;\n",
            ["Jane Berg Gil", "Jo Doe"],
        ),
        ("Nom;Prénom;Numéro étudiant\nBerg;Jane;1\nDoe;Jo;2\n", JANE),
        ("Pre\u0301nom;Nom\nJane;Berg\nJo;Doe\n", JANE),
        ("Matrícula;Correo electrónico\n1;j@u\n2;\n", ["j@u", "2"]),
    ],
)
def test_tables_that_people_write(text: str, names: list[str]) -> None:
    roster = parse_roster(text)
    assert roster.kind is Platform.PLAIN
    assert [line.name for line in roster.lines] == names


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_unicode_text_of_excel_and_blackboard(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "list.xls"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    head = "Last Name\tFirst Name\tUsername"
    text = head + '\r\n"Müller, Dr"\t"Jörg"\t"jm"\r\n'
    file.write_bytes((mark + text).encode(encoding))
    roster = read_roster(file)
    assert roster.header == ("Last Name", "First Name", "Username")
    assert [(line.name, *line.ids) for line in roster.lines] == [("Jörg Müller, Dr", "jm")]


def test_marks_before_brightspaces_ids_are_not_of_them() -> None:
    text = (
        "OrgDefinedId,Username,Last Name,First Name,Email,End-of-Line Indicator\n"
        "#12345,#jj,Jones,Jo,jo@u,#\n#678,#kk,,,,#\n"
    )
    roster = parse_roster(text)
    assert [line.ids for line in roster.lines] == [{"12345", "jj"}, {"678", "kk"}]
    assert [line.logins for line in roster.lines] == [{"12345", "jj"}, {"678", "kk"}]
    assert [line.name for line in roster.lines] == ["Jo Jones", "kk"]


DUTCH = """\
Identificatie;Volledige naam;E-mailadres;Status;Cijfer;Maximaal cijfer;\
Het cijfer kan gewijzigd worden;Laatst gewijzigd (beoordeling);Feedback
Deelnemer501;Jane Doe;jane@uni.edu;Ingestuurd;;27,00;Ja;-;
Deelnemer502;Jörg Müller;joerg@uni.edu;Ingestuurd;;27,00;Ja;-;
"""
FINNISH = """\
Tunniste;Koko nimi;Sähköposti;Tila;Arvosana;Suurin arvosana;Kommentit
Osallistuja 501;Jane Doe;jane@uni.edu;Palautettu;;27,00;
Osallistuja 502;Jörg Müller;joerg@uni.edu;Palautettu;;27,00;
"""


def test_worksheet_in_dutch() -> None:
    roster = parse_roster(DUTCH)
    assert roster.kind is Platform.MOODLE
    assert [line.name for line in roster.lines] == ["Jane Doe", "Jörg Müller"]
    assert [line.ids for line in roster.lines] == [{id, f"deelnemer{id}"} for id in ("501", "502")]
    assert highest_grade(roster, None) == 27


@pytest.mark.parametrize("text", [FINNISH, FINNISH.replace("Sähköposti", "Email")])
def test_worksheet_in_a_language_that_is_not_known(text: str) -> None:
    with pytest.raises(UsageError, match="download it with Moodle's language set to English"):
        parse_roster(text)


@pytest.mark.parametrize(
    "text",
    [
        "Gruppe,Vorname,Nachname,Note\nGruppe 1,A,B,\nGruppe 1,C,D,\n",
        "Seat,Email,Year\nSeat 1,a@u,2026\nSeat 1,b@u,2026\n",
        "Seat,Name,Year\nSeat 1,A,2026\nSeat 2,B,2026\n",
        "Seat,Email\nSeat 1,a@u\nSeat 2,b@u\n",
    ],
)
def test_words_with_numbers_make_no_worksheet(text: str) -> None:
    assert parse_roster(text).kind is Platform.PLAIN


def test_byte_order_mark_and_short_rows(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("\ufeffname,email,id\r\nÅsa\r\n".encode())
    roster = read_roster(file)
    assert roster.header[0] == "name"
    assert roster.rows == (("Åsa", "", ""),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"name,id\n", "no students"),
        (b"a,b\n1,2\n", "none of the columns name, id and email, only: a, b[.]"),
        (b"first name\nJane\n", "none of the columns"),
        (b"name\n\xff\xfe\n", "not UTF-8"),
        (b"\xff\xfen\0a", "no valid UTF-16; save it as 'CSV UTF-8'"),
        (b"sep=;\n", "is empty"),
        (b"PK\x03\x04\x14\0\x06\0\x08", "is an Excel file or an archive; save it as 'CSV UTF-8'"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an Excel file"),
        (b"name\nA\0\n", "no table"),
        (b"name\n" + b"x" * 200_000, "no valid CSV"),
    ],
)
def test_what_is_no_class_list(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        read_roster(file)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_roster(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "arrival", "name", "by"),
    [
        (CANVAS, {"student_id": "101"}, "Doe, Jane", "id"),
        (CANVAS, {"student_id": "S102", "is_school_id": True}, "Müller, Jörg", "id"),
        (CANVAS, {"email": "Jane@uni.edu"}, "Doe, Jane", "email"),
        (CANVAS, {"student": "doejane"}, "Doe, Jane", "name"),
        (CANVAS, {"student": "mullerjorg"}, "Müller, Jörg", "name"),
        (CANVAS, {"student": "Jane Doe"}, "Doe, Jane", "name"),
        (MOODLE, {"student_id": "501"}, "Jane Doe", "id"),
        (MOODLE, {"student_id": "Participant 502"}, "Jörg Müller", "id"),
        (GERMAN, {"student_id": "502"}, "Jörg Müller", "id"),
        (GERMAN, {"email": "jane@uni.edu"}, "Jane Doe", "email"),
        (MOODLE, {"student": "Mu\u0308ller, Jo\u0308rg"}, "Jörg Müller", "name"),
        (PLAIN, {"student": "vanderbergjane"}, "Jane van der Berg", "name"),
        (PLAIN, {"student": "Jane Doe", "student_id": "github-login"}, "Jane Doe", "name"),
        (CANVAS, {"student": "Lee, Kim", "student_id": "104"}, "Lee, Kim", "id"),
    ],
)
def test_found(text: str, arrival: dict[str, Any], name: str, by: str) -> None:
    found = match(parse_roster(text), [row("x", **{"student": "", **arrival})])
    assert [(m.line.name, m.by) for m in found.matches] == [(name, by)]
    assert found.unmatched == ()
    if "104" in arrival.values():
        assert found.matches[0].line.ids >= {"104"}


@pytest.mark.parametrize(
    ("arrival", "why"),
    [
        ({"student": "leekim"}, "2 students"),
        ({"student": "nobody"}, "nobody"),
        ({"student": "doejane", "student_id": "999"}, "who has its name has another id"),
        ({"student": ""}, "nobody"),
        ({"student": "studenttest"}, "nobody"),
        ({"student": "?!"}, "nobody"),
    ],
)
def test_never_guessed(arrival: dict[str, Any], why: str) -> None:
    found = match(parse_roster(CANVAS), [row("x", **arrival)])
    assert found.matches == ()
    assert why in found.unmatched[0].why
    assert len(found.absent) == 4


def test_two_hand_ins_of_one_student_are_reported() -> None:
    rows = [row("a", student="doejane"), row("b", student="doejane")]
    found = match(parse_roster(CANVAS), rows)
    assert found.matches == ()
    assert ["2 hand-ins" in u.why for u in found.unmatched] == [True, True]


def test_an_id_comes_before_a_name() -> None:
    rows = [row("a", student="doejane"), row("b", student="other", student_id="101")]
    found = match(parse_roster(CANVAS), rows)
    assert [m.row.arrival.name for m in found.matches] == ["b"]
    assert "another hand-in" in found.unmatched[0].why


@pytest.mark.parametrize(
    ("text", "column", "most"),
    [
        (CANVAS, 5, 27.0),
        (CANVAS, 6, None),
        (MOODLE, None, 27.0),
        (GERMAN, None, 27.0),
        (PLAIN, None, None),
    ],
)
def test_highest_grade(text: str, column: int | None, most: float | None) -> None:
    assert highest_grade(parse_roster(text), column) == most


GRADEBOOK = """\
Student,ID,SIS Login ID,Section,Notes,Homework 4 (771),Homework 5 (772),Homework 5 (773),\
Attendance (774),Assignments Current Score,Unposted Final Score,Final Grade
,,,,,Manual Posting,,,,,,
    Points Possible,,,,,27,10,10,(read only),(read only),(read only),(read only)
"Doe, Jane",101,jane@uni.edu,A,,,,,9,80,,B
"""


@pytest.mark.parametrize(
    "name", ["Homework 4", "Homework 4 (771)", "homework 4", " HOMEWORK 4 (771) "]
)
def test_assignment_is_found_with_and_without_its_id(name: str) -> None:
    assert assignment_column(parse_roster(GRADEBOOK), name) == 5


@pytest.mark.parametrize(
    "name",
    [
        *("Section", "ID", "Student", "SIS Login ID", "Notes", "Homework 6", "Homework"),
        *("Assignments Current Score", "Unposted Final Score", "Final Grade"),
        *("Attendance (774)", "Attendance", "(771)", "771"),
    ],
)
def test_columns_that_take_no_grades_are_no_assignments(name: str) -> None:
    with pytest.raises(UsageError) as found:
        assignment_column(parse_roster(GRADEBOOK), name, "list.csv")
    assert str(found.value) == (
        f"--assignment {name!r} names no assignment of list.csv; its assignments: "
        "Homework 4 (771), Homework 5 (772), Homework 5 (773)"
    )


def test_assignment_that_was_not_given_is_asked_for() -> None:
    with pytest.raises(UsageError) as found:
        assignment_column(parse_roster(CANVAS), " ", "list.csv")
    assert str(found.value) == (
        "list.csv is Canvas' gradebook: give --assignment, one of: Homework 4 (771)"
    )
    assert assignment_column(parse_roster(CANVAS.replace("Homework 4", "Assignment")), "") == 5


def test_assignment_that_two_columns_are_called_needs_its_id() -> None:
    roster = parse_roster(GRADEBOOK)
    with pytest.raises(UsageError) as found:
        assignment_column(roster, "homework 5", "list.csv")
    assert str(found.value) == (
        "--assignment 'homework 5' names 2 columns of list.csv: give it with its '(id)', one of: "
        "Homework 5 (772), Homework 5 (773)"
    )
    assert assignment_column(roster, "homework 5 (773)") == 7


@pytest.mark.parametrize("name", ["", "Homework 4"])
def test_gradebook_without_assignments(name: str) -> None:
    with pytest.raises(UsageError, match="has no column of an assignment, such as 'Homework 4"):
        assignment_column(parse_roster("Student,ID,Section,Final Score\nJane,1,A,\n"), name)


def test_case_tells_columns_apart_only_where_several_differ_in_it() -> None:
    roster = parse_roster("Student,ID,Section,HW 4 (1),hw 4 (2),Hw 5 (3),HW 5 (4)\nA,1,A,,,,\n")
    assert assignment_column(roster, "HW 4") == 3
    assert assignment_column(roster, "hw 4") == 4
    with pytest.raises(UsageError, match="names 2 columns"):
        assignment_column(roster, "hw 5")
    assert assignment_column(roster, "hw 5 (4)") == 6


def test_staff_in_gradescopes_roster_are_no_students() -> None:
    table = "First Name,Last Name,SID,Email,Role\nJane,Doe,1,j@u,Student\nProf,X,,x@u,{}\nA,B,3,,\n"
    for role in ("Instructor", "TA", "Reader"):
        roster = parse_roster(table.format(role))
        assert [line.name for line in roster.lines] == ["Jane Doe", "A B"]
        assert len(roster.rows) == 3
    in_group = parse_roster("Name,Email,Role\nJane Doe,j@u,Leader\nRick Roe,r@u,Member\n")
    assert len(in_group.lines) == 2


def test_logins_that_share_a_number_are_others() -> None:
    roster = parse_roster("name,id\nAnna A,anna12\nBert B,bert12\n")
    found = match(roster, [row("x", student="", student_id="bert12")])
    assert [m.line.name for m in found.matches] == ["Bert B"]
    assert match(roster, [row("x", student="", student_id="carl12")]).matches == ()


def test_name_with_a_digit_makes_no_worksheet() -> None:
    assert parse_roster("Name,Grade\nAnna Nguyen 2,\nBo Li,\n").kind is Platform.PLAIN


def test_spelled() -> None:
    assert spelled("O’Neill-Strauß, Ægir 3rd") == "oneillstraussægir3rd"


LOGINS = """\
Student,ID,SIS User ID,SIS Login ID,Section,HW (1)
"Doe, J.",11,s1,jdoe,A,
"Doe, Jane",12,4711,jdoe2,A,
"Roe, Rick",77,12,rick@uni.edu,A,
"""


@pytest.mark.parametrize(
    ("arrival", "name", "by"),
    [
        ({"student": "jdoe2"}, "Doe, Jane", "login"),
        ({"student": "JDoe"}, "Doe, J.", "login"),
        ({"student": "rick@uni.edu"}, "Roe, Rick", "login"),
        # Canvas' own id, though it is another's number at the school.
        ({"student_id": "12"}, "Doe, Jane", "id"),
        # The school's, in what Gradescope exports.
        ({"student_id": "12", "is_school_id": True}, "Roe, Rick", "id"),
        ({"student_id": "12", "is_school_id": True, "email": "r@uni.edu"}, "Roe, Rick", "id"),
    ],
)
def test_found_by_the_right_column(arrival: dict[str, Any], name: str, by: str) -> None:
    found = match(parse_roster(LOGINS), [row("x", **{"student": "", **arrival})])
    assert [(m.line.name, m.by) for m in found.matches] == [(name, by)]


@pytest.mark.parametrize(
    ("text", "arrival"),
    [
        (LOGINS, {"student_id": "77", "is_school_id": True}),
        (LOGINS, {"student": "jdoe3"}),
        (LOGINS, {"student": "login 12"}),
        # The school's numbers of others, as Canvas and Moodle never write them into names.
        (LOGINS, {"student_id": "4711"}),
        (MOODLE.replace("Full name,", "Full name,ID number,").replace("Doe,", "Doe,77,", 1),
         {"student_id": "77"}),
    ],
)  # fmt: skip
def test_another_number_or_name_finds_nobody(text: str, arrival: dict[str, Any]) -> None:
    assert match(parse_roster(text), [row("x", **{"student": "", **arrival})]).matches == ()


def test_line_that_two_claim_is_left_to_no_third() -> None:
    rows = [row("a", student_id="12"), row("b", student_id="12"), row("c", student="Jane Doe")]
    found = match(parse_roster(LOGINS), rows)
    assert found.matches == ()
    assert "several other hand-ins claim" in found.unmatched[2].why


@pytest.mark.parametrize(
    ("student", "name"),
    [
        ("abeanna", None),
        ("roeanna", None),
        ("roerick", "Roe, Rick M."),
        ("Rick Roe", "Roe, Rick M."),
        ("Rick Karl Roe", "Roe, Rick M."),
        ("", "Roe, Rick M."),
    ],
)
def test_platforms_id_in_a_table_is_a_students_where_the_names_allow_it(
    student: str, name: str | None
) -> None:
    roster = parse_roster('name,id\n"Roe, Rick M.",101\nBert B,102\n')
    found = match(roster, [row("x", student=student, student_id="101")])
    assert next((m.line.name for m in found.matches), None) == name
    if name is None:
        assert found.unmatched[0].why == "whoever in the list has its id has another name"


def test_schools_number_in_a_table_needs_no_name() -> None:
    roster = parse_roster("name,id\nWilliam Poe,101\n")
    found = match(roster, [row("x", student="Bill Doe", student_id="101", is_school_id=True)])
    assert len(found.matches) == 1


def test_name_counts_where_the_id_is_anothers() -> None:
    roster = parse_roster("name,id\nRick Roe,101\nAnna Abe,102\n")
    found = match(roster, [row("x", student="abeanna", student_id="101")])
    assert [(m.line.name, m.by) for m in found.matches] == [("Anna Abe", "name")]


def test_folder_is_called_by_an_id_of_a_table() -> None:
    roster = parse_roster("name,student id\nAnna A,100\nBert B,200\n")
    assert [m.line.name for m in match(roster, [row("x", student="200")]).matches] == ["Bert B"]
