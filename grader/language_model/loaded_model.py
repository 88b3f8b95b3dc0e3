"""A student's model in a worker of its own: loaded, tried on made-up input, then asked."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.encoded import Int64
from grader.errors import CheckFailed, NotLoadable, UsageError
from grader.handed_in.naming import MODEL
from grader.language_model.clock import Clock
from grader.language_model.corpus import Vocabulary
from grader.language_model.other_models import also_there, why_missing
from grader.language_model.rehearsal import (
    FEWEST,
    IN_EVAL_ALONE,
    are_probabilities,
    beginnings_of,
    check_first_predictions,
    failed_on,
    failed_on_beginnings,
    failed_on_made_up,
    longer_beginnings,
)
from grader.language_model.replies import logits_of
from grader.language_model.scoring import check_shape
from grader.model import Outcome
from grader.student import Student
from grader.wire import Array, Message, sequence, text
from grader.worker.threads import better_threads

DEVICE = re.compile(r"cpu|cuda(:\d)?")
LONGEST = 100
"""Characters of the assignment's longest sentences."""
REHEARSAL = (2, 1, 4)
"""What parts of the longest sentence's length the made-up sentences have, on which a model may fail
in words of its own: END and PAD are among their tokens."""
TRIAL = (50, 24)
"""Sentences and tokens on which numbers of threads are compared."""
TRIALS = 3
OF_THE_MODE = frozenset({Outcome.EXCEPTION, Outcome.WRONG})
IN_TRAIN_MODE = (
    "In train() mode this does not happen: what does the model do with self.training? It was saved "
    "in eval() mode, and is scored in that."
)
MOST_NOTES = 10
MOST_TOLD = 10**9
ON_THE_CPU = (
    "the model was run on the CPU: its code makes tensors there, which do not go with a model on a "
    "GPU; x.device says where they belong"
)
FIXED_ROWS = (
    "the model takes {} sentences at once and no other number, and was given as many; x.shape[0] "
    "says how many there are"
)


@dataclass(frozen=True)
class ModelSource:
    """Where a model comes from: the file that was handed in, or weights that the grader trained."""

    device: str
    seed: int
    weights: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Loading:
    """What a worker said when it had loaded the model."""

    device: str = "cpu"
    parameters: int | None = None
    columns: int = 0
    """Logits for each position, as they come."""
    all_columns: int = 0
    """How many the model gives, by the worker's word, where it has made one of the most of them."""
    weights_finite: bool = True
    """Its word for it, which serves for messages alone."""
    notes: tuple[str, ...] = ()
    fails_in_eval: str = ""
    """How it fails in ``eval()`` mode, where it is scored in the mode that it was saved in."""
    fewest: int = FEWEST
    """Tokens that it must be given at the least."""
    rows: int | None = None
    """Sentences that it takes at once, where it takes no other number."""


class LoadedModel:
    """Asks one worker for logits, for as long as the clock allows."""

    def __init__(
        self,
        student: Student,
        vocabulary: Vocabulary,
        clock: Clock,
        threads: int | None = None,
        longest: int = LONGEST,
    ) -> None:
        """``threads``: how many the worker's CPU threads are; None: to be found by a trial.

        ``longest``: characters of the longest sentence to come.
        """
        self.loading = Loading()
        self.threads = threads
        self._student = student
        self._vocabulary = vocabulary
        self._clock = clock
        self._longest = longest
        self._rehearsed = False

    def load(self, source: ModelSource) -> None:
        """Load the model and run it once; raises CheckFailed when it cannot be used."""
        trains = self._load_once(source)
        try:
            self._rehearse(source.seed, trains=trains)
        except CheckFailed as failure:
            if failure.outcome not in OF_THE_MODE:
                raise
            if trains and self._works_as_saved(source, failure.message):
                return
            if not trains and self._runs_in_train_mode(source.seed):
                raise failure.with_more(IN_TRAIN_MODE) from None
            raise

    def _works_as_saved(self, source: ModelSource, why_not: str) -> bool:
        """Whether it can be used in the mode that it was saved in, as the notebook does. Then it is
        loaded so, and ``why_not`` in ``eval()`` mode is kept."""
        with suppress(CheckFailed):
            self._student.restart()
            self._load_once(source, as_saved=True)
            self._rehearse(source.seed)
            self.loading = replace(self.loading, fails_in_eval=why_not)
            return True
        return False

    def _load_once(self, source: ModelSource, *, as_saved: bool = False) -> bool:
        """Load the model; returns whether it was saved in ``train()`` mode."""
        student = self._student
        arrays: tuple[Array, ...] = (self._vocabulary.counts,)
        if source.weights is not None:
            arrays = (*arrays, source.weights)
        else:
            check_handed_in(student)
        require_device(source.device, lambda: self._ask(Message("devices", {}), "The worker"))
        fields = {
            "file": MODEL,
            "device": source.device,
            "seed": source.seed % 2**31,
            "characters": self._vocabulary.characters,
            "as_saved": as_saved,
        }
        reply = self._load(Message("load_model", fields, arrays))
        parameters = reply.fields.get("parameters")
        notes = sequence(reply.fields.get("notes"), MOST_NOTES)
        self.loading = Loading(
            parameters=parameters if type(parameters) is int and parameters >= 0 else None,
            weights_finite=reply.fields.get("finite") is not False,
            notes=tuple(text(note, 300) for note in notes),
        )
        return reply.fields.get("training") is True

    def _rehearse(self, seed: int, *, trains: bool = False) -> None:
        """Run the model on made-up input, and after that quote nothing that it says.

        What it prints or raises could hold the test sentences that it is given from now on.
        ``trains``: it was saved in ``train()`` mode and is in another now.
        """
        sentences = self._made_up_sentences(seed)
        try:
            logits = self.logits(sentences)
        except CheckFailed as failure:
            if failure.outcome is not Outcome.EXCEPTION:
                raise
            raise failed_on_made_up(failure, self._longest) from None
        self.loading = replace(self.loading, columns=logits.shape[-1])
        check_first_predictions(logits, weights_finite=self.loading.weights_finite)
        if trains and are_probabilities(logits) and self._has_logits_in_train_mode(sentences):
            raise CheckFailed(Outcome.WRONG, IN_EVAL_ALONE)
        self._rehearse_beginnings(sentences)
        self._see_where_it_is()
        self._student.quote_no_more()
        self._rehearsed = True
        if self.threads is None and self.loading.device == "cpu" and self._student.threads > 1:
            trial = self._made_up((TRIAL[0], max(TRIAL[1], self.loading.fewest)), seed)
            self.threads = better_threads(
                self._student.threads, lambda threads: self._seconds_on(threads, trial)
            )

    def _rehearse_beginnings(self, sentences: Int64) -> None:
        for tokens in beginnings_of(sentences):
            try:
                self.logits(tokens)
            except CheckFailed as failure:
                if failure.outcome not in OF_THE_MODE:
                    raise
                if failure.outcome is Outcome.EXCEPTION and self._takes_more(sentences, tokens):
                    return
                raise failed_on_beginnings(failure, tokens.shape) from None

    def _takes_more(self, sentences: Int64, too_few: Int64) -> bool:
        """Whether it takes beginnings of more tokens, as many as the notebook's batches have."""
        for tokens in longer_beginnings(sentences, too_few.shape[1]):
            with suppress(CheckFailed):
                self.logits(tokens)
                self.loading = replace(self.loading, fewest=tokens.shape[1])
                return True
        return False

    def _has_logits_in_train_mode(self, sentences: Int64) -> bool:
        with suppress(CheckFailed):
            return not are_probabilities(self.logits(sentences, training=True))
        return False

    def _runs_in_train_mode(self, seed: int) -> bool:
        with suppress(CheckFailed):
            logits = self.logits(self._made_up_sentences(seed), training=True)
            check_first_predictions(logits, weights_finite=True)
            return True
        return False

    def _see_where_it_is(self) -> None:
        """Only now: a model whose code does not go with a GPU has been moved by its first call."""
        place = self._ask(Message("model_place", {}), "The worker").fields
        device, rows = text(place.get("device"), 20), place.get("rows")
        more = [ON_THE_CPU] if place.get("moved") is True else []
        rows = rows if type(rows) is int and 0 < rows < 100 else None
        more += [] if rows is None else [FIXED_ROWS.format(rows)]
        self.loading = replace(
            self.loading,
            device=device if DEVICE.fullmatch(device) else "a device without a name",
            notes=(*self.loading.notes, *more),
            rows=rows,
        )

    def _made_up_sentences(self, seed: int) -> Int64:
        """Inputs [B,L] as the notebook makes them of sentences, which it does not sort."""
        known = self._vocabulary
        rng, lengths = np.random.default_rng(seed), [max(1, self._longest // n) for n in REHEARSAL]
        tokens = np.full((len(lengths), max(lengths) + 2), known.pad_id)
        tokens[:, 0] = known.begin_id
        for row, length in zip(tokens, lengths, strict=True):
            row[1 : length + 1] = rng.integers(0, known.begin_id, length)
            row[length + 1] = known.end_id
        return tokens[:, :-1]

    def _made_up(self, shape: tuple[int, int], seed: int) -> Int64:
        tokens = np.random.default_rng(seed).integers(0, self._vocabulary.begin_id, shape)
        tokens[:, 0] = self._vocabulary.begin_id
        return tokens

    def _seconds_on(self, threads: int, tokens: Int64) -> float:
        """The least that a pass takes; the first one with other threads also starts them."""
        self.threads = threads
        self.logits(tokens)
        return min(self._timed(tokens) for _ in range(TRIALS))

    def _timed(self, tokens: Int64) -> float:
        start = time.monotonic()
        self.logits(tokens)
        return time.monotonic() - start

    def logits(
        self,
        tokens: Int64,
        *,
        last_only: bool = False,
        fresh: bool = False,
        training: bool = False,
        seed: int | None = None,
    ) -> Array:
        """The logits for token ids [B,L]; see ``grader.worker.forward`` for the options."""
        options = {
            "last_only": last_only,
            "fresh": fresh,
            "training": training,
            "seed": seed,
            "threads": self.threads,
        }
        [logits] = self._answers([tokens], options)
        return logits

    def stream(self, batches: Iterable[Int64], *, last_only: bool = False) -> Generator[Array]:
        """The logits of batches one after the other; the worker goes on while one is looked at."""
        return self._answers(batches, {"last_only": last_only, "threads": self.threads})

    def _answers(self, batches: Iterable[Int64], options: dict[str, Any]) -> Generator[Array]:
        """Logits of the right shape, one array for each batch."""
        shapes: deque[tuple[int, ...]] = deque()

        def requests() -> Iterator[Message]:
            for tokens in batches:
                shapes.append(tokens.shape)
                yield Message("logits", options, (_bytes(tokens),))

        replies = self._student.stream(requests(), lambda: self._clock.left_s, "The model")
        try:
            for reply in replies:
                logits, shape = logits_of(reply), shapes.popleft()
                if options["last_only"]:
                    # What the worker has cut off is one row for each sentence.
                    check_shape(logits[:, None], (shape[0], 1), self._vocabulary)
                else:
                    check_shape(logits, shape, self._vocabulary)
                self._check_columns(logits, reply)
                yield logits
        except CheckFailed as failure:
            if self._rehearsed and failure.outcome is Outcome.EXCEPTION:
                raise failed_on(failure, shapes[0]) from None
            raise self._explained(failure) from None

    def _check_columns(self, logits: Array, reply: Message) -> None:
        """All calls must give as many logits for each position, for they are compared."""
        if type(told := reply.fields.get("columns")) is int and 0 < told < MOST_TOLD:
            self.loading = replace(self.loading, all_columns=told)
        columns = self.loading.columns
        if columns and logits.shape[-1] != columns:
            raise CheckFailed(
                Outcome.WRONG,
                f"The model gave {columns} logits for each position in its first call, and "
                f"{logits.shape[-1]} in a later one.",
            )

    def _ask(self, request: Message, doing: str) -> Message:
        try:
            return self._student.ask(request, self._clock.left_s, doing)
        except CheckFailed as failure:
            raise self._explained(failure) from None

    def _load(self, request: Message) -> Message:
        try:
            return self._ask(request, f"Loading {MODEL}")
        except CheckFailed as failure:
            also = ""
            if failure.outcome is Outcome.MISSING:
                also = also_there(self._student.submission)
            raise NotLoadable.of(failure, failure.message + also) from None

    def _explained(self, failure: CheckFailed) -> CheckFailed:
        """The failure in words that fit a model."""
        if failure.outcome is Outcome.TIMEOUT:
            begun = failure.traceback[-1:]
            if any(line.function == "<module>" for line in begun):
                return failure.told_as(
                    f"The import of {begun[0].file} did not end within {self._clock.limit_s:g} s: "
                    f"look at line {begun[0].line}. What trains or waits belongs under if __name__ "
                    "== '__main__', or into the notebook."
                )
            return failure.told_as(
                f"Loading and scoring the model did not end within {self._clock.limit_s:g} s. Is "
                "the model much larger than the given one, or is there a loop over characters?",
            )
        if failure.outcome is Outcome.OUT_OF_MEMORY:
            return failure.told_as(
                f"{failure.message} The model, or what it computes for 50 sentences, is too large: "
                "look at the number of its parameters and at the shapes in its forward."
            )
        return failure


def require_device(device: str, ask: Callable[[], Message]) -> None:
    """Raises UsageError when a GPU is insisted on and ``ask``, the worker's answer, tells of none.

    To be called while the worker runs no student code yet, so that its word can be taken.
    """
    if device == "cuda" and ask().fields.get("cuda") is not True:
        raise UsageError("--device cuda: torch finds no CUDA device here")


def check_handed_in(student: Student) -> None:
    """Raises CheckFailed when there is no file with a model."""
    submission = student.submission
    if any(file.startswith(f"{MODEL}/") for file in submission.files):
        raise NotLoadable(
            Outcome.MISSING,
            f"{MODEL} is a folder in the hand-in: a file that torch.save writes is a zip, and this "
            "one was unpacked. Hand in the file itself; torch.save writes it again.",
        )
    if not submission.has(MODEL):
        raise NotLoadable(Outcome.MISSING, why_missing(submission))
    if (submission.folder / MODEL).stat().st_size == 0:
        empty = f"{MODEL} is an empty file; save and copy it again."
        raise NotLoadable(Outcome.MISSING, empty + also_there(submission))


def _bytes(tokens: Int64) -> NDArray[np.uint8]:
    # An id is at most 130: there are 128 ASCII characters, and three tokens.
    return tokens.astype(np.uint8)
