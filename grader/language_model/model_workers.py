"""The workers that hold one model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from grader.language_model.clock import Clock
from grader.language_model.corpus import Vocabulary
from grader.language_model.loaded_model import LONGEST, LoadedModel, ModelSource
from grader.student import Student


class ModelWorkers:
    """Workers that hold one model, for one purpose each: none knows what another was asked."""

    def __init__(
        self,
        new_student: Callable[[], Student],
        vocabulary: Vocabulary,
        source: ModelSource,
        clock: Clock,
        longest: int = LONGEST,
    ) -> None:
        """``longest``: characters of the longest sentence to come."""
        self._new_student = new_student
        self._vocabulary = vocabulary
        self._source = source
        self._clock = clock
        self._longest = longest
        self._threads: int | None = None

    @contextmanager
    def fresh(self) -> Iterator[Callable[[], LoadedModel]]:
        """A function that loads the model into a new worker; each call ends the one before."""
        student = self._new_student()

        def load() -> LoadedModel:
            student.restart()
            model = LoadedModel(
                student, self._vocabulary, self._clock, self._threads, self._longest
            )
            model.load(self._source)
            self._threads = model.threads
            return model

        try:
            yield load
        finally:
            student.restart()
