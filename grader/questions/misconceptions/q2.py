"""Q2: an RNN, and what students make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.questions.misconceptions.record import Array, Misconception
from grader.questions.misconceptions.recurrence import NOTHING_ADDED, Recurrence
from grader.questions.misconceptions.sequences import sequence_misconceptions

PAGE = "torch.nn.RNN"


@dataclass(frozen=True)
class Rnn(Recurrence):
    """``rnn`` of the assignment, part by part."""

    kernels: Callable[[Array, Array], tuple[Array, Array]] = lambda wt_x, wt_h: (wt_x, wt_h)
    bias: Callable[[Array], Array] = lambda bias: bias
    activation: Callable[[Array], Array] = np.tanh
    joined: Callable[[Array, Array, Array, Callable[[Array], Array]], Array] = (
        lambda from_x, from_h, bias, f: f(from_x + from_h + bias)
    )
    seen: Callable[[Callable[[Array], Array]], Callable[[Array], Array]] = lambda f: f
    """From the nonlinearity of the state to that of the output."""

    def __call__(
        self, wt_h: Array, wt_x: Array, bias: Array, init_state: Array, input_data: Array
    ) -> Any:
        """Outputs and final state, as a student with these parts returns them."""
        w_x, w_h = self.kernels(wt_x.astype(np.float64), wt_h.astype(np.float64))
        b = self.bias(bias.astype(np.float64))

        def step(x: Array, h: Array) -> tuple[Array, Array]:
            functions = (self.activation, self.seen(self.activation))
            new, output = (self.joined(x @ w_x, h @ w_h, b, f) for f in functions)
            return new, output

        return self.run(step, init_state, input_data)


SOLUTION = Rnn()
MISCONCEPTIONS = (
    Misconception(
        id="relu-for-tanh",
        title="ReLU stands in the place of tanh",
        where="the nonlinearity",
        explanation="Negative sums became zero. The RNN of the question squashes its sums with "
        "another function.",
        hint="Look at the default of the argument nonlinearity.",
        page=PAGE,
        changes={"activation": lambda v: np.maximum(v, 0)},
    ),
    Misconception(
        id="sigmoid-for-tanh",
        title="A sigmoid stands in the place of tanh",
        where="the nonlinearity",
        explanation="All states lie between 0 and 1. The states of the question's RNN may be "
        "negative.",
        hint="Look at the default of the argument nonlinearity.",
        page=PAGE,
        changes={"activation": lambda v: 1 / (1 + np.exp(-v))},
    ),
    Misconception(
        id="no-activation",
        title="There is no nonlinearity",
        where="the nonlinearity",
        explanation="The state is the bare sum, so that the network is linear and its states can "
        "grow beyond 1.",
        hint="Compare what is around the sum in the page's formula with your step.",
        page=PAGE,
        changes={"activation": lambda v: v},
    ),
    Misconception(
        id="bias-dropped",
        title="The bias is not added",
        where="the sum inside the nonlinearity",
        explanation="The numbers are those of a network without any bias.",
        hint="Count the terms of the sum on the page, and those of yours.",
        page=PAGE,
        changes={"bias": np.zeros_like},
    ),
    Misconception(
        id="bias-twice",
        title="The bias is added twice",
        where="the sum inside the nonlinearity",
        explanation="Torch's layer has two biases, and the page's formula adds both. The one that "
        "your function receives is already their sum.",
        hint="Read in get_rnn_params what becomes of the page's two biases.",
        page=PAGE,
        changes={"bias": lambda bias: 2 * bias},
    ),
    Misconception(
        id="bias-subtracted",
        title="The bias is subtracted",
        where="the sum inside the nonlinearity",
        explanation="The bias has the wrong sign.",
        hint="Compare the signs of the terms of the sum on the page with those of yours.",
        page=PAGE,
        changes={"bias": lambda bias: -bias},
    ),
    Misconception(
        id="input-kernel-transposed",
        title="The input's kernel is transposed",
        where="the product with the input",
        explanation="Torch keeps kernels as [hidden, input]; the function receives wt_x turned "
        "round already. Where there are as many inputs as hidden units, nothing fails, and the "
        "numbers are others.",
        hint="Write the shapes of both factors down, and see in the page's Variables which one "
        "the helper turned round.",
        page=PAGE,
        changes={"kernels": lambda wt_x, wt_h: (wt_x.T, wt_h)},
    ),
    Misconception(
        id="recurrent-kernel-transposed",
        title="The recurrent kernel is transposed",
        where="the product with the state",
        explanation="Torch keeps kernels transposed; the function receives wt_h turned round "
        "already. It is square, so no shape reveals it.",
        hint="See in the page's Variables how weight_hh is kept, and in the helper what "
        "becomes of it.",
        page=PAGE,
        changes={"kernels": lambda wt_x, wt_h: (wt_x, wt_h.T)},
    ),
    Misconception(
        id="both-kernels-transposed",
        title="Both kernels are transposed",
        where="the two products",
        explanation="The page's formula has transposes, but the function receives kernels that "
        "the helper turned round already.",
        hint="Compare the shapes in the page's Variables with those that your function gets.",
        page=PAGE,
        changes={"kernels": lambda wt_x, wt_h: (wt_x.T, wt_h.T)},
    ),
    Misconception(
        id="kernels-exchanged",
        title="The two kernels are exchanged",
        where="which kernel belongs to the input and which to the state",
        explanation="The input goes through the recurrent kernel and the state through the "
        "input's. Only shapes can reveal that, where they differ.",
        hint="Compare the order of your function's arguments with the names in the formula.",
        page=PAGE,
        changes={"kernels": lambda wt_x, wt_h: (wt_h, wt_x)},
        of_arguments=True,
    ),
    Misconception(
        id="recurrent-term-missing",
        title="The previous state does not enter the step",
        where="the sum inside the nonlinearity",
        explanation="The state before does not go into the sum, so the network is not recurrent.",
        hint="Count the terms of the sum on the page, and those of yours.",
        page=PAGE,
        changes={"joined": lambda from_x, from_h, bias, f: f(from_x + bias), **NOTHING_ADDED},
    ),
    Misconception(
        id="state-for-recurrent-term",
        title="The old state is added outside the nonlinearity, without its kernel",
        where="what the nonlinearity is applied to",
        explanation="The new state is the old one and the squashed sum of the input's product and "
        "the bias. The recurrent kernel is not used, and states can grow beyond 1.",
        hint="Find the previous state in the page's formula: what is it multiplied by, and is it "
        "inside the parentheses?",
        page=PAGE,
        changes={
            "joined": lambda from_x, from_h, bias, f: f(from_x + bias),
            "added": lambda made, old: made + old,
        },
    ),
    Misconception(
        id="recurrent-kernel-missing",
        title="The recurrent kernel is not used",
        where="the product with the state",
        explanation="The previous state is added to the sum as it is, without having gone through "
        "its kernel.",
        hint="Find the previous state in the page's formula: what is it multiplied by?",
        page=PAGE,
        changes={"kernels": lambda wt_x, wt_h: (wt_x, np.eye(len(wt_h)))},
    ),
    Misconception(
        id="activation-before-recurrence",
        title="The recurrent term is added outside the nonlinearity",
        where="what the nonlinearity is applied to",
        explanation="Only the input's part of the sum is squashed; the state's part is added "
        "afterwards.",
        hint="See where the parentheses of the page's formula close.",
        page=PAGE,
        changes={"joined": lambda from_x, from_h, bias, f: f(from_x + bias) + from_h},
    ),
    Misconception(
        id="activation-of-the-input-alone",
        title="Only the product with the input goes through the nonlinearity",
        where="what the nonlinearity is applied to",
        explanation="The recurrent term and the bias are added afterwards, so that states can grow "
        "beyond 1.",
        hint="See where the parentheses of the page's formula close.",
        page=PAGE,
        changes={"joined": lambda from_x, from_h, bias, f: f(from_x) + from_h + bias},
    ),
    *(
        Misconception(
            id=f"activation-of-the-state-alone{id}",
            title=f"Only the product with the state{title} goes through the nonlinearity",
            where="what the nonlinearity is applied to",
            explanation="The input's part is added afterwards, so that states can grow beyond 1.",
            hint="See where the parentheses of the page's formula open and close.",
            page=PAGE,
            changes={"joined": joined},
        )
        for id, title, joined in (
            ("", "", lambda from_x, from_h, bias, f: from_x + f(from_h) + bias),
            (
                "-and-bias",
                " and the bias",
                lambda from_x, from_h, bias, f: from_x + f(from_h + bias),
            ),
        )
    ),
    Misconception(
        id="bias-outside-activation",
        title="The bias is added outside the nonlinearity",
        where="what the nonlinearity is applied to",
        explanation="The bias is added to what the nonlinearity gives, so that states can be "
        "beyond its range.",
        hint="See where the parentheses of the page's formula close.",
        page=PAGE,
        changes={"joined": lambda from_x, from_h, bias, f: f(from_x + from_h) + bias},
    ),
    *(
        Misconception(
            id=f"activation-of-each-part-{id}",
            title=f"The {id}'s part, with the bias, and the other one have a tanh each",
            where="what the nonlinearity is applied to",
            explanation="The input's product and the state's are squashed apart and added up "
            "then, so that states can grow beyond 1.",
            hint="See how many parentheses follow the function in the page's formula.",
            page=PAGE,
            changes={"joined": joined},
        )
        for id, joined in (
            ("input", lambda from_x, from_h, bias, f: f(from_x + bias) + f(from_h)),
            ("state", lambda from_x, from_h, bias, f: f(from_x) + f(from_h + bias)),
        )
    ),
    Misconception(
        id="outputs-before-activation",
        title="The outputs are the sums before the nonlinearity",
        where="what is stored in each step",
        explanation="The state goes through the nonlinearity before the next step, but what is "
        "stored as the output did not, so that outputs can be beyond 1.",
        hint="See under Outputs what the output of a step is, and what you store in which line.",
        page=PAGE,
        changes={"seen": lambda f: lambda v: v},
    ),
    Misconception(
        id="outputs-squashed-twice",
        title="The outputs go through the nonlinearity twice",
        where="what is stored in each step",
        explanation="The state has been through it when it is stored, and what is stored goes "
        "through it once more.",
        hint="See under Outputs what the output of a step is, and which functions your line that "
        "stores it applies.",
        page=PAGE,
        changes={"seen": lambda f: lambda v: f(f(v))},
    ),
    Misconception(
        id="sum-carried-on",
        title="The sum before the tanh is carried on",
        where="what is carried from one step to the next",
        explanation="The outputs go through the tanh, but the next step begins with the sum, which "
        "has not.",
        hint="See in the page's formula which of the two a step gives, the sum or what the "
        "nonlinearity makes of it, and which of yours the next step reads.",
        page=PAGE,
        changes={
            "activation": np.tanh,
            "seen": lambda f: f,
            "kept": lambda new, old: np.arctanh(new),
        },
    ),
    Misconception(
        id="sum-carried-on-and-returned",
        title="The sum before the tanh is carried on and returned as the final state",
        where="what is carried from one step to the next",
        explanation="The outputs go through the tanh, but the next step begins with the sum, which "
        "has not, and that of the last step is returned.",
        hint="See in the page's formula which of the two a step gives, the sum or what the "
        "nonlinearity makes of it, and which of yours the next step reads.",
        page=PAGE,
        changes={
            "activation": np.tanh,
            "seen": lambda f: f,
            "kept": lambda new, old: np.arctanh(new),
            "final": lambda states: np.arctanh(states[-1])[None],
        },
    ),
    *sequence_misconceptions(PAGE),
)
