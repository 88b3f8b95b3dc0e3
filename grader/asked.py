"""Whether what a user asks for can be done, before anything is graded by it.

All doors look here, the command line, ``grader.api`` and pytest's options: a value that no training
or no call could work with would otherwise cost students their points.
"""

from __future__ import annotations

import filecmp
import math
from itertools import islice
from numbers import Integral, Real
from pathlib import Path

from grader.errors import DataError, SubmissionError, UsageError
from grader.grading import MODEL_QUESTION, Request
from grader.handed_in.naming import SHOWN
from grader.intake import looks_like_many, may_be_of_many
from grader.intake.names import shown
from grader.language_model.corpus import TEST_FILE, TRAIN_FILE, train_sentences
from grader.modes import Device
from grader.rubric import Rubric

MOST_LR = 1.0
"""Adam's steps are about as long as its rate; no model of this assignment learns by longer ones."""
MOST_EPOCHS = 10_000
MOST_SENTENCES = 1_000_000
MOST_S = 1e6
"""Eleven days; what the system counts seconds in has bounds, too."""

LOOKED_AT = 20
"""Sentences that tell whether they are some."""

MANY_AS_ONE = "Graded as one hand-in, though {} may be the hand-ins of several students."


def check_request(request: Request) -> None:
    """Raises UsageError that names the first value which is not possible, and what would be."""
    model = request.model
    _check_number("the learning rate", model.learning_rate, most=MOST_LR)
    _check_number("the number of epochs", model.epochs, 1, MOST_EPOCHS, whole=True)
    _check_number("the batch size", model.batch_size, 1, MOST_SENTENCES, whole=True)
    _check_number("the time for a training", model.max_time_s, 1, MOST_S)
    _check_number("the timeout", request.timeout_s, 0.1, MOST_S)
    _check_number("the seed", request.seed, 0, whole=True)
    if not request.path.exists():
        raise SubmissionError(f"there is no file or folder {request.path}")
    if request.device not in list(Device):
        raise UsageError(f"there is no device {request.device}; there are {', '.join(Device)}")
    if not request.corpus.is_dir():
        what = "is a file" if request.corpus.exists() else "is not there"
        raise DataError(f"the data folder {request.corpus} {what}; it holds train.csv and test.csv")
    if model.private_test is not None:
        _check_private(model.private_test, request.corpus)
    if request.data is not None and model_is_asked(request):
        _check_sentences(request.data)


def model_is_asked(request: Request) -> bool:
    """Whether question 7 is among those to grade."""
    return not request.only or MODEL_QUESTION in request.only


def _check_sentences(corpus: Path) -> None:
    """A table that was saved with its index has that in the place of the sentences, and each model
    would be scored on it."""
    is_there = (corpus / TRAIN_FILE).is_file()
    first = list(islice(train_sentences(corpus), LOOKED_AT)) if is_there else []
    if first and all(sentence.strip().isdecimal() for sentence in first):
        raise DataError(
            f"the first column of {corpus / TRAIN_FILE} has nothing but numbers; the sentences "
            "must stand there, below a header, as the assignment's notebook reads them"
        )


def _check_private(file: Path, corpus: Path) -> None:
    named = f"the private test set {file} (--private-test)"
    if not file.is_file():
        raise DataError(f"{named} is no file")
    for known in (corpus / TRAIN_FILE, corpus / TEST_FILE):
        if known.is_file() and filecmp.cmp(file, known, shallow=False):
            raise DataError(f"{named} is the same as {known}; give one that no student has seen")


def course_warning(request: Request) -> str:
    """What staff have to know where one hand-in is asked for and a course is there; else nothing.

    The report of a course as one hand-in is of whatever code was found first.
    """
    if looks_like_many(request.path, Rubric.load(request.rubric).intake):
        return MANY_AS_ONE.format(f"what is in {shown(request.path.resolve().name)}")
    several = may_be_of_several(request)
    return MANY_AS_ONE.format(several) if several else ""


def may_be_of_several(request: Request) -> str:
    """The first few names of what may be the hand-ins of several students, or ''."""
    names = [*map(shown, may_be_of_many(request.path, Rubric.load(request.rubric).intake))]
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def _check_number(
    what: str,
    value: float | None,
    least: float | None = None,
    most: float = math.inf,
    *,
    whole: bool = False,
) -> None:
    """``least`` None: the value must be above 0. NaN is within no bounds."""
    if value is None or (_is_number(value, whole) and _is_within(value, least, most)):
        return
    low = "above 0" if least is None else f"{least:g} or more"
    high = f", and {most:,g} at most" if math.isfinite(most) else ""
    kind = ", a whole number" if whole else ""
    given = f"{value:g}" if isinstance(value, float) else repr(value)
    raise UsageError(f"{what} is {given}; possible is {low}{high}{kind}")


def _is_number(value: object, whole: bool = False) -> bool:
    """Programs may ask for anything, and NumPy has numbers of its own."""
    return isinstance(value, Integral if whole else Real)


def _is_within(value: float, least: float | None, most: float) -> bool:
    big_enough = value > 0 if least is None else value >= least
    # Of an int all are finite, and not all fit into a float.
    return big_enough and value <= most and (isinstance(value, Integral) or math.isfinite(value))
