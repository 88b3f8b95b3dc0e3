"""A layer of torch's own earns nothing when it runs, and naming one costs nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.model import CheckResult, Outcome, Report
from grader.source import MAX_SOURCE
from tests.conftest import ROOT, Grade

RIGHT = (ROOT / "submissions" / "alice" / "implementation.py").read_text(encoding="utf-8")
NAMED_ONLY = {
    "a comparison that is switched off": """
CHECK = False
own = mha
def mha(Wq, Wk, Wv, Wo, x):
    if CHECK:
        return torch.nn.MultiheadAttention(10, 5)(x, x, x)
    return own(Wq, Wk, Wv, Wo, x)
""",
    "what holds parameters": """
own = mha
def mha(Wq, Wk, Wv, Wo, x):
    layer = torch.nn.MultiheadAttention(x.shape[-1], len(Wq))
    layer.out_proj.weight.data.copy_(torch.tensor(Wo))
    return own(Wq, Wk, Wv, Wo, x)
""",
    "a method that nobody calls": """
own = mha
class Attention:
    def forward(self, *arguments):
        return own(*arguments)
    def reference(self, x):
        return torch.nn.functional.scaled_dot_product_attention(x, x, x)
def mha(Wq, Wk, Wv, Wo, x):
    return Attention().forward(Wq, Wk, Wv, Wo, x)
""",
}
TAKEN_FROM = {
    "an operator": "torch.ops.aten.scaled_dot_product_attention.default(q, k, v)",
    "what it ends in": "torch.ops.aten._scaled_dot_product_attention_math(q, k, v)[0]",
    "a function": "torch.nn.functional.scaled_dot_product_attention(q, k, v)",
}
LAYER = """
    q, k, v = (torch.stack([x @ torch.from_numpy(w) for w in ws], 1) for ws in (Wq, Wk, Wv))
    heads = {}
    result = torch.cat(list(heads.unbind(1)), -1).numpy() @ Wo
"""
"""Multi-head attention whose middle is a layer of torch's own."""


def graded(grading: Grade, folder: Path, code: str) -> tuple[Report, CheckResult]:
    (folder / "implementation.py").write_text(f"{RIGHT}\nimport torch\n{code}", encoding="utf-8")
    report = grading(folder, "q6")
    [check] = [check for check in report.questions[0].checks if check.name == "own_work"]
    return report, check


EVERYONES = "import gc, os, re, sys\nprint(os.environ.get('HOME'), sys.version)\n"
"""What nearly every hand-in has at its top."""


@pytest.mark.parametrize("code", NAMED_ONLY.values(), ids=NAMED_ONLY)
@pytest.mark.parametrize("imports", ["", EVERYONES], ids=["alone", "beside os and sys"])
def test_layer_that_is_only_named_costs_nothing(
    grading: Grade, tmp_path: Path, imports: str, code: str
) -> None:
    report, check = graded(grading, tmp_path, f"{imports}{code}")
    assert report.score == 5
    assert check.passed
    [note] = [note for note in report.notes if "mha names torch.nn" in note]
    assert "and no call of it ran that layer" in note


def test_type_costs_nothing_beside_means(grading: Grade, tmp_path: Path) -> None:
    code = """
import threading
own = mha
def mha(Wq, Wk, Wv, Wo, x: torch.nn.MultiheadAttention | torch.Tensor):
    return None if isinstance(x, torch.nn.MultiheadAttention) else own(Wq, Wk, Wv, Wo, x)
"""
    report, check = graded(grading, tmp_path, code)
    assert report.score == 5
    assert check.passed
    assert not [note for note in report.notes if "torch.nn" in note]


STEPS = """    return torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ v
def mha(Wq, Wk, Wv, Wo, x):
    own = [[x @ torch.tensor(w) for w in ws] for ws in zip(Wq, Wk, Wv)]
    return torch.cat([attend(*ws) for ws in own], -1) @ torch.tensor(Wo)
attend = scaled_dot_product_attention
"""
NAMED_LIKE_A_LAYER = {
    "TorchScript": f"""
@torch.jit.script
def scaled_dot_product_attention(q, k, v):
{STEPS}""",
    "an operator": f"""
@torch.library.custom_op("mine::scaled_dot_product_attention", mutates_args=())
def scaled_dot_product_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor
) -> torch.Tensor:
{STEPS}""",
    "a function of torch's protocol": f"""
from torch.overrides import handle_torch_function, has_torch_function
def scaled_dot_product_attention(q, k, v):
    if has_torch_function((q, k, v)):
        return handle_torch_function(scaled_dot_product_attention, (q, k, v), q, k, v)
{STEPS}""",
    "autograd": f"""
class scaled_dot_product_attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v):
        return torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ v
def unused(q, k, v):
{STEPS.rstrip()}.apply
""",
    "a label": f"""
def scaled_dot_product_attention(q, k, v):
    with torch.profiler.record_function("scaled_dot_product_attention"):
        return torch.profiler.record_function("aten::gru")(own_attention)(q, k, v)
def own_attention(q, k, v):
{STEPS}""",
}


@pytest.mark.parametrize("code", NAMED_LIKE_A_LAYER.values(), ids=NAMED_LIKE_A_LAYER)
def test_own_work_that_is_named_like_a_layer(grading: Grade, tmp_path: Path, code: str) -> None:
    report, check = graded(grading, tmp_path, code)
    assert check.message == ""
    assert report.score == 5


@pytest.mark.parametrize("call", TAKEN_FROM.values(), ids=TAKEN_FROM)
def test_answer_that_is_taken_from_a_layer_earns_nothing(
    grading: Grade, tmp_path: Path, call: str
) -> None:
    code = f"def mha(Wq, Wk, Wv, Wo, x):{LAYER.format(call)}    return result"
    report, check = graded(grading, tmp_path, code)
    assert report.score == 0
    assert check.outcome is Outcome.FORBIDDEN
    assert {c.name: c.passed for c in report.questions[0].checks}["notebook_case"]


@pytest.mark.parametrize("call", TAKEN_FROM.values(), ids=TAKEN_FROM)
def test_layer_that_is_only_compared_with_costs_nothing(
    grading: Grade, tmp_path: Path, call: str
) -> None:
    code = f"""
own = mha
def mha(Wq, Wk, Wv, Wo, x):{LAYER.format(call)}
    print(abs(result - own(Wq, Wk, Wv, Wo, x)).max())
    return own(Wq, Wk, Wv, Wo, x)
"""
    report, check = graded(grading, tmp_path, code)
    assert report.score == 5
    assert check.passed
    [note] = [note for note in report.notes if "mha runs" in note]
    assert note.endswith("and is right, too, where that gives random numbers")


def test_answers_kept_from_earlier_calls_hide_no_layer(grading: Grade, tmp_path: Path) -> None:
    call = TAKEN_FROM["a function"]
    code = f"""
known = {{}}
def mha(Wq, Wk, Wv, Wo, x):{LAYER.format(call)}
    return known.setdefault(str(x), result)
"""
    report, check = graded(grading, tmp_path, code)
    assert report.score == 0
    assert check.outcome is Outcome.FORBIDDEN


@pytest.mark.parametrize(
    "means", ["import threading", "torch.jit.script", "import sys\nsys.modules", "torch._C"]
)
def test_layer_that_is_named_beside_means_to_hide_it_earns_nothing(
    grading: Grade, tmp_path: Path, means: str
) -> None:
    code = NAMED_ONLY["a comparison that is switched off"]
    report, check = graded(grading, tmp_path, f"{means}\n{code}")
    assert report.score == 0
    assert check.outcome is Outcome.FORBIDDEN
    assert "No call was seen to run it, but the hand-in also uses" in check.message


@pytest.mark.parametrize(("name", "is_told"), [("'tanh'", False), ("'ta' + 'nh'", True)])
def test_nothing_seen_beside_means_and_names_that_are_made_up_is_remarked_on(
    grading: Grade, tmp_path: Path, name: str, is_told: bool
) -> None:
    code = f"import threading\ntanh = getattr(np, {name})\n"
    report, check = graded(grading, tmp_path, code)
    assert report.score == 5
    assert check.passed
    told = "no call of mha was seen to run a layer of torch's; the hand-in uses threading, by"
    assert bool([note for note in report.notes if told in note]) == is_told


@pytest.mark.parametrize("code", [NAMED_ONLY["a comparison that is switched off"], "CHECK = False"])
def test_name_that_is_looked_up_costs_nothing(grading: Grade, tmp_path: Path, code: str) -> None:
    looked_up = "steps = [getattr(np, name) for name in ('tanh', 'exp')]\nprint(vars()[code])\n"
    report, check = graded(grading, tmp_path, f"code = 'code'\n{looked_up}{code}")
    assert report.score == 5
    assert check.passed


@pytest.mark.parametrize("long", [True, False])
def test_source_that_cannot_be_read_is_remarked_on(
    grading: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: bool
) -> None:
    code = f"#{' ' * MAX_SOURCE}" if long else "# nested deeper than this process can read"
    if not long:
        monkeypatch.setattr("grader.source.tree_of", too_deep)
    report, check = graded(grading, tmp_path, code)
    assert report.score == 5
    assert check.passed
    [note] = [note for note in report.notes if "too long" in note]
    assert note == (
        "implementation.py is too long, or nested too deep, to be searched for torch's own layers"
    )


def too_deep(_: object) -> None:
    raise RecursionError
