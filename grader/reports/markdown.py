"""Reports in Markdown, for the pages of a CI job, and GitHub's annotations of lines.

What students wrote is shown in two ways only. In a line it is ``<code>`` with every sign of ASCII
but letters and digits as a character reference, which Markdown never takes for markup and in which
no platform looks for mentions or links. In a block it stands between fences that are longer than
any run of backticks in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from grader.model import CheckResult, Report
from grader.reports import view
from grader.reports.details import details, message, scored_on
from grader.reports.gradebook import (
    comparable,
    hand_ins,
    in_order,
    judged,
    left_out,
    question_ids,
    scored_on_made_up,
    total,
)
from grader.reports.plain import in_one_line, plain
from grader.rows import Row, Status

MAX_BYTES = 60_000
"""GitHub drops a step's summary over 1 MiB, and a comment over 65,536 characters."""
MAX_BLOCK = 4_000
MAX_INLINE = 120
MAX_ANNOTATIONS = 10
"""GitHub shows no more of each kind for a step."""
MAX_MESSAGE = 2_000


def to_markdown(report: Report) -> str:
    """The points of each question, then what to mend, as far as there is room for it."""
    lines = [f"## {code(report.submission)}: {report.score:g} of {report.max_score:g} points", ""]
    if report.harness_failed:
        lines += ["**These points are not final: in some checks the grader itself failed.**", ""]
    lines += [f"**{said}**\n" for q in report.questions if (said := scored_on(q))]
    lines += ["| | Question | Points | Checks passed |", "| --- | --- | ---: | ---: |"]
    parts = [view.Part(question, staff=False) for question in report.questions]
    for part in parts:
        result, passed = part.result, sum(check.passed for check in part.graded)
        points = f"{result.score:g} of {result.max_score:g}"
        checks = f"{passed} of {len(part.graded)}"
        lines.append(f"| {code(result.id.upper())} | {code(result.title)} | {points} | {checks} |")
    blocks = [block for part in parts for block in _to_mend(part)]
    return _bounded("\n".join(lines) + "\n", blocks, "checks")


def course_to_markdown(rows: Sequence[Row]) -> str:
    """A line for each hand-in of a course, as far as there is room for it."""
    ids = question_ids(rows)
    counts = [(sum(row.status is status for row in rows), status) for status in Status]
    said = ", ".join(f"{count} {status.value}" for count, status in counts if count)
    points = [row.score for row in comparable(rows)]
    mean = f" Mean of what was graded: {sum(points) / len(points):.1f}." if points else ""
    if others := left_out(rows):
        mean = f"{mean} {others}"
    if made_up := scored_on_made_up(rows):
        mean = f"{mean} **{made_up}**"
    heads = ["Hand-in", "Student", *map(code, (id.upper() for id in ids)), "Total", "Status"]
    marks = ["---", "---", *["---:"] * (len(ids) + 1), "---"]
    head = [f"## {hand_ins(len(rows))}", "", f"{said or 'None'}.{mean}", "", _line(heads)]
    lines = (_line(_cells(row, ids)) + "\n" for row in in_order(rows))
    return _bounded("\n".join([*head, _line(marks)]) + "\n", lines, "hand-ins")


def to_annotations(report: Report, folder: str = "") -> list[str]:
    """GitHub's workflow commands that show a failure at the student's own line.

    ``folder`` is that of the hand-in in the repository. A graded check gives an error, an advisory
    one a warning; hidden ones give nothing. Only lines of a traceback have a place to show, and
    what several checks say of one is shown once, with the first of them.
    """
    failed = [
        (question.id, check)
        for question in report.questions
        for check in question.checks
        if not check.passed and not check.hidden and check.traceback
    ]
    lines: dict[str, list[str]] = {"error": [], "warning": []}
    seen = set()
    for id, check in sorted(failed, key=lambda item: not item[1].graded):
        told = check.traceback[-1], check.message
        if told not in seen:
            kind = "error" if check.graded else "warning"
            lines[kind].append(_annotation(kind, id, check, folder))
        seen.add(told)
    return [line for kind in lines.values() for line in kind[:MAX_ANNOTATIONS]]


def code(text: str, most: int = MAX_INLINE) -> str:
    """Text of any origin as code in a line of Markdown, also in a table."""
    line = in_one_line(text)
    line = line if len(line) <= most else f"{line[:most]}…"
    safe = re.sub(r"[^\w\s]|_", lambda sign: f"&#{ord(sign[0])};", line)
    return f"<code>{safe}</code>" if safe else ""


def fenced(lines: Iterable[str]) -> str:
    """Text of any origin as a block of Markdown."""
    text = "\n".join(map(plain, lines)).strip("\n")
    text = text if len(text) <= MAX_BLOCK else f"{text[:MAX_BLOCK]}\n…"
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}\n"


def _to_mend(part: view.Part) -> Iterator[str]:
    for group in part.failed:
        check = group.first
        names = ", ".join(code(check.name) for check in group.checks[:5])
        more = f" and {len(group.checks) - 5} more" if len(group.checks) > 5 else ""
        head = f"\n### {code(part.result.id.upper())} {names}{more}: {view.OUTCOMES[check.outcome]}"
        yield f"{head}\n\n{fenced([message(check), *details(check)])}"


def _bounded(head: str, blocks: Iterable[str], what: str) -> str:
    """Whole blocks only, so that no fence and no table is left open."""
    text, left, size = [head], 0, len(head.encode())
    for block in blocks:
        length = len(block.encode())
        if left or size + length > MAX_BYTES:
            left += 1
        else:
            text.append(block)
            size += length
    if left:
        text.append(f"\n{left} more {what} are left out here; the reports have them all.\n")
    return "".join(text)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row, ids: Sequence[str]) -> list[str]:
    points = {q.id: f"{q.score:g}" for q in row.questions if judged(row, q)}
    whole = total(row)
    late = ", late" if row.arrival.late else ""
    return [
        code(row.arrival.name, 40),
        code(row.arrival.student, 40),
        *(points.get(id, "") for id in ids),
        "" if whole is None else f"**{whole:g}** of {row.max_score:g}",
        f"{row.status.value}{late}",
    ]


def _annotation(kind: str, question: str, check: CheckResult, folder: str) -> str:
    at = check.traceback[-1]
    file = f"{folder.rstrip('/')}/{at.file}" if folder else at.file
    values = {"file": file, "line": str(at.line), "title": f"{question.upper()} {check.name}"}
    where = ",".join(f"{key}={_property(value)}" for key, value in values.items())
    said = plain(check.message)
    return f"::{kind} {where}::{_data(said[:MAX_MESSAGE])}"


def _data(text: str) -> str:
    """A command's text: GitHub turns these three back, and a line end would end the command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    line = in_one_line(text)[:300]
    return _data(line).replace(":", "%3A").replace(",", "%2C")
