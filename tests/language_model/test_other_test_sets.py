"""A model that is far better on one set of sentences than on another is told to a person."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from grader.encoded import Encoded
from grader.language_model.flags import (
    BETTER_IN_TEST,
    NO_PRIVATE,
    NO_TRAINING_LOSS,
)
from tests.language_model.evaluating import (
    TRAINING,
    Evaluating,
    loss_of,
    texts,
)
from tests.language_model.fakes import (
    VOCABULARY,
    plain_log_probabilities,
    random_sentences,
)
from tests.reports.builders import training_run


class Knowing(nn.Module):
    """Knows that b follows a, and a follows b; nothing else."""

    def forward(self, x: Tensor) -> Tensor:
        a, b = map(VOCABULARY.characters.index, "ab")
        following = torch.where(x == a, b, torch.where(x == b, a, 0))
        logits: Tensor = 4.0 * nn.functional.one_hot(following, VOCABULARY.size)
        return logits


PUBLIC = VOCABULARY.encode(["ab" * (3 + i % 5) for i in range(60)])
LIKE_PUBLIC = VOCABULARY.encode([*texts(PUBLIC), "abcdefgh ij"])
"""Training sentences, which hold every letter."""
OTHERS = texts(random_sentences(60, seed=5))


def test_far_better_on_the_public_test_set(evaluating: Evaluating) -> None:
    evaluation = evaluating(Knowing, PUBLIC, private=OTHERS, training=LIKE_PUBLIC)
    [flag] = evaluation.flags
    private = loss_of(plain_log_probabilities(Knowing, VOCABULARY.encode(OTHERS)))
    assert evaluation.measures.private_loss == pytest.approx(private, rel=1e-6)
    assert evaluation.measures.loss == pytest.approx(
        loss_of(plain_log_probabilities(Knowing, PUBLIC)), rel=1e-6
    )
    assert f"({evaluation.measures.loss:.3f}) than on the private one ({private:.3f})" in flag
    assert "points are unchanged" in flag


@pytest.mark.parametrize(
    ("public", "private"),
    [
        (PUBLIC, texts(PUBLIC)[:30]),
        (VOCABULARY.encode(OTHERS), texts(PUBLIC)),
        # Worse by nats, and yet no more than two such sentences may be.
        (PUBLIC, ["abababababab", "cccccccccccccc"]),
    ],
    ids=["alike", "better", "too few to tell"],
)
def test_no_suspicion(evaluating: Evaluating, public: Encoded, private: list[str]) -> None:
    evaluation = evaluating(Knowing, public, private=private, training=LIKE_PUBLIC)
    assert evaluation.measures.private_loss is not None
    assert evaluation.flags == ()


def test_private_test_set_that_fails(evaluating: Evaluating) -> None:
    class Allergic(Knowing):
        def forward(self, x: Tensor) -> Tensor:
            if len(x) > 3 and (x == VOCABULARY.characters.index("j")).any():
                raise ValueError("no j")
            return super().forward(x)

    evaluation = evaluating(Allergic, PUBLIC, private=OTHERS, probes=5)
    assert evaluation.flags == (NO_PRIVATE, NO_TRAINING_LOSS)
    assert evaluation.measures.private_loss is None
    assert evaluation.measures.training_loss is None


@pytest.mark.parametrize(
    ("training", "is_told"), [(TRAINING, True), (LIKE_PUBLIC, False)], ids=["other", "alike"]
)
def test_far_better_on_the_test_set_than_in_training(
    evaluating: Evaluating, training: Encoded, is_told: bool
) -> None:
    evaluation = evaluating(Knowing, PUBLIC, training=training, probes=5)
    measures = evaluation.measures
    told = BETTER_IN_TEST.format(measures.loss, measures.training_loss)
    assert evaluation.flags == ((told,) if is_told else ())


@pytest.mark.parametrize(
    ("training", "is_told"), [(TRAINING, True), (LIKE_PUBLIC, False)], ids=["other", "alike"]
)
def test_code_of_a_model_that_the_grader_trained_may_know_the_test_set(
    evaluating: Evaluating, training: Encoded, is_told: bool
) -> None:
    evaluation = evaluating(Knowing, PUBLIC, training=training, probes=5, run=training_run())
    measures = evaluation.measures
    told = BETTER_IN_TEST.format(measures.loss, measures.training_loss)
    assert evaluation.flags == ((told,) if is_told else ())
