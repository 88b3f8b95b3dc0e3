"""Q7: what a loss that earns not all points comes from, as far as the logits show it.

Each explanation rests on figures that were measured (``grader.measures.Signs``) and says only what
they say. A mediocre loss alone is no mistake, so most models that were trained too little get no
hint; and a model that looks ahead is told about that instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from grader.measures import ModelMeasures, Signs
from grader.questions.misconceptions.matching import Diagnosis
from grader.questions.misconceptions.q7_decisive import (
    CLEARLY,
    DECISIVE,
    INFORMED,
    LOSS_PAGE,
    OUTPUT,
    STEPS,
    TARGETS,
    LossExplanation,
)

WELL_INFORMED = 0.2
"""Short of that it is not sure enough, as each network is at first: no scale was forgotten."""
NO_VARIATION = 0.002
"""Nats; float32 gives 1e-6 for predictions that are all the same."""
NEVER = 0.15
"""Nats that predicting BEGIN and PAD costs; twice that of a model that knows nothing."""
NEVER_AT_ALL = 0.004
"""The same of a model that has learnt that they never come; 0.02 are those of one that has not."""
AS_OFTEN = 0.8
"""Nats: untrained models have over 1.2, trained ones some hundredths, on wrong ids 0.3 to 0.7."""
FALLING = 0.02
"""Nats of validation loss in an epoch: more than 2 % of the sentences leave to chance."""
FIRST, LATER = slice(1, 10), slice(12, 60)
"""Places in a sentence: the task gives ten characters. Of a model that reads its input, the later
ones are the easier ones."""
LEAST_LATER = 8
MUCH_WORSE = 1.0
"""Nats; some sentences are that long by chance."""


def what_the_loss_says(measures: ModelMeasures) -> Diagnosis | None:
    """The one explanation that fits the figures; None where none does, or several do."""
    signs = measures.signs
    if signs is None or measures.causality.looks_ahead:
        return None
    if first := next((e for e in DECISIVE if e.fits(measures, signs)), None):
        return _alone([first], measures, signs)
    found = [e for e in EXPLANATIONS if e.fits(measures, signs)]
    if measures.training is not None:
        # Neither the loop nor how far it came is the student's doing.
        found = [e for e in found if not e.of_the_loop]
        if measures.training.was_cut_short:
            return _alone(found, measures, signs)
    if not found and STILL_FALLING.fits(measures, signs):
        found = [STILL_FALLING]
    return _alone(found, measures, signs)


def _alone(
    found: Sequence[LossExplanation], measures: ModelMeasures, signs: Signs
) -> Diagnosis | None:
    return Diagnosis((_in_figures(found[0], measures, signs),)) if len(found) == 1 else None


def _in_figures(found: LossExplanation, measures: ModelMeasures, signs: Signs) -> LossExplanation:
    batch = "batch" in measures.causality.kinds
    proper = signs.loss_as_probabilities
    first, later = _at_first_and_later(measures)
    figures = {
        "costliest": "a space" if signs.costliest == "' '" else signs.costliest,
        "first": first,
        "later": later,
        "loss": measures.loss,
        "training_loss": measures.training_loss,
        "in_train_mode": signs.in_train_mode(measures.loss) or 0.0,
        "signs": signs,
        "uniform": math.log(signs.columns),
        "floor": math.log(math.e + signs.columns - 1) - 1,
        "bounded_floor": math.log(math.e + (signs.columns - 1) / math.e) - 1,
        "shift": SHIFT_WORDS[_best_shift(signs)],
        "padding_chance": signs.padding_chance or 0.0,
        "as_probabilities": f" Taken as what they are, they have a loss of {proper:.2f}."
        if proper is not None and math.isfinite(proper)
        else "",
        "there": IN_EVAL_MODE.get((signs.sum_to_one, signs.bounded), ""),
        "others": " It does depend on the other sentences of the batch." if batch else "",
    }
    return replace(found, explanation=found.explanation.format(**figures))


IN_EVAL_MODE = {
    (True, False): " In eval() mode it gives probabilities, as after a softmax, and the loss takes "
    "their softmax once more.",
    (False, True): " In eval() mode all logits lie between -1 and 1.",
}
SHIFT_WORDS = {
    -2: "that came before the last one",
    -1: "that it was just given",
    0: "that comes next",
    1: "after the next one",
    2: "that comes third",
}


def _best_shift(signs: Signs) -> int:
    return min(signs.shifted, key=lambda shift: signs.shifted[shift])


def _as_distribution(signs: Signs) -> bool:
    """Whether the logits come out of something that has bounds."""
    return signs.sum_to_one or signs.bounded


def _informed(signs: Signs) -> bool:
    """Whether the predictions tell something of the next character, at whatever scale."""
    return signs.scaled_loss < signs.constant_loss - INFORMED


def _ignorant(signs: Signs) -> bool:
    """Whether they do not even know how frequent characters are."""
    return signs.scaled_loss > signs.constant_loss + CLEARLY


def _was_trained(signs: Signs) -> bool:
    """Whether the predictions, taken together, are those of a model that was trained."""
    apart = signs.frequency_divergence
    return apart is not None and apart < AS_OFTEN and signs.never_cost < NEVER_AT_ALL


def _near_guessing(measures: ModelMeasures, signs: Signs) -> bool:
    """Whether the loss is about that of guessing, and nothing else explains that."""
    return (
        _ignorant(signs)
        and not _good_at_first(measures, signs)
        and signs.loss < math.log(signs.columns) + 1
        and not _misaligned(signs)
        and not _as_distribution(signs)
    )


def _at_first_and_later(measures: ModelMeasures) -> tuple[float, float]:
    """The mean loss at the first places and at later ones; the same where there are too few."""
    first, later = measures.loss_by_position[FIRST], measures.loss_by_position[LATER]
    if len(later) < LEAST_LATER:
        return 0.0, 0.0
    return sum(first) / len(first), sum(later) / len(later)


def _good_at_first(measures: ModelMeasures, signs: Signs) -> bool:
    """Whether it knows something of the first characters, and far less of later ones."""
    first, later = _at_first_and_later(measures)
    return first < signs.constant_loss - INFORMED and later - first > MUCH_WORSE


def _misaligned(signs: Signs) -> bool:
    best = signs.shifted[_best_shift(signs)]
    return best < signs.shifted[0] - CLEARLY and best < signs.constant_loss - INFORMED


def _at_the_frequencies(signs: Signs) -> bool:
    knows_only_that = not _informed(signs) and signs.loss < signs.constant_loss + CLEARLY
    return knows_only_that and not _misaligned(signs) and signs.never_cost < NEVER


def _overfitted(measures: ModelMeasures, signs: Signs) -> bool:
    """Whether it does better on the training data, and better than a mere scale would make it."""
    gap, training = measures.generalisation_gap, measures.training_loss
    return (
        gap is not None and gap > CLEARLY and training is not None and training < signs.scaled_loss
    )


def _pad_learnt(signs: Signs) -> bool:
    if _misaligned(signs) or _as_distribution(signs):
        return False
    by_chance = -math.log1p(-2 / signs.columns)
    return signs.never_cost > max(NEVER, 2 * by_chance) or (signs.padding_chance or 0.0) > 0.5


def _still_falling(measures: ModelMeasures) -> bool:
    run = measures.training
    if run is None or len(run.epochs) < 2 or run.best_epoch != len(run.epochs):
        return False
    before, last = (epoch.validation_loss for epoch in run.epochs[-2:])
    return last < before - FALLING


EXPLANATIONS = (
    LossExplanation(
        id="softmax-before-loss",
        title="A softmax was applied before the loss",
        where=OUTPUT,
        explanation="What the model returns is not negative and adds up to one at every place: "
        "probabilities. The loss takes their softmax once more, which makes them nearly equal: no "
        "model of this form gets below {floor:.2f}.{as_probabilities}",
        hint="What does the page say that the input of this loss is expected to contain?",
        page=LOSS_PAGE,
        fits=lambda _, signs: signs.sum_to_one,
    ),
    LossExplanation(
        id="bounded-logits",
        title="The logits are squeezed between bounds",
        where=OUTPUT,
        explanation="All logits lie between -1 and 1, many at the bounds, as after a tanh or a "
        "sigmoid. Whatever is learnt, a loss below {bounded_floor:.2f} cannot come of that.",
        hint="What does the page say of the range of the loss's input? Then look at the last thing "
        "that forward does before it returns.",
        page=LOSS_PAGE,
        fits=lambda _, signs: signs.bounded,
    ),
    LossExplanation(
        id="misaligned",
        title="The predictions stand at the wrong place",
        where=TARGETS,
        explanation="The model predicts the character {shift}: compared with that one, its loss is "
        "clearly lower than with the next one.",
        hint="Write a short sentence in two rows, what the model reads and what it was trained to "
        "answer there. Which row should be one step ahead? The page says what a target is.",
        page=LOSS_PAGE,
        fits=lambda _, signs: _misaligned(signs),
    ),
    LossExplanation(
        id="pad-learnt",
        title="Padding was learnt as if it were text",
        where="what the loss is averaged over",
        explanation="After a sentence's end the model gives PAD a chance of {padding_chance:.0%}; "
        "the chances of PAD and BEGIN, which never are targets, cost {signs.never_cost:.2f} nats. "
        "That is learnt where the training loss counts padding, which is easy to predict: then the "
        "training loss is lower than the one that counts.",
        hint="Which parameter on the page leaves targets out of the average, and which target is "
        "to be left out?",
        page=LOSS_PAGE,
        of_the_loop=True,
        fits=lambda _, signs: _pad_learnt(signs),
    ),
    LossExplanation(
        id="same-everywhere",
        title="The prediction is the same at every place",
        where="how the input reaches the output",
        explanation="It is about how frequent each character is, a loss of "
        "{signs.constant_loss:.2f} at best; what the model is given makes no difference to it.",
        hint="Follow the input through forward, one line at a time: behind which one are the "
        "numbers no longer different for different sentences, or all zero? Or did a learning rate "
        "that is too high kill the units? The page shows what the layer takes and gives.",
        page="generated/torch.nn.Embedding",
        fits=lambda _, signs: _at_the_frequencies(signs) and signs.variation < NO_VARIATION,
    ),
    LossExplanation(
        id="frequencies-only",
        title="Hardly more was learnt than how frequent each character is",
        where=STEPS,
        explanation="A model that always gives the frequencies has a loss of "
        "{signs.constant_loss:.2f}, and this is near it: predictions differ from place to place, "
        "but not yet to any purpose. Every network learns this first.",
        hint="How many steps were made, and does the loss go down from one to the next? The page "
        "says what belongs to a step, and in which order.",
        page="optim",
        of_the_loop=True,
        fits=lambda _, signs: _at_the_frequencies(signs) and signs.variation >= NO_VARIATION,
    ),
    LossExplanation(
        id="untrained",
        title="The model is as good as untrained",
        where=STEPS,
        explanation="Guessing among all tokens has a loss of {uniform:.2f}, and the frequencies of "
        "characters alone one of {signs.constant_loss:.2f}: the predictions do not even know "
        "those. That is how a network begins.",
        hint="Is the model that is saved the one that was trained? Do its parameters change in a "
        "step, and are they the ones that the optimizer was given? The page says what belongs to a "
        "step.",
        page="optim",
        of_the_loop=True,
        fits=lambda measures, signs: _near_guessing(measures, signs) and not _was_trained(signs),
    ),
    LossExplanation(
        id="trained-on-others",
        title="The model is trained, but for other ids or other rows",
        where="whether ids and rows are the same in training and now",
        explanation="On the whole it predicts characters as often as they occur, and BEGIN and PAD "
        "never, as only training makes it. But what it says where makes its loss worse than the "
        "frequencies of characters alone, {signs.constant_loss:.2f}: its predictions are those for "
        "other inputs.",
        hint="Have the characters the same ids in training as in the notebook, where the sorted "
        "set of them comes first and then BEGIN, END and PAD? And does forward leave the sentences "
        "of a batch in their order? The page shows what an id selects.",
        page="generated/torch.nn.Embedding",
        of_the_loop=True,
        fits=lambda measures, signs: _near_guessing(measures, signs) and _was_trained(signs),
    ),
    LossExplanation(
        id="good-at-first",
        title="The first characters are predicted well, and later ones are not",
        where="what the steps after the first ten characters read",
        explanation="At the first places the loss is {first:.2f}, and from the twelfth on "
        "{later:.2f}, though more is known of the sentence there.",
        hint="Does forward read its input to the end, or does it go on with its own predictions "
        "from some place on? Each character is asked for with all those before it given; to "
        "generate a text is another function.",
        page=LOSS_PAGE,
        fits=lambda measures, signs: _good_at_first(measures, signs),
    ),
    LossExplanation(
        id="sure-and-wrong",
        title="The predictions are sure of themselves and wrong",
        where="whether training diverged, and which ids the characters had in it",
        explanation="Guessing among all tokens has a loss of {uniform:.2f}; this is far above. No "
        "scale of the logits makes it better than the frequencies of characters, "
        "{signs.constant_loss:.2f}, and no shift of the targets does.",
        hint="Did the training loss go up at the end? Then the learning rate is a place to look. "
        "If it was low: had the characters the same ids in training as in the notebook?",
        page="generated/torch.optim.Adam",
        fits=lambda measures, signs: (
            _ignorant(signs)
            and not _good_at_first(measures, signs)
            and signs.loss >= math.log(signs.columns) + 1
            and not _misaligned(signs)
        ),
    ),
    LossExplanation(
        id="wrong-scale",
        title="The logits have the wrong scale",
        where=OUTPUT,
        explanation="Multiplied by {signs.scale:g}, the same logits have a loss of "
        "{signs.scaled_loss:.2f}, clearly lower than as they are: the model knows more than it "
        "says. A factor below one means that it is too sure of itself, above one not enough.",
        hint="Are the logits divided, normalised or multiplied between the last layer and the "
        "loss, and is that the same in training? Or are the training's targets smoothed? The page "
        "says what the loss does to its input, and what label_smoothing does.",
        page=LOSS_PAGE,
        fits=lambda measures, signs: (
            _informed(signs)
            and signs.scaled_loss < signs.loss - CLEARLY
            and (signs.scale < 1 or signs.scaled_loss < signs.constant_loss - WELL_INFORMED)
            and not _as_distribution(signs)
            and not _overfitted(measures, signs)
        ),
    ),
    LossExplanation(
        id="no-memory",
        title="Only the last character counts",
        where="which axis the layers take for time",
        explanation="Other characters before the last one do not change the prediction at all. "
        "From the last one alone, no model is much better than a table of pairs.{others}",
        hint="Which axis of your input does the layer take for the steps, and which for the "
        "sentences? The page says what it expects by default and which parameter changes it.",
        page="generated/torch.nn.RNN",
        fits=lambda _, signs: (
            _informed(signs) and not signs.remembers and not _as_distribution(signs)
        ),
    ),
    LossExplanation(
        id="overfitted",
        title="The training sentences were learnt by heart",
        where="the difference between training and test loss",
        explanation="On training sentences the loss is {training_loss:.3f}, on the test set "
        "{loss:.3f}: what was learnt last does not carry over.",
        hint="Does the model see all training sentences, and how did the loss on held-back "
        "ones go from epoch to epoch? The page shows one of the ways against this.",
        page="generated/torch.nn.Dropout",
        fits=lambda measures, signs: _overfitted(measures, signs) and not _ignorant(signs),
    ),
)
STILL_FALLING = LossExplanation(
    id="still-falling",
    title="Training ended while the loss was still falling",
    where="how long the model is trained",
    explanation="In the last epoch of the grader's training the loss on held-back sentences went "
    "down as well: no mistake shows, and more epochs help.",
    hint="Plot both losses by epoch: where do they level off? The page shows how the learning rate "
    "is lowered towards the end.",
    page="optim",
    fits=lambda measures, _: _still_falling(measures),
)
