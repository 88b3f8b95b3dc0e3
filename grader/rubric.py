"""The rubric: points, tolerances, thresholds and limits, validated when it is read."""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError, model_validator
from pydantic_core import ErrorDetails

from grader.errors import RubricError
from grader.model import Visibility

DEFAULT_FILE = Path(__file__).with_name("rubric.toml")
OWN_WORK = "own_work"
"""The check for torch's own layers; whether it counts is a value of the rubric."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Points = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0)]
HintLevel = Literal["full", "location", "none"]


class Section(BaseModel):
    """A table of the rubric; ``why`` gives the reason of its values."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    why: Annotated[str, Field(min_length=10)]


class QuestionRubric(Section):
    points: Points
    graded: dict[str, StrictBool] = {}
    """Checks, by name, that count (true) or are advisory (false) against their file's word."""
    visible: dict[str, StrictBool] = {}
    """Checks, by name, of which students see everything (true) or only how they ended (false)."""


class TorchLayers(Section):
    earn_points: StrictBool


class Rounding(Section):
    safety: Positive
    activation_ulps: Positive


class AlmostRnn(Section):
    max_difference: Positive


class LongMemory(Section):
    max_mean_difference: Positive
    steps: Count


class LossThreshold(Section):
    below: Positive
    points: Points


class Training(Section):
    epochs: Count
    batch_size: Count
    learning_rate: Positive
    validation_fraction: Annotated[float, Field(gt=0, lt=1)]
    max_time_s: Positive


class LossBaselines(Section):
    given_model: Positive
    literature: Positive


class LanguageModel(Section):
    batch_size: Annotated[int, Field(ge=2)]
    most_batch_tokens: Count
    gpu_mb: Count
    given_characters: Count
    least_sentences: Count
    training_sample: Count
    probes: Count
    least_probes: Count
    prefix_loss_positions: Count
    held_back: Count
    look_ahead_nats: Positive
    private_gap: Positive
    baselines: LossBaselines
    training: Training
    thresholds: Annotated[tuple[LossThreshold, ...], Field(min_length=1)]

    def earns_points(self, loss: float) -> bool:
        """Whether a loss is below one of the thresholds."""
        return any(loss < threshold.below for threshold in self.thresholds)


class Limits(BaseModel):
    """What one worker may take: seconds of wall clock and CPU, and sizes in MB (2^20) or KB."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    load_s: Positive
    call_s: Positive
    question_s: Positive
    cpu_s: Count
    timeouts: Count
    memory_mb: Count
    processes: Count
    threads: Count
    open_files: Annotated[int, Field(ge=32)]
    file_mb: Count
    scratch_mb: Count
    output_kb: Count
    reply_mb: Count


class QuestionLimits(Section):
    """The limits in which a question differs."""

    load_s: Positive | None = None
    call_s: Positive | None = None
    question_s: Positive | None = None
    cpu_s: Count | None = None
    timeouts: Count | None = None
    memory_mb: Count | None = None
    processes: Count | None = None
    threads: Count | None = None
    open_files: Annotated[int, Field(ge=32)] | None = None
    file_mb: Count | None = None
    scratch_mb: Count | None = None
    output_kb: Count | None = None
    reply_mb: Count | None = None


class LimitsTable(Limits, Section):
    questions: dict[str, QuestionLimits] = {}


class SubmissionLimits(Section):
    """Of one hand-in, and in another table of a course's export."""

    max_files: Count
    max_mb: Count
    max_file_mb: Count
    max_ratio: Positive


class Rubric(BaseModel):
    """A whole rubric. Raises RubricError from ``load`` when a value is missing or not allowed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hints: HintLevel
    """What students are told of a known mistake: all, where to look, or nothing."""
    questions: dict[str, QuestionRubric]
    torch_layers: TorchLayers
    rounding: Rounding
    almost_rnn: AlmostRnn
    long_memory: LongMemory
    language_model: LanguageModel
    limits: LimitsTable
    submission: SubmissionLimits
    intake: SubmissionLimits

    @model_validator(mode="after")
    def _parts_add_up(self) -> Self:
        parts = sum(t.points for t in self.language_model.thresholds)
        if "q7" in self.questions and not math.isclose(parts, self.questions["q7"].points):
            raise ValueError("the thresholds' points do not add up to those of questions.q7")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 over all values but their reasons, as hexadecimal digits: equal for rubrics of
        which a report says the same."""
        values = json.dumps(_without_reasons(self.model_dump(mode="json")))
        return hashlib.sha256(values.encode()).hexdigest()

    @classmethod
    def load(cls, file: Path | None = None) -> Rubric:
        """The default rubric, with the values of ``file`` in place of its own."""
        values = _defaults()
        if file is not None:
            values = _merged(values, _read(file))
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            problems = "; ".join(map(_problem, _causes(error.errors())))
            where = file or DEFAULT_FILE
            raise RubricError(f"the rubric {where} is not valid: {problems}") from None

    def counts(self, question: str, check: str, *, advisory: bool) -> bool:
        """Whether a check decides on points; ``advisory`` is what its own file says."""
        if check == OWN_WORK and self.torch_layers.earn_points:
            advisory = True
        return self.questions[question].graded.get(check, not advisory)

    def visibility(self, question: str, check: str) -> Visibility:
        """What students see of a check."""
        visible = self.questions[question].visible.get(check, True)
        return Visibility.VISIBLE if visible else Visibility.HIDDEN

    def limits_for(self, question: str) -> Limits:
        """The limits of a question's workers: the common ones, with its own in their place."""
        values = self.limits.model_dump(exclude={"why", "questions"})
        if (own := self.limits.questions.get(question)) is not None:
            values |= own.model_dump(exclude={"why"}, exclude_none=True)
        return Limits.model_validate(values)

    def with_call_limit(self, seconds: float) -> Rubric:
        """The same rubric with one wall-clock limit for every import, call and model.

        Where that is longer, a question's calls may take as many times longer together, and a
        worker as many times more of the CPU.
        """
        wall_clock = {"load_s": seconds, "call_s": seconds}
        questions = {
            id: limits.model_copy(update=wall_clock) for id, limits in self.limits.questions.items()
        }
        longer = max(1.0, seconds / self.limits.call_s)
        together = self.limits.question_s * longer
        cpu_s = math.ceil(self.limits.cpu_s * longer)
        common = {**wall_clock, "question_s": together, "cpu_s": cpu_s, "questions": questions}
        return self.model_copy(update={"limits": self.limits.model_copy(update=common)})


@cache
def _defaults() -> dict[str, Any]:
    return _read(DEFAULT_FILE)


def _read(file: Path) -> dict[str, Any]:
    try:
        # Editors for Windows begin a file with a byte order mark.
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise RubricError(f"the rubric {file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise RubricError(f"the rubric {file} is not UTF-8; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise RubricError(f"the rubric {file} is no valid TOML: {error}") from None


def _causes(errors: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Without what follows from others: a list lacks what is wrong in it."""
    within = {error["loc"][:depth] for error in errors for depth in range(1, len(error["loc"]))}
    return [error for error in errors if error["loc"] not in within]


def _problem(error: ErrorDetails) -> str:
    """What is wrong with one value, in the words of a rubric's author."""
    *tables, name = map(str, error["loc"] or ("rubric",))
    place = ".".join((*tables, name))
    if error["type"] == "missing":
        return f"{place} is missing"
    if error["type"] == "bool_type":
        return f"{place} must be true or false, without quotation marks"
    if error["type"] != "extra_forbidden":
        return f"{place}: {error['msg']}"
    if where := _belongs(name):
        return f"{place} is no value of a rubric; {name} belongs {where}"
    known: Any = _defaults()
    for table in tables:
        known = known.get(table, {}) if isinstance(known, dict) else {}
    alike = difflib.get_close_matches(name, known, 1)
    return f"{place} is no value of a rubric" + (f"; {alike[0]} is one" if alike else "")


def _belongs(name: str) -> str:
    """Where a value of this name stands in a rubric, if only there; else ''."""
    if name in _defaults() and not isinstance(_defaults()[name], dict):
        return "above the first [table]"
    tables = [key for key, part in _defaults().items() if isinstance(part, dict) and name in part]
    return f"into [{tables[0]}]" if len(tables) == 1 else ""


def _without_reasons(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_reasons(part) for key, part in value.items() if key != "why"}
    return [_without_reasons(part) for part in value] if isinstance(value, list) else value


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            value = _merged(old, value)
        merged[key] = value
    return merged
