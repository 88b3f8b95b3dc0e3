"""Tables as CSV that a spreadsheet program may open: no cell of theirs is taken for a formula.

A cell that begins with ``= + - @``, a tab or a line end is run as a formula by spreadsheets,
whoever wrote it (https://owasp.org/www-community/attacks/CSV_Injection). Such a cell gets an
apostrophe in front, which these programs take for "this is text". Where the list separator is a
semicolon, they cut a cell at one, so what follows a semicolon is treated as a beginning, too.
"""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

from grader.reports.plain import in_one_line

FORMULA = "=+-@\u2212"
"""What a formula begins with; full-width and small forms are folded to these."""
_AFTER_SEPARATOR = re.compile(r";(\s*)(\S)")
_UNSEEN = ("C", "Z")
"""Unicode's categories of what shows nothing: controls, formats, spaces."""


def text(value: str) -> str:
    """Text of any origin as one line that no spreadsheet program takes for a formula."""
    line = in_one_line(value)
    seen = line.lstrip("".join(c for c in set(line) if unicodedata.category(c)[0] in _UNSEEN))
    if _begins_formula(seen):
        line = f"'{line}"
    return _AFTER_SEPARATOR.sub(_after_separator, line)


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


def _begins_formula(seen: str) -> bool:
    return unicodedata.normalize("NFKC", seen[:1])[:1] in tuple(FORMULA)


def _after_separator(found: re.Match[str]) -> str:
    mark = "'" if _begins_formula(found[2]) else ""
    return f";{found[1]}{mark}{found[2]}"
