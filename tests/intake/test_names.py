"""Names of results' folders: unique, safe on every file system, and the same in every run."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake.names import DEVICES, Naming, safe_name, shown, unique_names

labels = st.one_of(
    st.text(max_size=120),
    st.sampled_from(["alice", "Alice", "ALICE", "con", "con.txt", "ß", "ss", "é", "e\u0301", ""]),
    st.text(alphabet="./\\-_ :\x00\n\ud800a", max_size=12),
)
namings = st.lists(st.tuples(labels, st.one_of(st.just(""), labels)), max_size=12)


def made(pairs: list[tuple[str, str]]) -> list[str]:
    return unique_names([Naming(label, id, str(i)) for i, (label, id) in enumerate(pairs)])


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("alice", "alice"),
        ("Jane Doe; John Roe", "Jane_Doe_John_Roe"),
        ("Zoë O'Brien", "Zoë_O_Brien"),
        ("李 小龙", "李_小龙"),
        ("e\u0301", "é"),
        ("j.doe@x.edu", "j.doe@x.edu"),
        ("../../etc", "etc"),
        ("_batch", "batch"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("alice.", "alice"),
        ("con", "con_file"),
        ("gradebook.csv", "gradebook_file.csv"),
        ("Summary.HTML", "Summary_file.HTML"),
        ("Con.txt", "Con_file.txt"),
        ("nul .", "nul_file"),
        ("a\nb\x00c", "a_b_c"),
        ("\ud800", "unnamed"),
        ("", "unnamed"),
        ("é" * 60, "é" * 40),
        ("x" * 79 + ".y", "x" * 79),
    ],
    ids=ascii,
)
def test_safe_name(label: str, name: str) -> None:
    assert safe_name(label) == name


@given(label=labels)
def test_every_name_is_safe(label: str) -> None:
    name = safe_name(label)
    assert 1 <= len(name.encode()) <= 80
    assert name[0] not in "._-"
    assert name[-1] not in ". "
    assert name.isprintable() or any(unicodedata.category(c)[0] == "M" for c in name)
    assert not set(name) & set('/\\:*?"<>| \x00\n')
    assert name.partition(".")[0].casefold() not in DEVICES
    assert safe_name(name) == name


@given(pairs=namings)
def test_names_are_unique_and_safe(pairs: list[tuple[str, str]]) -> None:
    names = made(pairs)
    assert len({unicodedata.normalize("NFC", name.casefold()) for name in names}) == len(names)
    assert all(safe_name(name) == name for name in names)


@given(pairs=namings, data=st.data())
def test_names_do_not_depend_on_the_order(
    pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    hand_ins = [Naming(label, id, str(i)) for i, (label, id) in enumerate(pairs)]
    shuffled = data.draw(st.permutations(hand_ins))
    names = dict(zip(hand_ins, unique_names(hand_ins), strict=True))
    assert dict(zip(shuffled, unique_names(shuffled), strict=True)) == names


def test_only_those_of_the_same_name_are_told_apart() -> None:
    names = made([("Jane Doe", "7"), ("jane doe", "8"), ("bob", "9"), ("eve", ""), ("eve", "")])
    assert names[:3] == ["Jane_Doe-7", "jane_doe-8", "bob"]
    assert names[3] != names[4]
    assert all(name.startswith("eve-") and len(name) == 10 for name in names[3:])
    assert made([("a", "7"), ("a", "8"), ("a-7", "9")])[1:] == ["a-8", "a-7-9"]


@given(text=st.text(max_size=2000))
def test_a_strangers_text_can_be_shown(text: str) -> None:
    plain = shown(text)
    assert plain.isprintable()
    assert len(plain) <= 200
    plain.encode()
