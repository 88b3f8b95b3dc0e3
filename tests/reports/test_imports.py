"""The files that Canvas and Moodle import: ids unchanged, nothing graded that was not."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from grader.model import Outcome
from grader.reports.canvas import to_canvas
from grader.reports.moodle import to_moodle
from grader.roster.matching import match
from grader.roster.reading import Roster, assignment_column, parse_roster
from grader.rows import Row, Status
from tests.reports.rows import question_row, row, unreadable
from tests.roster.lists import CANVAS, DUTCH, GERMAN, MOODLE


def read(document: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(document, newline="")))


def canvas(roster: Roster, *rows: Row, assignment: str = "Homework 4") -> list[list[str]]:
    column = assignment_column(roster, assignment)
    return read(to_canvas(roster, match(roster, rows).matches, column))


def graded(id: str, **values: Any) -> Row:
    return row(id, question_row("q2", 2.5), student_id=id, **values)


def test_canvas_gets_its_own_columns_and_one_assignment() -> None:
    lines = canvas(parse_roster(CANVAS), graded("101"))
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Homework 4 (771)"]
    assert lines[0] == head
    assert lines[1] == ["    Points Possible", "", "", "", "", "27"]
    assert lines[2] == ["Doe, Jane", "101", "s101", "jane@uni.edu", "A", "2.5"]
    assert [line[-1] for line in lines[3:]] == ["", "", "", ""]
    assert [line[1] for line in lines[2:]] == ["101", "102", "103", "104", "105"]


def test_canvas_highest_grade_that_is_missing() -> None:
    lines = canvas(parse_roster(CANVAS.replace(",27,", ",,")), graded("101"))
    assert [line[-1] for line in lines[:3]] == ["Homework 4 (771)", "3", "2.5"]


def test_canvas_keeps_a_grade_where_nothing_was_judged() -> None:
    text = CANVAS.replace("jane@uni.edu,A,,", "jane@uni.edu,A,20,")
    for status in Status:
        of_jane = graded("101", status=status)
        new = canvas(parse_roster(text), of_jane)[2][-1]
        assert new == ("2.5" if status is Status.GRADED else "20")
    broken = unreadable("x", student_id="102")
    assert canvas(parse_roster(CANVAS), broken)[3][-1] == ""


@pytest.mark.parametrize("cell", ["EX", " ex "])
def test_canvas_excuses_stay(cell: str) -> None:
    text = CANVAS.replace("jane@uni.edu,A,,", f"jane@uni.edu,A,{cell},")
    lines = canvas(parse_roster(text), graded("101"), graded("102"))
    assert [line[-1] for line in lines[1:4]] == ["27", cell, "2.5"]


def test_canvas_ids_stay_and_names_are_no_formulas() -> None:
    text = (
        "Student,ID,SIS User ID,SIS Login ID,Section,HW (1)\n"
        '"=HYPERLINK(""x"")",-7, 0012 ,=id,@s,\n'
    )
    lines = canvas(parse_roster(text), graded("-7"), assignment="HW")
    assert lines[1] == ['\'=HYPERLINK("x")', "-7", " 0012 ", "=id", "'@s", "2.5"]


def test_canvas_ids_stay_whatever_the_case_of_their_heads() -> None:
    text = "Student,id,sis login id,Section,HW (1)\nJane,-7,-jdoe,A,\n"
    lines = canvas(parse_roster(text), graded("-7"), assignment="HW")
    assert lines[1] == ["Jane", "-7", "-jdoe", "A", "2.5"]


def moodle(text: str, *rows: Row) -> list[dict[str, str]]:
    roster = parse_roster(text)
    head, *lines = read(to_moodle(roster, match(roster, rows).matches))
    return [dict(zip(head, line, strict=True)) for line in lines]


def test_moodle_gets_grade_and_comment_and_the_rest_unchanged() -> None:
    before = moodle(MOODLE)
    failed = question_row("q3", 0.0, title="A & B", outcome=Outcome.FORBIDDEN)
    after = moodle(MOODLE, row("x", question_row("q2", 2.5), failed, student_id="501"))
    assert after[1] == before[1]
    changed = {key: value for key, value in after[0].items() if before[0][key] != value}
    assert changed == {
        "Grade": "2,5",
        "Feedback comments": "Q2 Title of q2: 2.5 of 3 (not right yet); "
        "Q3 A &amp; B: 0 of 3 (torch's own layer)",
    }


def test_moodle_in_another_language() -> None:
    line = moodle(GERMAN, row("x", question_row("q2", 2.5), student_id="502"))[1]
    assert line["Bewertung"] == "2,5"
    assert line["Bestwertung"] == "27,00"
    assert line["ID"] == "Teilnehmer/in502"
    assert line["Feedback als Kommentar"].startswith("Q2 Title of q2: 2.5 of 3")


def test_moodle_takes_a_point_where_the_worksheet_has_one() -> None:
    assert moodle(MOODLE.replace('"27,00"', "27.00"), graded("501"))[0]["Grade"] == "2.5"


def test_moodle_keeps_what_was_not_judged() -> None:
    for status in Status:
        line = moodle(MOODLE, graded("501", status=status))[0]
        assert (line["Grade"] == "") is (status is not Status.GRADED)
        assert (line["Feedback comments"] == "") is (status is not Status.GRADED)


def test_moodle_names_are_no_formulas() -> None:
    line = moodle(MOODLE.replace("Jane Doe", "=1+1"))[0]
    assert (line["Full name"], line["Identifier"]) == ("'=1+1", "Participant 501")


def test_what_moodle_does_not_read_is_no_formula_in_any_language() -> None:
    """Students write online texts, and some of their profile; a dash is Moodle's for none."""
    texts = '"=1+1","+49 1","-","a\n@b","-","- better","-1","Fine, so far "'
    heads = (
        *("Texte en ligne", "Téléphone", "Dernière modification (travail remis)", "Remarque"),
        *("Dernière modification (note)", "Feedback par commentaires", "Note", "Statut"),
    )
    line = moodle(f"Identifiant,{','.join(heads)}\nParticipant 501,{texts}\n")[0]
    assert list(line.values()) == [
        *("Participant 501", "'=1+1", "'+49 1", "-", "a @b"),
        *("-", "- better", "-1", "Fine, so far "),
    ]


def test_moodles_first_column_is_a_students_where_the_id_is_in_another() -> None:
    line = moodle("Online text,Identifier,Grade\n=1+1,Participant 501,\n")[0]
    assert line["Online text"] == "'=1+1"


@pytest.mark.parametrize(
    ("heads", "word"),
    [
        ("Identificatie;Cijfer;Maximaal cijfer;Feedback", "Deelnemer"),
        ("Identificatie;Cijfer;Maximaal cijfer;Feedback tekstvak", "Deelnemer"),
        ("Identifiant;Note;Note maximale;Feedback par commentaires", "Participant"),
        (
            "Identificador;Calificación;Calificación máxima;Comentarios de retroalimentación",
            "Participante",
        ),
        ("Identificativo;Valutazione;Valutazione massima;Commenti", "Partecipante"),
        ("Número de identificação;Nota;Nota Máxima;Comentários de feedback", "Participante"),
        ("Número de identificação;Avaliação;Nota Máxima;Comentários de feedback", "Participante "),
        ("Identifierare;Betyg;Maximalt betyg;Återkopplingskommentarer", "Deltagare"),
    ],
)
def test_moodle_gets_grade_and_comment_in_languages_of_its_packs(heads: str, word: str) -> None:
    _, grade, most, comments = heads.split(";")
    line = moodle(f"{heads}\n{word}501;;27,00;\n", graded("501"))[0]
    assert (line[grade], line[most]) == ("2,5", "27,00")
    assert line[comments].startswith("Q2 Title of q2: 2.5 of 3")


def test_moodle_in_dutch_keeps_dates_and_names() -> None:
    before, after = moodle(DUTCH)[0], moodle(DUTCH, graded("501"))[0]
    changed = {key for key, value in after.items() if before[key] != value}
    assert changed == {"Cijfer", "Feedback"}
    assert before["Laatst gewijzigd (beoordeling)"] == "-"
    assert before["Volledige naam"] == "Jane Doe"
