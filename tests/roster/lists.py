"""Class lists as Canvas, Moodle, GitHub Classroom and people write them."""

from __future__ import annotations

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
