"""What is measured of a language model, for the reports. Losses are in nats for each token."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer


def _finite(value: float | None) -> float | None:
    return value if value is not None and abs(value) < float("inf") else None


_AsNull = PlainSerializer(_finite, return_type=float | None)
FiniteOrNull = Annotated[float | None, _AsNull]
"""A float whose infinities and NaN become null in JSON, which knows neither."""


def _read_as(value: float) -> BeforeValidator:
    return BeforeValidator(lambda read: value if read is None else read)


Lowest = Annotated[float, _AsNull, _read_as(-math.inf)]
"""A lower bound, which is null in JSON where there is none."""
MaybeInfinite = Annotated[float, _AsNull, _read_as(math.inf)]


class Record(BaseModel):
    """The base of all records: frozen, and without fields that nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(Record):
    """A 95 % confidence interval over sentences; without bounds when there is one sentence only."""

    low: Lowest
    high: MaybeInfinite


class Baselines(Record):
    """Losses to compare with."""

    frequency: float = Field(description="Predicting by the training data's character counts.")
    zip: float = Field(description="The size of the compressed test text, for each character.")
    given_model: float = Field(description="The assignment's model, on the course's full data.")
    literature: float = Field(description="An LSTM from the literature, on the course's full data.")


class Epoch(Record):
    """One pass over the training sentences."""

    number: int
    training_loss: float
    validation_loss: float
    seconds: float


class TrainingRun(Record):
    """How the grader trained a model that it could not load, or was asked to train."""

    why: str = Field(description="What was wrong with the model that was handed in, if any.")
    epochs: tuple[Epoch, ...]
    best_epoch: int
    planned_epochs: int
    stopped: str = Field(description="'finished', 'time', or 'diverged'.")
    batch_size: int
    learning_rate: float
    characters_per_s: float

    @property
    def was_cut_short(self) -> bool:
        """Whether the time was over first: then the loss is also that of the machine."""
        return self.stopped == "time"


class Causality(Record):
    """What a model's predictions depend on beside the characters before."""

    probes: int = Field(description="Places that were predicted with and without what follows.")
    changed: int = Field(description="Of these, how many predictions changed by more than rounding")
    mean_gain: float = Field(description="How many nats seeing the whole sentence gained there.")
    looks_ahead: bool
    kinds: tuple[str, ...] = Field(
        description="Of 'future', 'next character', 'batch', 'padding', 'state', 'randomness'."
    )


class Signs(Record):
    """What the logits for one batch of test sentences show, where the loss earns not all points.

    Losses are means over the batch's targets; null where one is infinite.
    """

    columns: int = Field(description="Logits for each position.")
    loss: MaybeInfinite
    constant_loss: float = Field(
        description="The least that the same prediction at every place can have."
    )
    variation: float = Field(
        description="How far predictions are from their mean: Kullback-Leibler, in nats."
    )
    shifted: dict[int, MaybeInfinite] = Field(
        description="The loss as if the target stood so many places further on; 0 is right."
    )
    scale: float = Field(description="The power of two by which the logits had best be multiplied.")
    scaled_loss: MaybeInfinite = Field(description="The loss when they are.")
    sum_to_one: bool = Field(description="Whether the logits are probabilities: a softmax's.")
    loss_as_probabilities: FiniteOrNull = Field(
        description="The loss if they are taken as such; null where they are not."
    )
    bounded: bool = Field(description="Whether they look like a tanh's or a sigmoid's.")
    never_cost: MaybeInfinite = Field(
        description="What the chances of BEGIN and PAD, which never are targets, add to the loss."
    )
    padding_chance: float | None = Field(
        description="Of PAD after a sentence's end; null without padding or a column for PAD."
    )
    remembers: bool = Field(
        description="Whether a prediction depends on characters before the last one."
    )
    negated_loss: MaybeInfinite = Field(
        default=math.inf, description="The loss with the sign of all logits turned round."
    )
    one_hot: bool = Field(
        default=False, description="Whether one logit at each place is 1 and all others are 0."
    )
    frequency_divergence: FiniteOrNull = Field(
        default=None,
        description="Of the mean prediction from how often each target occurs: Kullback-Leibler.",
    )
    costliest: str = Field(default="", description="The target with the largest part of the loss.")
    costliest_part: float = Field(default=0.0, description="What part that is.")
    loss_without_costliest: FiniteOrNull = Field(
        default=None, description="The mean loss of all other targets."
    )
    loss_in_train_mode: FiniteOrNull = Field(
        default=None, description="Of the same batch; null where the model fails in train() mode."
    )

    def in_train_mode(self, loss: float) -> float | None:
        """What a whole test set's ``loss`` would be in train() mode: off it as the batch's is."""
        batch = self.loss_in_train_mode
        return None if batch is None else loss - (self.loss - batch)


class ModelMeasures(Record):
    """All figures of one model; ``loss`` is the one that gives the points."""

    loss: float
    interval: Interval = Field(description="Of `loss`.")
    bits_per_character: float
    perplexity: float
    notebook_loss: float = Field(description="The notebook's mean of batch means.")
    whole_sentence_loss: float = Field(description="With the whole sentence in view.")
    fails_in_eval_mode: str = Field(
        default="",
        description="How, where the model was scored in train() mode, in which it was saved.",
    )
    sentences_at_once: int | None = Field(
        default=None, description="The only number of them that the model takes, if it is one."
    )
    prefix_loss: float | None = Field(
        default=None,
        description="From beginnings alone, where a model looks ahead or may hide that it does.",
    )
    loss_from_eleventh: float | None = Field(
        default=None, description="Without each sentence's first 10 characters."
    )
    loss_by_position: tuple[float, ...] = Field(description="Of the first, second, … target.")
    baselines: Baselines
    training_loss: float | None = Field(
        default=None, description="On a sample of the training sentences."
    )
    private_loss: float | None = Field(default=None, description="On the private test set.")
    sentences: int
    all_sentences: int = Field(description="How many the test set has.")
    stopped: str = Field(description="'finished', 'time', or 'quick': why no more were scored.")
    characters: int
    tokens: int
    causality: Causality
    in_notebook_batches: bool = Field(
        default=False, description="Whether sentences were put together as the notebook does."
    )
    signs: Signs | None = None
    generated: tuple[str, ...] = ()
    device: str
    parameters: int | None = None
    loading: tuple[str, ...] = Field(default=(), description="What had to be done to load it.")
    training: TrainingRun | None = None
    batch_tokens: int = Field(description="Tokens in a batch, found by measurement.")
    tokens_per_s: float = Field(description="Of scoring whole sentences.")

    @property
    def generalisation_gap(self) -> float | None:
        """By how much the test loss is above the training loss."""
        return None if self.training_loss is None else self.loss - self.training_loss
