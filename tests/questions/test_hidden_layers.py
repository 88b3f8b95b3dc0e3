"""A layer of torch's own that runs where no call is seen earns nothing either."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from grader.model import CheckResult, Outcome, Report
from tests.conftest import Grade
from tests.questions.test_own_work import RIGHT

IN_PLAIN_SIGHT = """
import numpy as np
import torch
attention = getattr(torch.nn.functional, "scaled_dot_product_" + "attention")
def layer(Wq, Wk, Wv, Wo, x):
    q, k, v = (torch.stack([x @ torch.from_numpy(w) for w in ws], 1) for ws in (Wq, Wk, Wv))
    heads = attention(q, k, v)
    return torch.cat(list(heads.unbind(1)), -1).numpy() @ Wo
"""
"""Multi-head attention whose middle is torch's, by a name that the source does not show."""
PYTHONS_STEPS = (
    IN_PLAIN_SIGHT
    + """
import torch._inductor.fx_passes.fuse_attention as patterns
steps_of = getattr(patterns, "_sfdp_" + "pattern_1")
attention = lambda q, k, v: steps_of(q, k, v, q.shape[-1] ** 0.5)
"""
)
"""The same by what torch has written in Python, which no operator is."""
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


def graded(
    grading: Grade, folder: Path, code: str, files: Mapping[str, str] | None = None
) -> tuple[Report, CheckResult]:
    for name, text in {"implementation.py": f"{RIGHT}\n{code}", **(files or {})}.items():
        (folder / name).write_text(text, encoding="utf-8")
    report = grading(folder, "q6")
    [check] = [check for check in report.questions[0].checks if check.name == "own_work"]
    return report, check


def assert_earns_nothing(report: Report, check: CheckResult) -> None:
    assert report.score == 0
    assert check.outcome is Outcome.FORBIDDEN
    assert "mha uses torch's scaled_dot_product_attention" in check.message
    assert {c.name: c.passed for c in report.questions[0].checks}["notebook_case"]
    assert check.output == ""


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


AT_IMPORT = {
    "no modes and no profiler": """
mode = torch.overrides.TorchFunctionMode
mode.__enter__ = lambda self: self
mode.__exit__ = lambda self, *_: None
torch.autograd.profiler.profile = None
""",
    "no modes in this thread": "torch._C.DisableTorchFunction().__enter__()",
    "no C functions": "torch._C._autograd._enable_profiler = lambda *_: None",
    "no watch of Python's own": "import sys\nsys.setprofile = sys.getprofile = lambda *_: None",
}


@pytest.mark.parametrize("switch", AT_IMPORT.values(), ids=AT_IMPORT)
def test_watch_that_the_import_switches_off(grading: Grade, tmp_path: Path, switch: str) -> None:
    code = f"{IN_PLAIN_SIGHT}{switch}\nmha = layer\n"
    report, check = graded(grading, tmp_path, code)
    assert report.score == 0
    assert check.outcome is Outcome.FORBIDDEN


PYTHONS_OWN = """
import cProfile, sys
set_profile = sys.setprofile.__globals__["_set_profile"]
[hooks] = [c.cell_contents for c in sys.setprofile.__closure__ if hasattr(c.cell_contents, "end")]
"""
"""What the grader has replaced, taken from that."""
ONLY_WATCHED = """
import gc
zeros = getattr(torch, "ze" + "ros")
steps = mha
times = 0
def mha(*arguments):
    global times
    if not gc.isenabled():
        times += 1
        {}
    return steps(*arguments)
"""
"""Where the function can tell that it is watched, and the source makes up a name."""


def watched(grading: Grade, folder: Path, own: str, means: str = "") -> tuple[Report, CheckResult]:
    code = f"import torch\n{means}\n{ONLY_WATCHED.format(own)}"
    return graded(grading, folder, code)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ("torch.autograd.profiler.profile().__enter__()", "switches off that by which"),
        ("torch._C._autograd._disable_profiler()", "switches off that by which"),
        ("set_profile(None)", "switches off that by which"),
        ("on = hooks.called; set_profile(None); set_profile(on)", "switches off that"),
        pytest.param(
            "cProfile.Profile.__base__.enable(cProfile.Profile())",
            "switches off that by which",
            marks=pytest.mark.skipif(
                sys.version_info >= (3, 12), reason="this Python has other hooks for it"
            ),
        ),
        ("raise RuntimeError('not here')", "is right, and not so while the grader looks"),
        ("return 0", "is right, and not so while the grader looks"),
    ],
)
def test_function_that_cannot_be_watched_and_has_means_earns_nothing(
    grading: Grade, tmp_path: Path, own: str, words: str
) -> None:
    report, check = watched(grading, tmp_path, own, PYTHONS_OWN)
    assert report.score == 0
    assert check.outcome is Outcome.FORBIDDEN
    assert words in check.message


@pytest.mark.parametrize(
    "own", ["return 0", "getattr(getattr(torch, '_' + 'C')._autograd, '_disable_' + 'profiler')()"]
)
def test_what_is_no_accident_needs_no_means(grading: Grade, tmp_path: Path, own: str) -> None:
    report, check = watched(grading, tmp_path, own)
    assert report.score == 0
    assert check.outcome is Outcome.FORBIDDEN


SWITCHES_OFF = """setter = getattr(vars(torch)['s' + 'ys'], 'set' + 'profile')
        getattr(setter, '__glo' + 'bals__')['_set_' + 'profile'](None)"""


@pytest.mark.parametrize("own", [SWITCHES_OFF, "raise RuntimeError('not here')"])
def test_name_of_means_that_is_made_up_is_no_accident(
    grading: Grade, tmp_path: Path, own: str
) -> None:
    report, check = watched(grading, tmp_path, own)
    assert report.score == 0
    assert check.outcome is Outcome.FORBIDDEN


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (SWITCHES_OFF, "switched the profiler off"),
        ("raise RuntimeError('not here')", "while the grader looks for torch's own layers"),
        ("if times == 1: return 0", "while the grader looks for torch's own layers"),
    ],
)
def test_what_may_be_an_accident_is_remarked_on(
    grading: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str, words: str
) -> None:
    monkeypatch.setattr("grader.own_work.may_make_up_names", lambda _: False)
    report, check = watched(grading, tmp_path, own)
    assert report.score == 5
    assert check.passed
    assert [note for note in report.notes if words in note]


OF_ITS_OWN = {
    "cProfile around the call": "return cProfile.Profile().runcall(steps, *arguments)",
    "cProfile and what it says": """
    profile.enable()
    result = steps(*arguments)
    profile.disable()
    pstats.Stats(profile, stream=io.StringIO()).print_stats()
    return result""",
    "profile": "return profiling.Profile().runcall(steps, *arguments)",
    "a count of calls": """
    sys.setprofile(lambda *_: None)
    try:
        return steps(*arguments)
    finally:
        sys.setprofile(None)""",
    "a trace": """
    sys.settrace(lambda *_: None)
    try:
        return steps(*arguments)
    finally:
        sys.settrace(None)""",
    "a debugger": "return bdb.Bdb().runcall(steps, *arguments)",
    "threads": """
    threading.setprofile(lambda *_: None)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return pool.submit(steps, *arguments).result()""",
}
"""Hooks that honest code sets."""
IMPORTS = """
import bdb, concurrent.futures, cProfile, io, pstats, sys, threading
import profile as profiling
profile = cProfile.Profile()
"""


@pytest.mark.parametrize("way", OF_ITS_OWN.values(), ids=OF_ITS_OWN)
def test_hook_that_a_function_sets_costs_nothing(grading: Grade, tmp_path: Path, way: str) -> None:
    code = f"{IMPORTS}\nsteps = mha\ndef mha(*arguments):\n    {way}\n"
    report, check = graded(grading, tmp_path, code)
    assert report.score == 5
    assert check.passed
    assert not [note for note in report.notes if note.startswith("mha")]


@pytest.mark.parametrize("way", OF_ITS_OWN.values(), ids=OF_ITS_OWN)
def test_hook_that_a_function_sets_hides_no_layer(grading: Grade, tmp_path: Path, way: str) -> None:
    code = f"{IMPORTS}{PYTHONS_STEPS}\nsteps = layer\ndef mha(*arguments):\n    {way}\n"
    assert_earns_nothing(*graded(grading, tmp_path, code))


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
