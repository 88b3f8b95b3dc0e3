"""What is known of a model when all its workers have ended, and the figures that are made of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from grader.language_model.altered import Altered
from grader.language_model.loaded_model import Loading
from grader.language_model.probing import Findings
from grader.language_model.totals import Z_95, LossTotals
from grader.language_model.whole_sentences import WholeSentences
from grader.measures import Baselines, Causality, Interval, ModelMeasures, Signs, TrainingRun

MOST_NATS = 700.0
"""The perplexity of a larger loss is no number."""


@dataclass(frozen=True)
class FirstPass:
    """What the first worker gave, which had whole sentences."""

    whole: WholeSentences
    loading: Loading
    """How the model was loaded."""
    after: Loading
    """The same, with what was learnt of it while it was scored."""
    generated: tuple[str, ...]
    training_sample: LossTotals | None
    """The figures of some training sentences; None where the model is not good for them."""
    private: LossTotals | None
    """Those of the private test set; None also where there is none."""
    signs: Signs | None
    altered: Altered | None = None
    """What one changed character costs, where the loss earns points and that could be asked."""


@dataclass(frozen=True)
class Judged:
    """What counts, after other workers had the sentences' beginnings."""

    whole: WholeSentences
    findings: Findings
    in_notebook_batches: bool = False
    """Whether it was judged a second time, in the notebook's own batches, and this is that."""
    as_notebook: WholeSentences | None = None
    """All sentences in those batches, where that is known and does not count."""

    def counted(self, z: float = Z_95) -> tuple[float, Interval]:
        """The loss that gives the points, and ``z`` standard errors to each side of it.

        It is that without what seeing whole sentences gained, if it did: the loss from beginnings,
        of which a sample is known. What the same sample has with whole sentences in view, against
        what all of them have, tells how lucky the sample is.
        """
        gain = self.findings.gain
        if not self.findings.beginnings_count or gain is None:
            return self.whole.totals.loss, self.whole.totals.interval(z)
        totals = self.whole.bounded_totals
        loss = totals.loss + gain.counted
        margin = z * math.hypot(totals.standard_error, gain.bounded_error)
        return loss, Interval(low=loss - margin, high=loss + margin)

    @property
    def causality(self) -> Causality:
        """What the model's predictions depend on."""
        return Causality(
            probes=self.findings.comparison.probes,
            changed=self.findings.comparison.changed,
            mean_gain=self.findings.comparison.mean_gain,
            looks_ahead=self.findings.looks_ahead,
            kinds=tuple(sorted(self.findings.kinds)),
        )


def measures_of(
    scored: FirstPass,
    judged: Judged,
    *,
    given_characters: int,
    baselines: Baselines,
    training: TrainingRun | None,
) -> ModelMeasures:
    """All figures, for the reports. The task gives the first ``given_characters`` of a sentence."""
    loss, interval = judged.counted()
    totals, sample, private = judged.whole.totals, scored.training_sample, scored.private
    return ModelMeasures(
        loss=loss,
        interval=interval,
        bits_per_character=loss / math.log(2),
        perplexity=math.exp(min(loss, MOST_NATS)),
        notebook_loss=(judged.as_notebook or judged.whole).totals.notebook_loss,
        whole_sentence_loss=totals.loss,
        prefix_loss=loss if judged.findings.beginnings_count else None,
        loss_from_eleventh=totals.loss_from(given_characters),
        loss_by_position=totals.by_position,
        baselines=baselines,
        training_loss=sample.loss if sample else None,
        private_loss=private.loss if private else None,
        sentences=totals.sentences,
        all_sentences=totals.all_sentences,
        stopped=judged.whole.stopped,
        characters=totals.characters,
        tokens=totals.tokens,
        causality=judged.causality,
        in_notebook_batches=judged.in_notebook_batches,
        signs=scored.signs,
        generated=scored.generated,
        device=scored.after.device,
        parameters=scored.loading.parameters,
        loading=scored.loading.notes,
        fails_in_eval_mode=scored.loading.fails_in_eval,
        sentences_at_once=scored.after.rows,
        training=training,
        batch_tokens=judged.whole.budget.tokens,
        tokens_per_s=totals.tokens / judged.whole.seconds,
    )
