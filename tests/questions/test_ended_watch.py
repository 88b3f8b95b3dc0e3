"""Code that ends the watch for torch's layers does so by accident, or earns nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grader.model import CheckResult, Outcome, Report
from tests.conftest import Grade
from tests.questions.hiding import IN_PLAIN_SIGHT, PYTHONS_STEPS, assert_earns_nothing, graded

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


NAMED = """
import gc
import torch
parts = {}
parts["it"] = torch.nn.functional.scaled_dot_product_attention
def mha(Wq, Wk, Wv, Wo, x):
    found = []
    if not gc.isenabled():
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    q, k, v = (torch.stack([x @ torch.from_numpy(w) for w in ws], 1) for ws in (Wq, Wk, Wv))
    torch.zeros(1).apply_(lambda value: found.append(parts["it"](q, k, v)) or value)
    return torch.cat(list(found[0].unbind(1)), -1).numpy() @ Wo
"""


def test_layer_that_is_named_by_what_cannot_be_watched_earns_nothing(
    grading: Grade, tmp_path: Path
) -> None:
    report, check = graded(grading, tmp_path, NAMED)
    assert report.score == 0
    assert check.outcome is Outcome.FORBIDDEN
    assert "right only while nobody looks" in check.message
    assert sum(c.passed for c in report.questions[0].checks) == len(report.questions[0].checks) - 1


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
