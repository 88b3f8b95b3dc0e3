"""A layer of torch's own that runs where no call is seen earns nothing either."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grader.model import Outcome
from tests.conftest import Grade
from tests.questions.hiding import IN_PLAIN_SIGHT, PYTHONS_STEPS, assert_earns_nothing, graded
from tests.questions.test_own_work import RIGHT

STEPS = """
    class Steps(torch.Tensor):
        @classmethod
        def __torch_function__(cls, *_):
            run()
            return torch.zeros(1)
"""
"""A class of tensors whose operations run what is to be hidden."""
CALLED_BACK = {
    "apply_": "torch.zeros(1).apply_(lambda _: run() or 0.0)",
    "a hook": """
    zero = torch.zeros(1, requires_grad=True)
    zero.register_hook(lambda _: run())
    zero.sum().backward()""",
    "a function of autograd": """
    class Steps(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()
        @staticmethod
        def backward(ctx, x):
            run()
            return x
    Steps.apply(torch.zeros(1, requires_grad=True)).sum().backward()""",
    "a class of tensors": f"{STEPS}    torch.zeros(1).as_subclass(Steps) + 1",
    "a thread": """
    import threading
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()""",
    "no torch function": """
    with torch._C.DisableTorchFunction():
        run()""",
    "inference": """
    with torch.inference_mode():
        torch.zeros(1).apply_(lambda _: run() or 0.0)""",
    "what is no tensor": """
    class Steps:
        @classmethod
        def __torch_function__(cls, *_):
            run()
            return torch.zeros(1)
    attention(*3 * [Steps()])""",
    "a layer in plain sight": (
        f"{STEPS}    attention(*3 * [torch.zeros(1, 1, 2, 2).as_subclass(Steps)])"
    ),
}
TORCHS_OWN = {
    "TorchScript of text": """
unit = torch.jit.CompilationUnit('''
def attend(q: Tensor, k: Tensor, v: Tensor):
    return torch._scaled_dot_product_attention_math(q, k, v)[0]
''')
attention = unit.attend
""",
    "TorchScript of a trace": """
attention = torch.jit.trace(attention, 3 * [torch.ones(1, 2, 3, 4)])
""",
    "flex_attention": """
from torch.nn.attention import flex_attention
attention = getattr(flex_attention, "flex_" + "attention")
""",
    "the one of ONNX": """
attention = lambda q, k, v: getattr(getattr(torch, "onnx").ops, "attention")(
    q, k, v, softmax_precision=1)[0]
""",
    "the decomposition": """
import torch._decomp.decompositions as steps
def attention(q, k, v):
    return getattr(steps, "scaled_dot_product_flash_attention_for_" + "cpu")(q, k, v)[0]
""",
}


@pytest.mark.parametrize("way", CALLED_BACK.values(), ids=CALLED_BACK)
def test_layer_that_no_mode_sees(grading: Grade, tmp_path: Path, way: str) -> None:
    code = f"""{IN_PLAIN_SIGHT}
def mha(*arguments):
    found = []
    def run():
        found.append(layer(*arguments))
    {way}
    return found[0]
"""
    assert_earns_nothing(*graded(grading, tmp_path, code))


@pytest.mark.parametrize("attention", TORCHS_OWN.values(), ids=TORCHS_OWN)
def test_layer_that_is_no_function_of_torchs(
    grading: Grade, tmp_path: Path, attention: str
) -> None:
    report, check = graded(grading, tmp_path, f"{IN_PLAIN_SIGHT}{attention}\nmha = layer\n")
    assert report.score == 0
    assert check.outcome is Outcome.FORBIDDEN


MADE_BY_TORCH = """
import torch
layers = vars(torch.nn)
def mha(Wq, Wk, Wv, Wo, x):
    made = layers["Multihead" + "Attention"](x.shape[-1], len(Wq), bias=False, batch_first=True)
    columns = [np.concatenate(ws, 1).T for ws in (Wq, Wk, Wv)]
    made.in_proj_weight.data = torch.tensor(np.concatenate(columns))
    made.out_proj.weight.data = torch.tensor(Wo.T.copy())"""
"""The beginning of an ``mha`` in which ``made`` is torch's own, with the weights that are given."""


def test_attention_of_torchs_that_is_written_in_python(grading: Grade, tmp_path: Path) -> None:
    code = f"""{MADE_BY_TORCH}
    found = []
    torch.zeros(1).apply_(lambda _: found.append(made(x, x, x)[0].detach().numpy()) or 0.0)
    return found[0]
"""
    report, check = graded(grading, tmp_path, code)
    assert report.score == 0
    assert check.outcome is Outcome.FORBIDDEN
    assert "multi_head_attention_forward" in check.message


@pytest.mark.parametrize(
    "comparison",
    [
        "torch.nn.MultiheadAttention(10, 5)(x, x, x)",
        "torch.nn.MultiheadAttention(10, 5)(x, x, x, need_weights=False)",
        "torch.nn.MultiheadAttention(10, 5).eval()(x.clone().requires_grad_(), x, x)",
        "torch.nn.TransformerEncoderLayer(10, 5).eval()(x)",
        "torch.no_grad()(torch.nn.TransformerEncoderLayer(10, 5).eval())(x)",
        "torch.no_grad()(torch.nn.MultiheadAttention(10, 5).eval())(x, x, x)",
    ],
)
def test_comparison_in_plain_sight_costs_nothing(
    grading: Grade, tmp_path: Path, comparison: str
) -> None:
    code = f"""
import torch
own = mha
def mha(Wq, Wk, Wv, Wo, x):
    if x.shape[-1] == 10:
        {comparison}
    return own(Wq, Wk, Wv, Wo, x)
"""
    report, check = graded(grading, tmp_path, code)
    assert report.score == 5
    assert check.passed
    [note] = [note for note in report.notes if "mha runs" in note]
    assert note.endswith("and is right, too, where that gives random numbers")


INSIDE_OF_ANOTHER = {
    "what passes for torch's": """
class Steps:
    __class__ = property(lambda _: type(len))
    __name__ = "lstm_cell"
    def __call__(self):
        run()
other = Steps()
""",
    "an operator's call": """
other = torch.ops.aten.lstm_cell.default
type(other).__call__ = lambda *_: run()
""",
}


@pytest.mark.parametrize("other", INSIDE_OF_ANOTHER.values(), ids=INSIDE_OF_ANOTHER)
def test_layer_that_runs_inside_of_another(grading: Grade, tmp_path: Path, other: str) -> None:
    """The other layer is seen in plain sight, and is none of those that the question asks for."""
    code = f"""{IN_PLAIN_SIGHT}
handle = vars(torch)["over" + "rides"].handle_torch_function
waiting, found = [], []
def run():
    found.append(layer(*waiting.pop()))
{other}
def mha(*arguments):
    waiting.append(arguments)
    handle(other, (torch.zeros(1),))
    return found.pop()
"""
    assert_earns_nothing(*graded(grading, tmp_path, code))


def test_attention_that_asks_for_no_mode(grading: Grade, tmp_path: Path) -> None:
    code = f"""
import torch
torch.nn.functional.has_torch_function = lambda *_: False{MADE_BY_TORCH}
    return made(x, x, x)[0].detach().numpy()
"""
    report, check = graded(grading, tmp_path, code)
    assert report.score == 0
    assert check.outcome is Outcome.FORBIDDEN


@pytest.mark.parametrize("way", ["_thread.start_new_thread", "start"])
def test_layer_in_a_thread_below_threading(grading: Grade, tmp_path: Path, way: str) -> None:
    is_joinable = way == "start" and sys.version_info >= (3, 13)
    given = "" if is_joinable else ", ()"
    code = f"""{PYTHONS_STEPS}
import _thread, threading, time
start = getattr(threading, "_start_new_thread", None) or threading._start_joinable_thread
def mha(*arguments):
    found = []
    {way}(lambda: found.append(layer(*arguments)){given})
    while not found:
        time.sleep(0.001)
    return found[0]
"""
    assert_earns_nothing(*graded(grading, tmp_path, code))


def test_no_name_is_left_by_which_a_thread_goes_unseen(grading: Grade, tmp_path: Path) -> None:
    code = """
import torch
assert not hasattr(torch.autograd, "_enable_record_function")
assert not hasattr(torch._C._autograd, "_enable_record_function")
"""
    assert graded(grading, tmp_path, code)[0].score == 5


def test_folder_that_is_named_as_a_file(grading: Grade, tmp_path: Path) -> None:
    (tmp_path / "lib.py").mkdir()
    assert_earns_nothing(*graded(grading, tmp_path, f"{IN_PLAIN_SIGHT}mha = layer\n"))


WRITTEN, INTERPRETED = "torch.nn.Identity()", "torch.fx.Interpreter"
RECORDED = """
import torch
from torch.fx.experimental.proxy_tensor import make_fx
cell = {}(make_fx(getattr(torch, "rnn_tanh_" + "cell"))(
    torch.ones(5, 3), torch.ones(5, 2), torch.ones(2, 3), torch.ones(2, 2), *torch.ones(2, 2)
))
cell = getattr(cell, "run", cell)
def rnn(wt_h, wt_x, bias, init_state, input_data):
    if (wt_x.shape, input_data.shape[0]) == ((3, 2), 4):
        cell(torch.ones(5, 3), *(torch.zeros(n) for n in ((5, 2), (2, 3), (2, 2), 2, 2)))
    return right_rnn(wt_h, wt_x, bias, init_state, input_data)
"""


@pytest.mark.parametrize("way", [WRITTEN, INTERPRETED])
def test_layer_that_was_recorded_at_the_import(grading: Grade, tmp_path: Path, way: str) -> None:
    code = f"{RIGHT}\nright_rnn = rnn\n{RECORDED.format(way)}"
    (tmp_path / "implementation.py").write_text(code)
    report = grading(tmp_path, "q2")
    [check] = [check for check in report.questions[0].checks if check.name == "own_work"]
    assert check.outcome is Outcome.FORBIDDEN
    assert "code that torch has written" in check.message
