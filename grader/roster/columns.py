"""What platforms and people call the columns of a class list, in the languages known here.

All are in lower case, as they are compared. Moodle writes its grading worksheet in the language of
whoever downloads it, and reads it in that: its names are those of its language packs, and one that
is not known for certain is left out, so that nothing is written into a column that is another.
"""

from __future__ import annotations

MOODLE_ID = "identifier"
MOODLE_OTHERS = ("id number",)
CANVAS_ID = "id"
CANVAS_LOGIN = "sis login id"
CANVAS_OTHERS = ("sis user id", CANVAS_LOGIN, "integration id")
ASSIGNMENT = "Assignment"
"""What Canvas' column of the grades is called where nothing is said of that."""
ROLE = "role"
"""Gradescope's column of who is a student, and who an instructor, a TA or a reader."""
STUDENT = "student"

IDS = (
    *("id", "student id", "student_id", "id number", "sid", "user id", "login", "username"),
    # Brightspace's, of the school.
    "orgdefinedid",
    *("id-nummer", "matrikelnummer", "studentnummer", "studentennummer", "gebruikersnaam"),
    *("numéro étudiant", "n° étudiant", "numéro d'étudiant", "nom d'utilisateur"),
    *("matricola", "numero di matricola", "nome utente"),
    *("matrícula", "número de matrícula", "nombre de usuario", "número de aluno"),
    *("número mecanográfico", "nome de utilizador", "nome de usuário"),
    # GitHub Classroom's: of the school, whatever staff took for it. GitHub's own number is none.
    *("identifier", "roster_identifier"),
)
"""Of the tables that people write."""

EMAILS = (
    *("email", "email address", "e-mail", "e-mail-adresse", "e-mail address"),
    *("e-mailadres", "emailadres"),
    *("adresse de courriel", "courriel", "adresse e-mail", "adresse email", "adresse électronique"),
    *("dirección de correo", "correo electrónico", "correo", "dirección de correo electrónico"),
    *("indirizzo email", "indirizzo e-mail", "posta elettronica"),
    *("endereço de e-mail", "endereço de email", "correio eletrónico"),
    *("e-postadress", "e-post", "e-postadresse", "e-mailadresse", "adres e-mail"),
)

FULL_NAMES = (
    *("full name", "vollständiger name", "volledige naam", "nom complet", "nombre completo"),
    *("nome completo", "fullständigt namn", "fulde navn", "fullt navn", "imię i nazwisko"),
)
NAMES = (
    *("name", STUDENT, *FULL_NAMES, "student name", "naam", "namn", "navn"),
    *("nom et prénom", "nom prénom", "prénom nom", "nombre y apellidos", "apellidos y nombre"),
    *("cognome e nome", "nome e cognome", "cognome nome", "nome cognome", "cognome/nome"),
    "nominativo",
)
NAMES_IN_TWO = (
    (
        ("first name", "first_name", "firstname", "given name"),
        ("last name", "last_name", "lastname", "surname", "family name"),
    ),
    (("vorname",), ("nachname", "familienname", "name")),
    (("voornaam", "roepnaam"), ("achternaam", "familienaam", "naam")),
    (("prénom", "prenom", "prénom(s)"), ("nom de famille", "nom", "nom(s)")),
    (
        ("nombre", "nombre(s)", "nombres"),
        ("apellido(s)", "apellidos", "apellido", "primer apellido", "apellido 1"),
    ),
    (("nome",), ("cognome",)),
    (
        ("nome", "primeiro nome", "nome próprio"),
        ("sobrenome", "apelido", "apelido(s)", "apelidos", "último nome"),
    ),
    (("förnamn",), ("efternamn",)),
    (("fornavn",), ("efternavn", "etternavn")),
    (("imię",), ("nazwisko",)),
)
"""The two columns of a table that has a name in two, in each language: one alone is no name."""
NAMES_BETWEEN = ("tussenvoegsel", "tussenvoegsels", "voorvoegsel", "voorvoegsels")
"""Dutch tables have "van der" in a column of its own."""
SECOND_LAST_NAMES = ("segundo apellido", "apellido 2")

GRADES = (
    *("grade", "bewertung", "cijfer", "note", "calificación", "valutazione", "nota", "avaliação"),
    *("betyg", "ocena", "karakter"),
)
MAXIMA = (
    *("maximum grade", "bestwertung", "maximaal cijfer", "note maximale", "calificación máxima"),
    *("valutazione massima", "nota máxima", "maximalt betyg"),
)
MODIFIED = (
    *("last modified (grade)", "zuletzt geändert (bewertung)", "laatst gewijzigd (beoordeling)"),
    *("dernière modification (note)", "última modificación (calificación)"),
    *("ultima modifica (valutazione)", "última atualização (avaliação)"),
    "última modificação (nota)",
    "senast modifierat (betyg)",
)
"""When a grade was changed, by which Moodle tells whether the worksheet is older than its grade."""
COMMENTS = (
    *("feedback comments", "feedback als kommentar", "feedback par commentaires"),
    *("comentarios de retroalimentación", "comentários de feedback", "commenti"),
    *("återkopplingskommentarer", "feedback tekstvak", "feedback"),
)
