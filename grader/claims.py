"""What the submitted notebooks show, beside what was measured. It changes no points.

A notebook prints one difference for each of the questions 2 to 6, and the model's losses. Its own
draws are random, so the numbers themselves do not compare. What compares is whether both say that
the answer is right; between the bounds of ``LINES`` a number says neither.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.handed_in.naming import readable
from grader.handed_in.notebook_outputs import Cell, NotebookError, read_outputs
from grader.measures import ModelMeasures
from grader.model import CheckResult, Claim, ClaimVerdict, Outcome, QuestionResult

AGREES, DIFFERS = ClaimVerdict.AGREES, ClaimVerdict.DIFFERS
NOT_SHOWN, INCOMPARABLE = ClaimVerdict.NOT_SHOWN, ClaimVerdict.INCOMPARABLE
NOTEBOOK_CASE = "notebook_case"
MOST_NOTEBOOKS = 5
MOST_LINE = 1000
SHOWN_NAME = 60
LOSS_MARGIN = 0.02
TRAINING_MARGIN = 0.15
"""A mean over an epoch is above the loss at its end, and a sample is uncertain."""
OTHER_DATA = "the notebook's loss is on the course's data; grade with --data to compare"

NUMBER = (
    r"(?:tensor\(|np\.float\d{1,3}\()?\s{0,20}"
    r"([-+]?(?:\d++(?:\.\d*+)?(?:e[-+]?\d++)?|nan|inf))\b"
)
"""No two of its parts can share out the same characters in many ways: a line may be made for it."""


@dataclass(frozen=True)
class Line:
    """A line that the notebook prints, for one question."""

    question: str
    what: str
    pattern: re.Pattern[str]
    small: float = 0.0
    """Below it a difference says that the answer is right."""
    large: float = math.inf
    """From it on, that it is wrong."""


def _line(
    question: str, what: str, words: str, small: float = 0.0, large: float = math.inf
) -> Line:
    return Line(question, what, re.compile(rf"{words}\D{{0,20}}?{NUMBER}", re.I), small, large)


LINES = (
    # A relative error of correct float32 work reaches 1e-4 and more where an output is near zero.
    _line("q2", "difference of the RNN", r"your RNN implementation(?: and tf RNN)?", 1e-3, 3e-2),
    _line("q3", "difference of the GRU", r"your GRU implementation(?: and tf GRU)?", 1e-3, 3e-2),
    # A gate that is shut by a bias of -10 is right, and its relative error may reach 1e-2.
    _line("q4", "difference between RNN and GRU", r"RNN and a special GRU", 1e-2, 0.5),
    # Mean differences: the first is judged by 0.01, the second is 1e-7 for correct work.
    _line("q5", "mean |h_10 - h_0|", r"later hidden state and the initial state is", 1e-2, 3e-2),
    _line("q6", "mean |difference| of attention", r"my output and torch output is", 1e-5, 1e-3),
)
LOSS = _line("q7", "loss on the test set", r"per-char-loss is")
TRAINING_LOSS = _line("q7", "last training loss", r"Training Loss")


@dataclass(frozen=True)
class Shown:
    """A number that a notebook shows, and where."""

    value: float
    cell: str


@dataclass(frozen=True)
class Notebooks:
    """All cells of a hand-in's notebooks, and what is wrong with the files."""

    cells: tuple[tuple[str, Cell], ...]
    notes: tuple[str, ...]
    count: int

    @classmethod
    def read(cls, folder: Path, files: Sequence[str]) -> Notebooks:
        """Read the notebooks among ``files``; shallow ones first. Never fails on a notebook."""
        names = sorted(
            (file for file in files if file.lower().endswith(".ipynb")),
            key=lambda file: (file.count("/"), file),
        )
        cells: list[tuple[str, Cell]] = []
        notes = []
        for file in names[:MOST_NOTEBOOKS]:
            name = _printable(file)
            try:
                found = read_outputs(folder / file)
            except NotebookError as error:
                notes.append(f"{name} was not read: {error}")
                continue
            cells += [(name, cell) for cell in found]
            if found and not any(cell.has_output for cell in found):
                notes.append(f"{name} has no outputs: it was never run, or was cleared")
        if len(names) > MOST_NOTEBOOKS:
            notes.append(f"{len(names) - MOST_NOTEBOOKS} more notebooks were not read")
        return cls(tuple(cells), tuple(notes), len(names))

    def last(self, line: Line) -> Shown | None:
        """What a line shows last, in the order of the cells."""
        for name, cell in reversed(self.cells):
            for text in reversed(cell.text.splitlines()):
                if found := line.pattern.search(text[:MOST_LINE]):
                    return Shown(float(found[1]), f"{name}, cell {cell.number}")
        return None

    @property
    def why_nothing(self) -> str:
        """Why a line is not there."""
        if not self.count:
            return "there is no notebook in the hand-in"
        return "; ".join(self.notes) or "no output of the notebooks has this line"


def claims_of(
    notebooks: Notebooks, questions: Sequence[QuestionResult], *, same_data: bool
) -> tuple[Claim, ...]:
    """What the notebooks show of each graded question, compared with what came of it.

    ``same_data``: the model was scored on the course's data, as in the notebook.
    """
    results = {question.id: question for question in questions}
    claims = [
        _difference(line, notebooks, results[line.question])
        for line in LINES
        if line.question in results
    ]
    if LOSS.question in results:
        claims += _losses(notebooks, results[LOSS.question].measured, same_data=same_data)
    return tuple(claims)


def _difference(line: Line, notebooks: Notebooks, result: QuestionResult) -> Claim:
    check = next((c for c in result.checks if c.name == NOTEBOOK_CASE), None)
    measured = check.error if check is not None else None
    shown = notebooks.last(line)
    if shown is None:
        return _claim(line, None, measured, NOT_SHOWN, notebooks.why_nothing)
    verdict, why = _judged(line, shown.value, check)
    return _claim(line, shown, measured, verdict, why)


def _judged(line: Line, shown: float, check: CheckResult | None) -> tuple[ClaimVerdict, str]:
    if check is None or check.outcome is Outcome.HARNESS_ERROR:
        return INCOMPARABLE, "the grader has no result for the notebook's case"
    says_right = shown < line.small
    if not says_right and shown < line.large:
        return INCOMPARABLE, "so much may come from rounding or from a mistake"
    ended = "passes" if check.passed else f"does not pass ({check.outcome.value})"
    if says_right and check.outcome is Outcome.WRONG and _is_small(check, line):
        return INCOMPARABLE, f"the notebook's case {ended}, by a small difference"
    verdict = AGREES if says_right is check.passed else DIFFERS
    return verdict, f"the notebook's case {ended}"


def _is_small(check: CheckResult, line: Line) -> bool:
    return check.error is not None and check.error < line.small


def _losses(
    notebooks: Notebooks, measures: ModelMeasures | None, *, same_data: bool
) -> Iterator[Claim]:
    for line in (LOSS, TRAINING_LOSS):
        shown = notebooks.last(line)
        measured = None
        if measures is not None:
            measured = measures.notebook_loss if line is LOSS else measures.training_loss
        if shown is None:
            yield _claim(line, None, measured, NOT_SHOWN, notebooks.why_nothing)
        elif measures is None or measured is None:
            yield _claim(line, shown, None, INCOMPARABLE, "it was not measured")
        elif measures.training is not None:
            why = "the grader trained the model itself"
            yield _claim(line, shown, measured, INCOMPARABLE, why)
        elif not same_data:
            yield _claim(line, shown, measured, INCOMPARABLE, OTHER_DATA)
        elif line is LOSS:
            yield _claim(line, shown, measured, *_test_loss(shown.value, measured, measures))
        else:
            yield _claim(line, shown, measured, *_training_loss(shown.value, measured))


def _test_loss(shown: float, measured: float, measures: ModelMeasures) -> tuple[ClaimVerdict, str]:
    half = (measures.interval.high - measures.interval.low) / 2
    margin = max(LOSS_MARGIN, half if math.isfinite(half) else 0.0)
    if shown > measured + margin:
        return (
            INCOMPARABLE,
            "the notebook never calls eval(), so dropout may make it so much higher",
        )
    verdict = AGREES if abs(shown - measured) <= margin else DIFFERS
    return verdict, f"{margin:.2g} is allowed between them"


def _training_loss(shown: float, measured: float) -> tuple[ClaimVerdict, str]:
    if abs(shown - measured) <= TRAINING_MARGIN:
        return AGREES, f"{TRAINING_MARGIN:g} is allowed between them"
    if shown > measured:
        return INCOMPARABLE, "a mean over an epoch, with dropout, may be so much higher"
    return DIFFERS, "the notebook shows a lower loss than the model has"


def _claim(
    line: Line, shown: Shown | None, measured: float | None, verdict: ClaimVerdict, why: str
) -> Claim:
    return Claim(
        question=line.question,
        what=line.what,
        claimed=shown.value if shown is not None else None,
        measured=measured,
        verdict=verdict,
        cell=shown.cell if shown is not None else "",
        why=why,
    )


def _printable(name: str) -> str:
    clean = readable(name)
    return clean if len(clean) <= SHOWN_NAME else f"…{clean[-SHOWN_NAME:]}"
