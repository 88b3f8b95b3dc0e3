"""Q2: the forward pass of a simple RNN, h' = tanh(x W_x + h W_h + b), in NumPy."""

from grader.model import Question
from grader.oracle import RecurrentSizes, remembered, rnn_draw
from grader.questions.misconceptions.diagnosis import RECURRENT_SIZES, AnswerDiagnosis
from grader.questions.misconceptions.q2 import MISCONCEPTIONS, PAGE, SOLUTION
from grader.questions.parity import Parity
from grader.source import RECURRENT_LAYERS

QUESTION = Question(id="q2", title="RNN", function="rnn")
diagnose = AnswerDiagnosis(SOLUTION, MISCONCEPTIONS, remembered(rnn_draw), RECURRENT_SIZES, PAGE)


class TestRnn(Parity):
    draw = staticmethod(rnn_draw)
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
