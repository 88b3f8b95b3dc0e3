"""Q6: the forward pass of multi-head self-attention."""

import pytest

from grader.checking import Check
from grader.model import Question
from grader.oracle import AttentionSizes, mha_draw, remembered
from grader.questions.misconceptions.diagnosis import ATTENTION_SIZES, AnswerDiagnosis
from grader.questions.misconceptions.q6 import MISCONCEPTIONS, SOLUTION
from grader.questions.misconceptions.weights import PAGE
from grader.questions.parity import Parity
from grader.source import ATTENTION_LAYERS

QUESTION = Question(id="q6", title="Multi-head attention", function="mha")
diagnose = AnswerDiagnosis(SOLUTION, MISCONCEPTIONS, remembered(mha_draw), ATTENTION_SIZES, PAGE)


class TestMha(Parity):
    draw = staticmethod(mha_draw)
    layers = ATTENTION_LAYERS
    notebook = AttentionSizes(batch=4, steps=8, embed=10, heads=5)
    other = (
        # As wide as there are heads: mistaking one for the other has the right shape only here.
        # Longer than the notebook's, too: no window of attention may be fixed.
        AttentionSizes(batch=2, steps=13, embed=9, heads=3),
        AttentionSizes(batch=3, steps=6, embed=12, heads=2),
        # As many steps as sentences, and as many heads: the softmax's axis is told by values alone.
        AttentionSizes(batch=4, steps=4, embed=16, heads=4),
        AttentionSizes(batch=5, steps=3, embed=6, heads=2),
    )
    one_in_batch = AttentionSizes(batch=1, steps=8, embed=10, heads=5)
    one_step = AttentionSizes(batch=4, steps=1, embed=10, heads=5)
    many_steps = AttentionSizes(batch=2, steps=60, embed=10, heads=5)
    one_head = AttentionSizes(batch=4, steps=8, embed=10, heads=1)
    width_of_one = AttentionSizes(batch=4, steps=8, embed=10, heads=10)

    @pytest.mark.advisory
    def test_one_head(self, check: Check) -> None:
        """A single head, as wide as the embedding, gives torch's values."""
        self._agrees(check, self.one_head, 1)

    @pytest.mark.advisory
    def test_width_of_one(self, check: Check) -> None:
        """As many heads as the embedding is wide, each of width one, give torch's values."""
        self._agrees(check, self.width_of_one, 1)
