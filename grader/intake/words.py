"""Tells names of students from those that a student gives to copies and parts of one work."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import takewhile

from grader.handed_in.naming import OF_SOMETHING, OTHER_CODE, WORD, without_copy_number

OF_ONE = OTHER_CODE | OF_SOMETHING | frozenset(
    "a my hw q v ex lab new bak copy last late code src task part work week unit step temp tmp try "
    "orig redo wip done main mine best ver sol one two first second third early other slow fast "
    "loop naive numpy kopie copie copia abgabe vorlage lösung training analysis evaluation layers "
    "weights network networks data text sentences plots report".split()
)  # fmt: skip
"""Words in the name of a copy or a part of a student's work, as no student is called."""
OF_ONE_ANYWHERE = tuple(
    "archive assign attempt backup draft exercise final fixed homework implement improved latest "
    "notebook original previous problem project question result solution source submi update "
    "upload version vector checkpoint".split()
)
"""Such words that are long enough to be known within another."""
VERSION = re.compile(
    r"(?:(?:old|new|final|backup|bak|copy|draft|orig(?:inal)?|latest|last|prev(?:ious)?|submission|"
    r"v(?:er(?:sion)?)?[ ._-]?\d{1,2})[ ._-]*)+",
    re.IGNORECASE,
)
"""A name made of nothing but such words. A number alone makes none: ``submission_12`` may be
a student's."""
LATER = re.compile(
    r"[ ._-]+\(?(?:v(?:er(?:sion)?)?[ ._-]?\d{1,2}|final|late|resub(?:mit(?:ted)?|mission)?|redo|"
    r"cop(?:y|ie|ia)|kopie|updated?|corrected|fixed|revis(?:ed|ion)|attempt[ ._-]?\d)\)?$",
    re.IGNORECASE,
)
"""What a later version of a hand-in has behind its name, and no surname, as New and Neu are."""
PEOPLE = frozenset("team teams group groups gruppe grp groupe grupo pair student students".split())
"""Words that students and groups of them are numbered with."""
SECTION = frozenset(
    "section sections sec sect sektion tutorial tutorium tut class recitation seminar cohort "
    "mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday".split()
)
"""Words that a course calls its sections by."""
LETTERED = re.compile(r"(?:[Ss]ec|[Tt]ut|[Cc]lass)[A-Z]|(?i:section|sektion)[A-Za-z]")
"""Such a word with a letter after it, and no name of a person, such as Seck, Tuta or TUTU."""
LATE = frozenset(
    "late delayed extension extensions resubmission resubmissions verspätet nachzügler "
    "nachreichung nachreichungen".split()
)
"""Words that a folder for late hand-ins is called by."""
OF_HAND_INS = frozenset("submission submissions hand handin handins in ins abgabe abgaben".split())
"""What may stand beside them."""
TOKEN = re.compile(r"[^\W\d_]+|\d+")
MOST_VERSIONS = 4
"""That are told apart by a number alone."""
SHORT_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?!\d)")
"""Of a copy or a part; a student's id is longer."""


def without_copy_numbers(stems: Iterable[str]) -> dict[str, str]:
    """Each name, without the number of a copy, or what a later version has behind its name, where
    what it is a copy or a version of is there, too.

    A browser numbers only what has a name that is there already. Where nothing has it, the number
    tells two apart: ``Group (1)`` and ``Group (2)``.
    """
    # Shorter ones first: what a copy is of may be a version itself.
    names = sorted(stems, key=len)
    there: dict[str, str] = {}
    for name in names:
        there.setdefault(name.casefold(), name)
    called: dict[str, str] = {}
    for name in names:
        bases = (base.casefold() for base in (without_copy_number(name)[0], LATER.sub("", name)))
        others = (there[base] for base in bases if base != name.casefold() and base in there)
        called[name] = next((called[other] for other in others), name)
    return called


def words_of(name: str) -> frozenset[str]:
    return frozenset(WORD.findall(name.casefold()))


def is_version(name: str) -> bool:
    """Whether a name can hardly be a student's, but that of a version of one hand-in."""
    return VERSION.fullmatch(name) is not None


def are_of_one(names: Sequence[str]) -> bool:
    """Whether several names, side by side, may be those of copies or parts of one work."""
    if any(map(_is_of_one, names)) or frozenset.intersection(*map(words_of, names)):
        return True
    numbered = {SHORT_NUMBER.sub("", name.casefold()).strip(" -_.") for name in names}
    return len(numbered) < len(names) or "" in numbered


class Told(Enum):
    """What names side by side say of whose the folders are that have them."""

    OF_ONE = "copies or parts of one student's work, of which at most one has no such name"
    STUDENTS = "different students"
    NOTHING = "either"


def told_by(names: Sequence[str], folder: str) -> Told:
    """What the names in a folder say, beyond what all of them begin and end with.

    So ``homework-4-ann`` and ``homework-4-bob`` are not two homeworks; but what they share may be
    the name of a work as well, so they say nothing. Of numbers or letters alone it is what has them
    that counts: teams are different ones, versions are not, and of a bare number nobody knows. A
    few among many may have a name that others give to copies: George Best is a student.
    """
    if all(map(is_version, names)):
        return Told.OF_ONE
    shared, rests = _without_shared(names)
    of_people = not shared.isdisjoint(PEOPLE)
    parts = [part for rest in rests for part in rest.split()]
    if all(part.isdigit() or len(part) < 2 for part in parts):
        if of_people or all(len(rest) > 3 and rest.isdigit() for rest in rests):
            return Told.STUDENTS
        are_few = len(names) <= MOST_VERSIONS and all(len(part) < 3 for part in parts)
        return Told.OF_ONE if are_few and _is_of_one(" ".join(shared)) else Told.NOTHING
    of_folder = frozenset() if is_section(folder) else words_of(folder)
    copies = sum(_is_of_one(rest) or not of_folder.isdisjoint(words_of(rest)) for rest in rests)
    if len(names) - copies < (1 if is_section(folder) else 2):
        return Told.OF_ONE
    bare = [SHORT_NUMBER.sub("", rest).strip() for rest in rests]
    numbered = sum(bare.count(name) > 1 for name in bare)
    if (shared and not of_people) or max(copies, numbered) * 4 > len(names):
        return Told.NOTHING
    return Told.STUDENTS


def is_section(name: str) -> bool:
    """Whether a folder is called as a course calls its sections, ``secA`` and ``Tut3`` too."""
    return not words_of(name).isdisjoint(SECTION) or LETTERED.fullmatch(name) is not None


def is_for_late_ones(name: str) -> bool:
    """Whether a folder is called as one for the hand-ins that came late, such as ``late``."""
    words = words_of(name)
    return not words.isdisjoint(LATE) and words <= LATE | OF_HAND_INS


def are_numbered_people(names: Sequence[str]) -> bool:
    """Whether the names are those of groups, which are numbered anew in each section."""
    return not _without_shared(names)[0].isdisjoint(PEOPLE)


def _is_of_one(name: str) -> bool:
    is_word = not OF_ONE.isdisjoint(words_of(name))
    return is_word or any(word in name.casefold() for word in OF_ONE_ANYWHERE)


def _without_shared(names: Sequence[str]) -> tuple[frozenset[str], list[str]]:
    """The words that all names begin or end with, and the rest of each name."""
    tokens = [TOKEN.findall(name.casefold()) for name in names]
    first = _shared(tokens)
    tokens = [found[len(first) :] for found in tokens]
    last = _shared([found[::-1] for found in tokens])
    rests = [" ".join(found[: len(found) - len(last)]) for found in tokens]
    return frozenset(word for word in (*first, *last) if not word.isdigit()), rests


def _shared(tokens: Sequence[Sequence[str]]) -> list[str]:
    columns = zip(*tokens, strict=False)
    return [column[0] for column in takewhile(lambda column: len({*column}) == 1, columns)]
