"""Text of a student's is made harmless, and is otherwise left alone."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.reports.plain import plain
from tests.reports.builders import CONTROLS, HARMLESS, HOSTILE


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("", ""),
        ("plain words", "plain words"),
        ("tab\tand\nnewline", "tab\tand\nnewline"),
        ("Grüße, ∑ 数 😀", "Grüße, ∑ 数 😀"),
        ("windows\r\nlines", "windows\nlines"),
        ("progress 1%\rprogress 2%", "progress 1%progress 2%"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;2;1;2;3mtrue colour", "true colour"),
        ("\x1b[2J\x1b[1;1Hcleared", "cleared"),
        ("\x1b[?25lhidden", "hidden"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bcreset", "creset"),
        ("\x1bMup", "up"),
        ("cut off \x1b[", "cut off ["),
        ("NUL\x00 BEL\x07 BS\x08 DEL\x7f", "NUL BEL BS DEL"),
        ("C1 \x85\x9b2J", "C1 2J"),
        ("\u202eturned\u202c \u2066isolated\u2069", "turned isolated"),
        ("a\u200eb\u200fc\u061cd\u200be\ufefff", "abcdef"),
        (
            "\u0645\u06cc\u200c\u062e \U0001f469\u200d\U0001f4bb",
            "\u0645\u06cc\u200c\u062e \U0001f469\u200d\U0001f4bb",
        ),
        ("\x1b\u200b[31mred", "[31mred"),
        ("\ud800alone\udfff", "alone"),
        ("\ufffe\uffff", ""),
        ("a\u2028Total: 27\u2029b", "a Total: 27 b"),
        ("[bold]markup[/bold]", "[bold]markup[/bold]"),
        (HOSTILE, HARMLESS),
    ],
)
def test_plain(text: str, clean: str) -> None:
    assert plain(text) == clean


@given(text=st.text(st.characters() | st.sampled_from(CONTROLS)))
def test_any_text_can_be_written(text: str) -> None:
    clean = plain(text)
    assert not set(clean) & {*CONTROLS, "\x1b"}
    clean.encode("utf-8")
    element = ElementTree.fromstring(f"<a>{escape(clean)}</a>".encode())
    assert (element.text or "") == clean


@given(text=st.text(st.characters() | st.sampled_from(CONTROLS)))
def test_plain_text_stays_plain(text: str) -> None:
    """Taking an escape sequence out must not join another one together."""
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize("text", ["\x1b\x1b[0m[31mred", "\x1b[0\x1b[0mm", "\x1b]a\x1b]b\x07c\x07"])
def test_sequences_in_sequences(text: str) -> None:
    assert "\x1b" not in plain(text)
