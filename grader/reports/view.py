"""What the page says: words for outcomes, which checks belong together, and the charts' numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from grader.measures import ModelMeasures, TrainingRun
from grader.model import CheckResult, Hint, Outcome, QuestionResult, Report
from grader.reports.charts import Mark, Point, Series, Zone
from grader.reports.details import KEPT_BACK as KEPT_BACK
from grader.reports.plain import in_one_line

OUTCOMES = {
    Outcome.PASSED: "passed",
    Outcome.WRONG: "not right yet",
    Outcome.MISSING: "missing",
    Outcome.EXCEPTION: "stopped by an error",
    Outcome.TIMEOUT: "too slow",
    Outcome.OUT_OF_MEMORY: "too much memory",
    Outcome.CRASH: "ended before it answered",
    Outcome.FORBIDDEN: "torch's own layer",
    Outcome.HARNESS_ERROR: "the grader failed",
}
ONE_THING = "One thing stops several questions:"
ALL_OF_ONE = "One thing stops the whole of {}:"
AT_THE_TOP = "See the one thing that is told at the top."
MOST_SAID = 400
"""Characters: it stands in a cell of a table, and the report has all of it."""
ENDED = frozenset({Outcome.TIMEOUT, Outcome.OUT_OF_MEMORY, Outcome.CRASH})
"""Outcomes that mean the same for all of a question's checks, in whatever words."""
SAYS_WHY = frozenset({Outcome.EXCEPTION, Outcome.MISSING})
"""Outcomes of which the words say whether it is the same for all."""
NOT_WRITTEN = ("than in the given file?", "nothing is done in it yet.", "take that line out.")
"""How it ends what is said of functions that a student has not written yet."""
STOPPED = {"time": "the time was over", "quick": "the points are certain enough"}
"""Why not all sentences were scored."""
OUTPUT_LINES = 60
LINE_CHARACTERS = 300
DOCUMENTATION = "https://"


@dataclass(frozen=True)
class Group:
    """Checks that ended alike, one after the other: they are told of once."""

    checks: tuple[CheckResult, ...]

    @property
    def first(self) -> CheckResult:
        return self.checks[0]


@dataclass(frozen=True)
class Part:
    """One question as the page shows it; ``shows`` says whether a check is shown in full."""

    result: QuestionResult
    staff: bool

    def shows(self, check: CheckResult) -> bool:
        return self.staff or not check.hidden

    @property
    def graded(self) -> list[CheckResult]:
        return [check for check in self.result.checks if check.graded]

    @property
    def done(self) -> bool:
        return all(check.passed for check in self.graded)

    @property
    def failed(self) -> list[Group]:
        return _groups(c for c in self.result.checks if not c.passed and _concerns(c))

    @property
    def advice(self) -> list[Group]:
        """Advisory checks that did not pass: they cost nothing."""
        return _groups(c for c in self.result.checks if not c.passed and not _concerns(c))

    @property
    def passed(self) -> list[CheckResult]:
        return [check for check in self.result.checks if check.passed]

    @property
    def hints(self) -> list[Hint]:
        return [c.hint for c in self.result.checks if c.hint is not None and self.shows(c)]

    @property
    def measured(self) -> ModelMeasures | None:
        """The model's figures, unless a check is hidden: they could be that check's numbers."""
        return self.result.measured if all(map(self.shows, self.result.checks)) else None

    @property
    def zones(self) -> list[Zone]:
        """What the loss must be below, and the points that this gives altogether."""
        steps = [(c.allowed, c.points) for c in self.graded if c.allowed and c.points is not None]
        return [
            Zone(below, sum(points for other, points in steps if other >= below))
            for below, _ in steps
        ]


def _concerns(check: CheckResult) -> bool:
    return check.graded or check.outcome is Outcome.HARNESS_ERROR


def _groups(checks: Iterator[CheckResult]) -> list[Group]:
    def alike(check: CheckResult) -> tuple[object, ...]:
        return check.outcome, check.hidden, check.message

    return [Group(tuple(same)) for _, same in groupby(checks, key=alike)]


def headline(report: Report) -> str:
    """One kind sentence on the whole."""
    share = report.score / report.max_score if report.max_score else 1.0
    if share >= 1:
        return "Every graded check passes. Well done!"
    if share >= 2 / 3:
        return "Most of it works. What is left to do stands below."
    if share > 0:
        return "Part of it works already. What to look at next stands below."
    return "Nothing counts yet. The first message below often explains the others."


def repeats(report: Report) -> str:
    """Whether grading once more gives the same result.

    Where a model may look ahead is asked at places that nobody can foresee, so they are drawn anew.
    """
    said = "The same hand-in, seed and rubric give the same result"
    measured = [q.measured for q in report.questions if q.measured is not None]
    if all(m.prefix_loss is None for m in measured):
        return f"{said}."
    return (
        f"{said}, but for a loss that is measured from the sentences' beginnings, as this model's: "
        "the places where it is asked are drawn anew each time, so it differs a little."
    )


def shared_failure(report: Report) -> CheckResult | None:
    """A failure that several questions have in common, such as a file that is no Python."""
    first = [next((c for c in q.checks if c.graded), None) for q in report.questions]
    failed = [c for c in first if c is not None and not c.passed and not c.hidden]
    for check in failed:
        if sum(c.message == check.message for c in failed) > 1:
            return check
    return None


def stopped_by(report: Report) -> str:
    """What stops several questions, or the whole of one, in a sentence for staff, cut to a bound.

    '' where there is no such failure, and where the grader failed as well: that comes first.
    """
    if report.harness_failed:
        return ""
    if shared := shared_failure(report):
        said = in_one_line(f"{ONE_THING} {shared.message}")
    else:
        found = ((q.id, failure) for q in report.questions if (failure := _same_everywhere(q)))
        id, message = next(found, ("", ""))
        said = in_one_line(f"{ALL_OF_ONE.format(id.upper())} {message}") if message else ""
    return said if len(said) <= MOST_SAID else f"{said[: MOST_SAID - 1]}…"


def _same_everywhere(question: QuestionResult) -> str:
    """What is said of what ended each graded check of a question, or of a layer that is not the
    student's own; '' for none.

    Students know of what they have not written yet.
    """
    graded = [check for check in question.checks if check.graded]
    taken = next((c.message for c in graded if c.outcome is Outcome.FORBIDDEN), "")
    outcomes, messages = {c.outcome for c in graded}, {c.message for c in graded}
    if taken or len(graded) < 2 or len(outcomes) > 1:
        return taken
    [outcome], message = outcomes, graded[0].message
    is_one = outcome in ENDED or (outcome in SAYS_WHY and len(messages) == 1)
    return message if is_one and not message.endswith(NOT_WRITTEN) else ""


def loss_marks(measures: ModelMeasures) -> list[Mark]:
    """The rows of the loss scale: the model's own figures first, then what to compare them with."""
    own = Mark("your model", measures.loss, "own", measures.interval.low, measures.interval.high)
    marks = [own]
    if measures.prefix_loss is not None:
        whole = measures.whole_sentence_loss
        marks.append(Mark("with the whole sentence in view", whole, "hollow"))
    if measures.training_loss is not None:
        marks.append(Mark("on training sentences", measures.training_loss, "hollow"))
    baselines = measures.baselines
    return [
        *marks,
        Mark("an LSTM from the literature*", baselines.literature),
        Mark("the given model*", baselines.given_model),
        Mark("zip", baselines.zip),
        Mark("character frequencies", baselines.frequency),
    ]


def printed(check: CheckResult) -> tuple[str, int]:
    """What the code printed, cut to a bound, and how many lines that leaves out."""
    lines = check.output.strip().splitlines()
    shown = [line[:LINE_CHARACTERS] for line in lines[:OUTPUT_LINES]]
    return "\n".join(shown), len(lines) - len(shown)


def links(hint: Hint) -> list[str]:
    """The pages that a hint names; anything but a web page is no link."""
    return [link for link in hint.link.split() if link.startswith(DOCUMENTATION)]


def page_name(link: str) -> str:
    """What to call a page of documentation: its last part."""
    last = link.rstrip("/").rsplit("/", 1)[-1]
    return last.split("#")[-1].removesuffix(".html") or link


def index(at: Sequence[int]) -> str:
    return f"[{', '.join(map(str, at))}]"


def interval(measures: ModelMeasures) -> str:
    """The loss's interval in words; one sentence alone has none."""
    low, high = measures.interval.low, measures.interval.high
    known = math.isfinite(low) and math.isfinite(high)
    return f"95 % interval {low:.3f} to {high:.3f}; " if known else ""


def positions(measures: ModelMeasures) -> list[Point]:
    """The loss of each sentence's first, second, … target, counted from one."""
    return [(float(n), loss) for n, loss in enumerate(measures.loss_by_position, start=1)]


def training_lines(run: TrainingRun) -> list[Series]:
    """The losses after each epoch, on the sentences held back and in training."""
    held_back = [(float(epoch.number), epoch.validation_loss) for epoch in run.epochs]
    in_training = [(float(epoch.number), epoch.training_loss) for epoch in run.epochs]
    return [Series("held back", held_back), Series("in training", in_training, "other")]


def best_epoch(run: TrainingRun) -> Point | None:
    """Where the epoch that counts is on the chart."""
    best = [e.validation_loss for e in run.epochs if e.number == run.best_epoch]
    return (float(run.best_epoch), best[0]) if best else None
