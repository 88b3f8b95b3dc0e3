"""Q7: explanations of a loss that leave no room for others, which would be of their consequences.

They are looked at before those of ``q7``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from grader.measures import ModelMeasures, Signs
from grader.questions.misconceptions.record import Misconception

CLEARLY = 0.3
"""Nats; a batch of 50 sentences tells a loss to about 0.05."""
INFORMED = 0.1
"""Nats below the best constant prediction, at the best scale: less is nothing learnt."""
MOST_OF_ONE = 0.3
"""Of the loss: the commonest character, the space, has a tenth of it in a model that is trained."""
LOSS_PAGE = "generated/torch.nn.CrossEntropyLoss"
OUTPUT = "what forward returns"
TARGETS = "which target each prediction is compared with"
STEPS = "whether the optimizer's steps reach the model that is saved"


@dataclass(frozen=True, kw_only=True)
class LossExplanation(Misconception):
    """Where a loss comes from; words may hold the figures' names in braces."""

    fits: Callable[[ModelMeasures, Signs], bool]
    of_the_loop: bool = False
    """Whether it is of how a model was trained: it is not told where the grader has done that."""
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def link(self) -> str:
        return f"https://docs.pytorch.org/docs/stable/{self.page}.html"


def _left_out(signs: Signs) -> bool:
    """Whether one target takes much of the loss, and the others are predicted from their input."""
    others = signs.loss_without_costliest
    return (
        signs.costliest_part > MOST_OF_ONE
        and others is not None
        and others < signs.constant_loss - INFORMED
    )


ONLY_IN_EVAL_MODE = LossExplanation(
    id="only-in-eval-mode",
    title="The model does worse in eval() mode",
    where="what depends on the mode",
    explanation="In train() mode the same model has a loss of about "
    "{in_train_mode:.2f}; what counts is eval() mode, in which it is {loss:.2f}.{there}",
    hint="Which of your own lines ask for self.training, and which of the layers do something "
    "else after eval()? The page says what that call changes.",
    page="generated/torch.nn.Module",
    fits=lambda measures, signs: (
        not measures.fails_in_eval_mode
        and signs.loss_in_train_mode is not None
        and signs.loss_in_train_mode < signs.loss - CLEARLY
    ),
)
ONE_HOT = LossExplanation(
    id="one-hot",
    title="The most likely token was returned in place of the logits",
    where=OUTPUT,
    explanation="At each place one value is 1 and all others are 0, as after an argmax and a "
    "one_hot. The loss takes a softmax of that, which makes all tokens nearly equal: no model of "
    "this form gets below {floor:.2f}, and none learns, as an argmax has no gradient.",
    hint="What does the page say that the input of this loss is expected to contain? To choose a "
    "token belongs to the function that generates a text.",
    page=LOSS_PAGE,
    fits=lambda _, signs: signs.one_hot,
)
NEGATED = LossExplanation(
    id="sign-turned-round",
    title="The sign of the logits is turned round",
    where=OUTPUT,
    explanation="With the other sign the same values have a loss of {signs.negated_loss:.2f}: what "
    "is likely has the lowest value and not the highest, as in a loss, such as a negative "
    "log-probability, in place of logits.",
    hint="Does forward return what the loss is made of, or the loss itself? The page says what "
    "sign it gives to the logarithm.",
    page=LOSS_PAGE,
    fits=lambda _, signs: (
        signs.negated_loss < min(signs.constant_loss - INFORMED, signs.loss - CLEARLY)
    ),
)
LEFT_OUT = LossExplanation(
    id="target-left-out",
    title="One target was left out of training",
    where="what the loss is averaged over",
    explanation="Of the loss {signs.costliest_part:.0%} come of one target alone: {costliest}. All "
    "others have a mean loss of {signs.loss_without_costliest:.2f}. So it is where one is left out "
    "of the training loss: what the model gives to it is never corrected.",
    hint="Which targets does your training loss leave out, by ignore_index or by a weight? The "
    "page says what these do, and only PAD is to be left out.",
    page=LOSS_PAGE,
    fits=lambda _, signs: _left_out(signs),
)
DECISIVE = (ONLY_IN_EVAL_MODE, ONE_HOT, NEGATED, LEFT_OUT)
