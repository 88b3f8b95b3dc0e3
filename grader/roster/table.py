"""The cells of a table, as spreadsheet programs and learning platforms save it as text.

UTF-8 or, as Excel's "Unicode text" and Blackboard have it, UTF-16; with commas, semicolons or tabs.
"""

from __future__ import annotations

import codecs
import csv
import io
import re

from grader.errors import UsageError

MAX_CHARACTERS = 20_000_000
EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""What Excel's files begin with: the newer ones are zips."""
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SEPARATORS = "\t;,"
"""The likeliest first, where a header has as many of each: in a name, a comma is the commonest."""
_QUOTED = re.compile(r'"[^"]*"?')
_DECLARED = re.compile(r'\s*"?sep=([^\w\s"]|\t)"?[ ]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
"""Excel's line above the header that names the separator."""


def decoded(content: bytes, name: str) -> str:
    """The text of a file. Raises UsageError with what to change."""
    if content.startswith(EXCEL):
        raise UsageError(
            f"the class list {name} is an Excel file or an archive; save it as 'CSV UTF-8'"
        )
    encoding = "utf-16" if content.startswith(UTF_16) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        said = "is no valid UTF-16" if encoding == "utf-16" else "is not UTF-8"
        raise UsageError(f"the class list {name} {said}; save it as 'CSV UTF-8'") from None


def rows_in(text: str, name: str) -> list[tuple[str, ...]]:
    """The rows that are not blank; the first is the header. Raises UsageError with what to change.

    What separates the cells is what Excel's own line says, or of what the header has most.
    """
    if len(text) > MAX_CHARACTERS or "\0" in text:
        raise UsageError(f"the class list {name} is no table of students; export it as CSV")
    if declared := _DECLARED.match(text):
        text = text[declared.end() :]
    separator = declared[1] if declared else _separator(text)
    try:
        rows = [tuple(r) for r in csv.reader(io.StringIO(text, newline=""), delimiter=separator)]
    except csv.Error as error:
        raise UsageError(f"the class list {name} is no valid CSV: {error}") from None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise UsageError(f"the class list {name} is empty")
    return rows


def _separator(text: str) -> str:
    blank = f' \n"{SEPARATORS}'
    header = next((line for line in io.StringIO(text, newline=None) if line.strip(blank)), "")
    bare = _QUOTED.sub("", header)
    return max(SEPARATORS, key=bare.count)
