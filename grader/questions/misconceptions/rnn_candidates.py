"""The candidate of q4's GRU, which has the RNN's parameters, and what goes wrong with them."""

from __future__ import annotations

import numpy as np

from grader.questions.misconceptions.gates import GateMisconception, same

PAGE = "torch.nn.GRU"
_N = "the candidate's parameters"
_WHOLE = frozenset({"n.wt_x", "n.wt_h", "n.bias"})
_LINE_N = "Compare the page's line of n_t with the RNN's formula, term by term."
CANDIDATE_MISCONCEPTIONS = (
    GateMisconception(
        id="bias-missing",
        title="The candidate lacks the RNN's bias",
        where=_N,
        explanation="Both biases of the candidate are zero.",
        hint=_LINE_N,
        page=PAGE,
        changes={"biases": lambda bias: (np.zeros_like(bias), np.zeros_like(bias))},
        about=frozenset({"n.bias"}),
        holds=lambda r, z, n, wt_h, wt_x, bias: not n.bias_x.any() and not n.bias_h.any(),
    ),
    GateMisconception(
        id="bias-twice",
        title="The candidate has the RNN's bias twice",
        where=_N,
        explanation="The bias that the function receives is the sum of torch's two. It stands in "
        "both places of the candidate, which adds them up.",
        hint="See how many biases the page's line of n_t has, and what they make when r is 1.",
        page=PAGE,
        changes={"biases": lambda bias: (bias, bias)},
        about=frozenset({"n.bias"}),
        holds=lambda r, z, n, wt_h, wt_x, bias: same(n.bias_x, bias) and same(n.bias_h, bias),
    ),
    GateMisconception(
        id="bias-halved",
        title="The candidate has half of the RNN's bias",
        where=_N,
        explanation="The two biases of the candidate are half of what the function receives when "
        "they are added up.",
        hint="See how many biases the page's line of n_t has, and what they make when r is 1.",
        page=PAGE,
        changes={"biases": lambda bias: (bias / 2, np.zeros_like(bias))},
        about=frozenset({"n.bias"}),
        holds=lambda r, z, n, wt_h, wt_x, bias: same(n.bias, bias / 2),
    ),
    GateMisconception(
        id="bias-negated",
        title="The candidate's bias has the wrong sign",
        where=_N,
        explanation="The two biases of the candidate make the negative of the RNN's bias.",
        hint=_LINE_N,
        page=PAGE,
        changes={"biases": lambda bias: (-bias, np.zeros_like(bias))},
        about=frozenset({"n.bias"}),
        holds=lambda r, z, n, wt_h, wt_x, bias: same(n.bias, -bias),
    ),
    GateMisconception(
        id="input-kernel-missing",
        title="The candidate lacks the RNN's input kernel",
        where=_N,
        explanation="The kernel of the candidate's input is zero, so no input is seen.",
        hint=_LINE_N,
        page=PAGE,
        changes={"wt_x": lambda wt_x, wt_h: np.zeros_like(wt_x)},
        about=frozenset({"n.wt_x"}),
        holds=lambda r, z, n, wt_h, wt_x, bias: not n.wt_x.any(),
    ),
    GateMisconception(
        id="recurrent-kernel-missing",
        title="The candidate lacks the RNN's recurrent kernel",
        where=_N,
        explanation="The recurrent kernel of the candidate is zero, so the old state is not seen.",
        hint=_LINE_N,
        page=PAGE,
        changes={"wt_h": lambda wt_x, wt_h: np.zeros_like(wt_h)},
        about=frozenset({"n.wt_h"}),
        holds=lambda r, z, n, wt_h, wt_x, bias: not n.wt_h.any(),
    ),
    GateMisconception(
        id="input-kernel-transposed",
        title="The candidate's input kernel is transposed",
        where=_N,
        explanation="The notebook transposes the parameters when it loads them; they are "
        "transposed here once more. Where there are as many inputs as hidden units nothing fails.",
        hint="Compare the shapes in the page's Variables with the notebook's line that loads them.",
        page=PAGE,
        changes={"wt_x": lambda wt_x, wt_h: wt_x.T},
        about=frozenset({"n.wt_x"}),
        holds=lambda r, z, n, wt_h, wt_x, bias: same(n.wt_x, wt_x.T),
    ),
    GateMisconception(
        id="recurrent-kernel-transposed",
        title="The candidate's recurrent kernel is transposed",
        where=_N,
        explanation="The notebook transposes the parameters when it loads them; they are "
        "transposed here once more, and a square kernel shows no error.",
        hint="Compare the shapes in the page's Variables with the notebook's line that loads them.",
        page=PAGE,
        changes={"wt_h": lambda wt_x, wt_h: wt_h.T},
        about=frozenset({"n.wt_h"}),
        holds=lambda r, z, n, wt_h, wt_x, bias: same(n.wt_h, wt_h.T),
    ),
    GateMisconception(
        id="kernels-exchanged",
        title="The candidate's two kernels are exchanged",
        where=_N,
        explanation="The RNN's recurrent kernel stands at the input's place and the other way "
        "round. Only shapes can reveal that, where they differ.",
        hint="See in the notebook which index of the tuple is loaded into which parameter.",
        page=PAGE,
        changes={"wt_x": lambda wt_x, wt_h: wt_h, "wt_h": lambda wt_x, wt_h: wt_x},
        about=frozenset({"n.wt_x", "n.wt_h"}),
        holds=lambda r, z, n, wt_h, wt_x, bias: same(n.wt_x, wt_h) and same(n.wt_h, wt_x),
    ),
    GateMisconception(
        id="recurrent-kernel-halved",
        title="The candidate has half of the RNN's recurrent kernel",
        where=_N,
        explanation="The recurrent kernel of the candidate is half of the one that the function "
        "receives, so that the old state counts half as much.",
        hint=_LINE_N,
        page=PAGE,
        changes={"wt_h": lambda wt_x, wt_h: wt_h / 2},
        about=frozenset({"n.wt_h"}),
        holds=lambda r, z, n, wt_h, wt_x, bias: same(n.wt_h, wt_h / 2),
    ),
    GateMisconception(
        id="recurrent-kernel-doubled",
        title="The candidate has the RNN's recurrent kernel twice",
        where=_N,
        explanation="The recurrent kernel of the candidate is twice the one that the function "
        "receives. That is right where the reset gate is one half; here it is not.",
        hint="Put the value that your reset gate has into the page's line of n_t: what is the "
        "recurrent kernel multiplied by?",
        page=PAGE,
        changes={"wt_h": lambda wt_x, wt_h: 2 * wt_h},
        about=frozenset({"n.wt_h"}),
        holds=lambda r, z, n, wt_h, wt_x, bias: same(n.wt_h, 2 * wt_h) and not r.untouched,
    ),
    GateMisconception(
        id="kernels-negated",
        title="The candidate's kernels have the wrong sign",
        where=_N,
        explanation="Both kernels of the candidate are the negative of the RNN's.",
        hint=_LINE_N,
        page=PAGE,
        changes={"wt_x": lambda wt_x, wt_h: -wt_x, "wt_h": lambda wt_x, wt_h: -wt_h},
        about=frozenset({"n.wt_x", "n.wt_h"}),
        holds=lambda r, z, n, wt_h, wt_x, bias: same(n.wt_x, -wt_x) and same(n.wt_h, -wt_h),
    ),
    GateMisconception(
        id="candidate-negated",
        title="The candidate has the wrong sign",
        where=_N,
        explanation="The kernels and the bias of the candidate are the negative of the RNN's.",
        hint=_LINE_N,
        page=PAGE,
        changes={
            "wt_x": lambda wt_x, wt_h: -wt_x,
            "wt_h": lambda wt_x, wt_h: -wt_h,
            "biases": lambda bias: (-bias, np.zeros_like(bias)),
        },
        about=_WHOLE,
        holds=lambda r, z, n, wt_h, wt_x, bias: (
            same(n.wt_x, -wt_x) and same(n.wt_h, -wt_h) and same(n.bias, -bias)
        ),
    ),
    GateMisconception(
        id="candidate-zero",
        title="The candidate is left at zero parameters",
        where=_N,
        explanation="Nothing of the RNN is in the candidate, so that it is zero whatever comes in.",
        hint=_LINE_N,
        page=PAGE,
        changes={
            "wt_x": lambda wt_x, wt_h: np.zeros_like(wt_x),
            "wt_h": lambda wt_x, wt_h: np.zeros_like(wt_h),
            "biases": lambda bias: (np.zeros_like(bias), np.zeros_like(bias)),
        },
        about=_WHOLE,
        holds=lambda r, z, n, *rnn: n.untouched,
    ),
)
