"""Class lists as Canvas, Moodle and people write them, and what is read of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.roster.matching import match
from grader.roster.reading import (
    Platform,
    highest_grade,
    parse_roster,
    read_roster,
    spelled,
)
from tests.reports.rows import row
from tests.roster.lists import CANVAS, CLASSROOM, DUTCH, FINNISH, GERMAN, MOODLE, PLAIN


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
