"""What a report says below a check's message, line by line, for every format alike."""

from __future__ import annotations

from collections.abc import Iterator

from grader.model import CheckResult

OUTPUT_LINES = 10


def details(check: CheckResult) -> Iterator[str]:
    """What was asked, the student's own lines of the traceback, and what the code printed."""
    yield f"Asked: {check.title}"
    for line in check.traceback:
        function = f", in {line.function}" if line.function else ""
        yield f"{line.file}, line {line.line}{function}: {line.code}"
    printed = check.output.strip().splitlines()
    if printed:
        yield "Printed:"
        yield from (f"  {line[:300]}" for line in printed[:OUTPUT_LINES])
        if len(printed) > OUTPUT_LINES:
            yield f"  … and {len(printed) - OUTPUT_LINES} more lines"
