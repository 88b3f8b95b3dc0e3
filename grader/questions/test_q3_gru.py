"""Q3: the forward pass of a GRU in torch's form, n = tanh(W x + b + r * (U h + b')), in NumPy."""

from grader.model import Question
from grader.oracle import RecurrentSizes, gru_draw, remembered
from grader.questions.misconceptions.diagnosis import RECURRENT_SIZES, AnswerDiagnosis
from grader.questions.misconceptions.gate_parts import PAGE
from grader.questions.misconceptions.q3 import MISCONCEPTIONS, SOLUTION
from grader.questions.parity import Parity
from grader.source import RECURRENT_LAYERS

QUESTION = Question(id="q3", title="GRU", function="gru")
diagnose = AnswerDiagnosis(SOLUTION, MISCONCEPTIONS, remembered(gru_draw), RECURRENT_SIZES, PAGE)


class TestGru(Parity):
    draw = staticmethod(gru_draw)
    layers = RECURRENT_LAYERS
    notebook = RecurrentSizes(batch=4, steps=12, inputs=3, hidden=2)
    other = (
        # As many hidden units as inputs: a transposed parameter has the right shape only here.
        RecurrentSizes(batch=2, steps=5, inputs=4, hidden=4),
        RecurrentSizes(batch=3, steps=7, inputs=5, hidden=6),
        RecurrentSizes(batch=6, steps=2, inputs=2, hidden=3),
        RecurrentSizes(batch=5, steps=20, inputs=6, hidden=5),
    )
    one_in_batch = RecurrentSizes(batch=1, steps=12, inputs=3, hidden=2)
    one_step = RecurrentSizes(batch=4, steps=1, inputs=3, hidden=2)
    many_steps = RecurrentSizes(batch=2, steps=120, inputs=3, hidden=4)
