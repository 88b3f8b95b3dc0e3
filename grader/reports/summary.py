"""A course's results as one web page that needs nothing else, for its staff."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median
from urllib.parse import quote

from grader.model import Outcome
from grader.reports.charts import Bin, Zone
from grader.reports.gradebook import (
    comparable,
    hand_ins,
    in_order,
    judged,
    left_out,
    question_ids,
    scored_on_made_up,
    total,
    why_not,
)
from grader.reports.html import environment
from grader.reports.view import ONE_THING, OUTCOMES
from grader.roster.matching import Matching
from grader.rows import Row, Status
from grader.similarity import Group

SLOWEST = 5
MISCONCEPTIONS = 20
MAX_BINS = 40
LOSS_BIN = 0.1
FAR_LOSS = 4.5
"""A model that knows nothing at all is about here; worse ones are counted in the last bin."""


@dataclass(frozen=True)
class QuestionSummary:
    """What came of a question in the whole course; only hand-ins in which it was judged count."""

    id: str
    title: str
    max_score: float
    judged: int
    full: int
    """How many got all points."""
    mean: float
    failures: tuple[tuple[str, int], ...]
    """How it ended for the others, the commonest first."""


@dataclass(frozen=True)
class Misconception:
    """A known mistake and how many made it; ``near`` of them gave answers close to it."""

    question: str
    title: str
    count: int
    near: int


def to_summary(
    rows: Sequence[Row],
    groups: Sequence[Group] = (),
    thresholds: Sequence[tuple[float, float]] = (),
    *,
    data: str = "",
    common_marks: int = 0,
    matching: Matching | None = None,
) -> str:
    """The page; the line of each student with a report links ``<name>/staff.html`` beside it.

    ``thresholds`` are the rubric's for the loss: below what, and the points that this gives.
    ``data`` names what the models were scored on.
    ``common_marks`` were not compared, as too many share them. ``matching`` says who of the class
    list has handed in what.
    """
    rows = in_order(rows)
    alike = comparable(rows)
    graded = [row.score for row in alike]
    losses = [row.loss for row in rows if row.loss is not None and math.isfinite(row.loss)]
    page = environment().get_template("summary.html.jinja")
    return page.render(
        rows=rows,
        ids=question_ids(rows),
        counts=[(status.value, sum(row.status is status for row in rows)) for status in Status],
        mean=mean(graded) if graded else None,
        median=median(graded) if graded else None,
        max_score=alike[0].max_score if alike else 0.0,
        score_bins=score_bins(alike),
        left_out=left_out(rows),
        questions=questions(rows),
        misconceptions=misconceptions(rows)[:MISCONCEPTIONS],
        losses=losses,
        loss_bins=loss_bins(losses),
        zones=[Zone(below, points) for below, points in thresholds],
        reached=[(below, sum(loss < below for loss in losses)) for below, _ in thresholds],
        slowest=sorted(rows, key=lambda row: (-row.duration_s, row.arrival.name))[:SLOWEST],
        failed=[row for row in rows if row.status is not Status.GRADED],
        stopped=[
            row for row in rows if row.status is Status.GRADED and row.reason.startswith(ONE_THING)
        ],
        not_own=[(row, ids) for row in rows if (ids := _of_torch(row))],
        late=[row for row in rows if row.arrival.late],
        late_is_known=any(row.arrival.late is not None for row in rows),
        groups=groups,
        data=data,
        warning=scored_on_made_up(rows),
        common_marks=common_marks,
        unmatched=matching.unmatched if matching else (),
        absent=matching.absent if matching else (),
        hand_ins=hand_ins,
        href=href,
        points_of=points_of,
        total=total,
        why_not=why_not,
    )


def _of_torch(row: Row) -> str:
    """The questions of a hand-in whose layer is torch's own."""
    found = [q.id.upper() for q in row.questions if q.outcome is Outcome.FORBIDDEN]
    return ", ".join(found)


def questions(rows: Sequence[Row]) -> list[QuestionSummary]:
    """Of each question of the course."""
    found = []
    for id in question_ids(rows):
        results = [(row, q) for row in rows for q in row.questions if q.id == id]
        sure = [q for row, q in results if judged(row, q)]
        ended = Counter(OUTCOMES[q.outcome] for q in sure if q.outcome is not Outcome.PASSED)
        first = results[0][1]
        found.append(
            QuestionSummary(
                id,
                first.title,
                first.max_score,
                len(sure),
                sum(q.score >= q.max_score for q in sure),
                mean(q.score for q in sure) if sure else 0.0,
                tuple(sorted(ended.items(), key=lambda item: (-item[1], item[0]))),
            )
        )
    return found


def misconceptions(rows: Sequence[Row]) -> list[Misconception]:
    """Known mistakes, the commonest first."""
    told = [q for row in rows for q in row.questions if q.misconception]
    counts = Counter((q.id, q.misconception) for q in told)
    near = Counter((q.id, q.misconception) for q in told if q.near)
    found = [Misconception(id, title, n, near[id, title]) for (id, title), n in counts.items()]
    return sorted(found, key=lambda each: (-each.count, len(each.question), each.question))


def score_bins(rows: Sequence[Row]) -> list[Bin]:
    """How many have how many points, a bin for each whole number of them where there is room."""
    points = [found for row in rows if (found := total(row)) is not None]
    most = max((row.max_score for row in rows), default=0.0)
    if not points or most <= 0:
        return []
    width = math.ceil(most / MAX_BINS)
    return _bins(points, -width / 2, width, math.floor(most / width) + 1)


def loss_bins(losses: Sequence[float]) -> list[Bin]:
    """How many models have which loss."""
    if not losses:
        return []
    near = [max(loss, 0.0) for loss in losses if loss < FAR_LOSS]
    far = len(losses) - len(near)
    low, high = min(near, default=FAR_LOSS), FAR_LOSS if far else max(near)
    low = math.floor(low / LOSS_BIN + 1e-9) * LOSS_BIN
    width = LOSS_BIN * max(1, math.ceil((high - low) / LOSS_BIN / MAX_BINS))
    if not far:
        return _bins(near, low, width, math.floor((high - low) / width + 1e-9) + 1)
    # The bins below end where the last one begins.
    count = math.ceil((FAR_LOSS - low) / width - 1e-9)
    below = _bins(near, FAR_LOSS - count * width, width, count)
    return [*below, Bin(FAR_LOSS, FAR_LOSS + width, far, is_open=True)]


def _bins(values: Sequence[float], low: float, width: float, count: int) -> list[Bin]:
    """Bins of one width; what is above the last is counted there."""
    places = Counter(min(math.floor((v - low) / width + 1e-9), count - 1) for v in values)
    return [Bin(low + k * width, low + (k + 1) * width, places[k]) for k in range(count)]


def points_of(row: Row, id: str) -> str:
    """A question's points in a table; empty where it was not judged."""
    found = next((q for q in row.questions if q.id == id and judged(row, q)), None)
    return "" if found is None else f"{found.score:g}"


def href(name: str) -> str:
    """The way to a student's page; nothing of a name can lead elsewhere."""
    return f"./{quote(name, safe='', errors='replace')}/staff.html"
