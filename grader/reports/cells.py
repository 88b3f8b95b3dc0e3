"""Tables as CSV that a spreadsheet program may open: no cell of theirs is taken for a formula.

A cell that begins with ``= + - @``, a tab or a line end is run as a formula by spreadsheets,
whoever wrote it (https://owasp.org/www-community/attacks/CSV_Injection). Such a cell gets an
apostrophe in front, which these programs take for "this is text". Where the list separator is a
semicolon, they cut a cell at one, so what follows a semicolon is treated as a beginning, too. What
shows nothing, or is drawn over what follows, is no beginning: some programs leave it out.
"""

from __future__ import annotations

import csv
import io
import math
import unicodedata
from collections.abc import Iterable, Sequence

from grader.reports.plain import in_one_line

FORMULA = "=+-@\u2212"
"""What a formula begins with; full-width and small forms are folded to these."""
_UNSEEN = ("C", "M", "Z")
"""Unicode's categories of what is not seen by itself: controls, formats, marks, spaces."""
_FILLERS = "\u115f\u1160\u3164\uffa0\u2800"
"""Letters that show nothing: Hangul's, and Braille without a dot."""


def text(value: str) -> str:
    """Text of any origin as one line that no spreadsheet program takes for a formula."""
    return ";".join(map(_defused, in_one_line(value).split(";")))


def kept(cell: str) -> str:
    """A cell of a table that goes back: exactly as it is, with its spaces, if it is harmless."""
    safe = text(cell)
    # With a tab or the end of a line in it, it might be read as two.
    return cell if cell.isprintable() and safe == " ".join(cell.split()) else safe


def number(value: float | None) -> str:
    """A number of ours; empty where there is none, which a reader must not take for zero."""
    return "" if value is None or not math.isfinite(value) else f"{value:.10g}"


def table(rows: Iterable[Sequence[str]]) -> str:
    """The cells as CSV.

    Lines end with a line feed, which Excel, LibreOffice, Canvas and Moodle read like RFC 4180's
    pair, and which a version control system shows as one line.
    """
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def _defused(part: str) -> str:
    """A cell, or what follows a semicolon in it, as the beginning of no formula."""
    seen = next((character for character in part if _is_seen(character)), "")
    if unicodedata.normalize("NFKC", seen)[:1] not in tuple(FORMULA):
        return part
    text = part.lstrip()
    return f"{part[: len(part) - len(text)]}'{text}"


def _is_seen(character: str) -> bool:
    return unicodedata.category(character)[0] not in _UNSEEN and character not in _FILLERS
