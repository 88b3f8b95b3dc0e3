"""Gradescope's export: folders ``submission_<id>``, and a table of who handed in which.

``submission_metadata.yml`` is written by Ruby: its keys are symbols, and it also holds all results,
so it may be large. It has the time of each upload and no due date: who was late is not known. It is
read as a stream of events, of which only the wanted scalars are kept. Nothing is constructed, an
alias is never followed, and so none of YAML's bombs can go off.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import yaml

from grader.errors import SubmissionError
from grader.intake.handin import Entry, HandIn, hand_in, taken_of_several
from grader.intake.names import shown

METADATA = "submission_metadata.yml"
UNLISTED = f"not in {METADATA}: whose is it?"
MAX_MB = 256
MAX_DEPTH = 64
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TIME = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?P<fraction>\.\d{1,6})?\d{0,9} ?"
    r"(?:Z|UTC|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d))?"
)
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass
class Submitter:
    """One of those who handed something in."""

    name: str = ""
    sid: str = ""
    email: str = ""

    @property
    def key(self) -> str:
        """What tells who it is."""
        return self.sid or self.email or self.name


@dataclass
class Record:
    """What the table says of one submission."""

    id: str
    created_at: datetime = NEVER
    submitters: dict[str, Submitter] = field(default_factory=lambda: defaultdict(Submitter))
    is_listed: bool = True


def read_gradescope(folder: Path, entries: Sequence[Entry]) -> list[HandIn]:
    """A hand-in for each student, also of a group: of several submissions the latest.

    Raises SubmissionError where the table cannot be read: without it nobody's name is known.
    """
    by_name = {entry.name: entry for entry in entries if entry.name != METADATA}
    records = read_metadata(folder / METADATA)
    for name, entry in by_name.items():
        if entry.is_folder and name not in records:
            records[name] = Record(name, is_listed=False)
    students: dict[str, list[tuple[Record, Submitter]]] = defaultdict(list)
    for record in records.values():
        for submitter in record.submitters.values() or [Submitter()]:
            students[submitter.key or record.id].append((record, submitter))
    return [_latest(theirs, by_name) for theirs in students.values()]


def read_metadata(file: Path) -> dict[str, Record]:
    """The table's records by the names of their folders."""
    records: dict[str, Record] = {}
    try:
        if file.stat().st_size > MAX_MB << 20:
            raise SubmissionError(f"{METADATA} has more than {MAX_MB} MB")
        with file.open("rb") as reader:
            for path, value in _scalars(reader):
                record = records.setdefault(path[0], Record(path[0]))
                _note_down(record, path[1:], value)
    except (OSError, yaml.YAMLError, RecursionError) as error:
        words = " ".join(str(error).split())[:200]
        raise SubmissionError(
            f"{METADATA} cannot be read ({words}); download the export again"
        ) from None
    return records


def _note_down(record: Record, path: Sequence[str], value: str) -> None:
    match path:
        case [":created_at"]:
            record.created_at = _time(value)
        case [":submitters", number, ":name"]:
            record.submitters[number].name = value
        case [":submitters", number, ":sid"]:
            record.submitters[number].sid = value
        case [":submitters", number, ":email"]:
            record.submitters[number].email = value


def _scalars(reader: IO[bytes]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The scalars of a YAML document, each with the keys and numbers that lead to it."""
    path: list[str | None] = []
    numbers: list[int | None] = []  # of the next item, for a sequence
    for event in yaml.parse(reader, Loader=LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            if len(path) > MAX_DEPTH:
                raise yaml.YAMLError("it is nested too deep")
            is_sequence = isinstance(event, yaml.SequenceStartEvent)
            path.append("0" if is_sequence else None)
            numbers.append(0 if is_sequence else None)
            continue
        value = ""
        if isinstance(event, yaml.CollectionEndEvent):
            path.pop()
            numbers.pop()
        elif isinstance(event, yaml.ScalarEvent):
            value = event.value
        elif not isinstance(event, yaml.AliasEvent):
            continue
        if not path:
            continue
        number = numbers[-1]
        if number is not None:
            numbers[-1], path[-1] = number + 1, str(number + 1)
        elif path[-1] is None:
            path[-1] = value
        else:
            if value:
                yield tuple(key or "" for key in path), value
            path[-1] = None


def _time(text: str) -> datetime:
    match = TIME.fullmatch(text.strip())
    if match is None:
        return NEVER
    try:
        time = datetime.fromisoformat(match["time"]).replace(tzinfo=UTC)
        offset = timedelta(hours=int(match["hours"] or 0), minutes=int(match["minutes"] or 0))
        fraction = timedelta(seconds=float(match["fraction"] or 0))
        return time + fraction - (-offset if match["sign"] == "-" else offset)
    except (ValueError, OverflowError):
        return NEVER


def _latest(theirs: Sequence[tuple[Record, Submitter]], entries: Mapping[str, Entry]) -> HandIn:
    """The hand-in of one student; ``theirs`` are all submissions that name the student."""
    *earlier, (latest, student) = sorted(
        theirs, key=lambda r: (r[0].created_at, len(r[0].id), r[0].id)
    )
    entry = entries.get(latest.id)
    problem = "" if entry else f"the export has no folder {shown(latest.id)}; download it again"
    notes = [] if latest.is_listed else [UNLISTED]
    if others := [record.id for record, _ in earlier]:
        notes.append(taken_of_several([latest.id], others))
    if group := [s.name or s.key for s in latest.submitters.values() if s.key != student.key]:
        notes.append(f"handed in together with {shown('; '.join(group))}")
    return hand_in(
        student.name or latest.id,
        [(entry, "")] if entry else [],
        student_id=student.sid,
        is_school_id=True,
        submission_id=latest.id.removeprefix("submission_"),
        email=student.email,
        notes=notes,
        problem=problem,
        source=f"{latest.id}/{student.key}",
    )
