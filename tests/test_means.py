"""Means to run a layer unseen are found in a source; what much honest code does is none."""

from __future__ import annotations

import pytest

from grader.means import may_make_up_names, means_in, rare_in, text_of
from grader.source import MAX_ALL_SOURCE, MAX_SOURCE, torch_layers_used


def hides(*sources: str | bytes) -> bool:
    return means_in(tuple((f"file{n}", source) for n, source in enumerate(sources))) != ""


@pytest.mark.parametrize(
    "source",
    [
        "eval(text)",
        "builtins.eval(text)",
        "sys.modules['torch']",
        "import sys\nsys.modules.get('torch')",
        "from sys import modules",
        "from sys import *",
        "import os\nos.fork()",
        "from os import fork as f",
        "import os as system\nlist(map(getattr, [system], names))",
        "import os\ngetattr(os, name)",
        "import sys\nvars(sys)",
        "import sys\nsys.__dict__",
        "import gc\nf(gc)",
        "import gc\ngc.get_objects()",
        "import os.path\nf(os)",
        "import torch\nf(torch.sys)",
        "vars(torch)['sys']",
        "sys.setprofile(None)",
        "sys._getframe(1)",
        "import runpy\nrunpy.run_path('data.txt')",
        "import code",
        "from code import InteractiveInterpreter",
        "import importlib.util",
        "torch.ops.load_library('layer.so')",
        "torch.compile(step)",
        "import gc\ngc.set_threshold(1)",
        "mock.patch('grader.worker.watch.Watch.__exit__', step)",
        "Formatter().vformat('0.sys.modules', [torch], {})",
        "signal.setitimer(signal.ITIMER_REAL, 0.001)",
        "error.__traceback__.tb_frame",
        "step.__closure__[0].cell_contents",
        "getattr(sys, 'setprofile')(None)",
        "__builtins__['exec'](TEXT)",
        "compile(TEXT, '', 'exec')",
        "def f():\n    from re import compile as exec\nexec(TEXT)",
        "if __name__ == '__main__':\n    print()\nelse:\n    import importlib",
        "__name__ = '__main__'\nif __name__ == '__main__':\n    import importlib",
        "take = attrgetter(NAME)\nNAME = 'modules'",
    ],
)
def test_means_to_run_a_layer_unseen(source: str) -> None:
    assert hides(source)


@pytest.mark.parametrize(
    "source",
    [
        "model.eval()",
        "import os, sys\nprint(os.environ.get('DEBUG'), sys.version, os.path.join('a', 'b'))",
        "import os.path as p\np.join('a', 'b')",
        "import sys\nsys.path.append('..'); print(1, file=sys.stderr); sys.exit()",
        "import os\nos.environ['OMP_NUM_THREADS'] = '1'\nos.makedirs('out', exist_ok=True)",
        "import gc\ngc.collect()",
        "from os.path import join",
        "os = []\nos.append(1)\nnp.stack(os)",
        "for module in self.modules(): module.reset_parameters()",
        "modules = [nn.Linear(2, 3)]\nnn.Sequential(*modules)",
        "import re\nre.compile('a')",
        "from re import compile\ncompile('a')",
        "from re import compile\nfrom re import sub\ncompile('a')",
        "if __name__ == '__main__':\n    import importlib\n    importlib.reload(layers)",
        "code = 'code'\nprint(vars()[code])",
        "import pickle\npickle.load(open('vocabulary.pkl', 'rb'))",
        "import timeit\ntimeit.timeit(lambda: rnn())",
        "import cProfile",
        "def rnn(x, mode='eval'): return {'modules': mode, 'library': 'os', 'by': 'grader'}",
        "def fit(model, callbacks=()): return callbacks",
        "",
    ],
)
def test_what_much_honest_code_does_is_no_means(source: str) -> None:
    assert not hides(source)


def test_text_counts_where_another_file_looks_names_up() -> None:
    assert not hides("NAME = 'modules'", "x = 1")
    assert hides("NAME = 'modules'", "import sys\ngetattr(sys, NAME)")


def test_means_are_named() -> None:
    assert means_in((("implementation", "import os\nf(os)"),)) == "os"
    assert means_in((("implementation", "x = eval('1')"),)) == "eval"


@pytest.mark.parametrize(
    ("source", "may"),
    [
        ("getattr(torch, 's' + 'ys')", True),
        ("for name in names: getattr(np, name)", True),
        ("take = getattr\ntake(torch, 'nn')", True),
        ("vars(torch)[f'{s}ys']", True),
        ("torch.__dict__.get('s' + 'ys')", True),
        ("names = globals()\nnames['s' + 'ys']", True),
        ("from operator import attrgetter as take", True),
        ("from pkgutil import resolve_name as find", True),
        ("import pkgutil", True),
        ("import pickle", True),
        ("getattr(x, 'shape', None)", False),
        ("vars(x)['shape'], x.__dict__['shape'], globals()['x']", False),
        ("x['s' + 'ys'], x.get(name)", False),
        ("getattr(", False),
    ],
)
def test_names_that_may_be_written_nowhere(source: str, may: bool) -> None:
    assert may_make_up_names((("implementation", source),)) == may


def test_what_cannot_be_read_may_hide_layers() -> None:
    assert hides("#" + " " * MAX_SOURCE)
    assert not hides(" " * MAX_SOURCE)
    assert hides(f"x{'.a' * 90_000}\n")


def test_file_that_is_no_python_hides_nothing_unless_it_is_imported() -> None:
    assert not hides("x = 1", "print 'Python 2'", "\0")
    assert hides("x = 1", "from file0 import x\nfrom file2 import y", b"# coding: mine\n")
    assert hides("from . import file1", "print 'Python 2'")
    assert means_in((("implementation", "\0"),))


HIDDEN = b"\\u0069\\u006dport torch\ndef gru(x):\n    return torch.nn.G\\u0052U(3, 2)\n"


@pytest.mark.parametrize(
    "first",
    [b"# coding: unicode_escape\n", b"\n# vim: set fileencoding=unicode_escape :\n"],
)
def test_file_is_read_in_its_own_coding(first: bytes) -> None:
    source = text_of(first + HIDDEN)
    assert torch_layers_used(source, "gru", frozenset({"GRU"}))
    assert hides(text_of(first + b"os.\\u0066ork()"))


def test_line_that_only_old_macintoshes_end_so() -> None:
    assert hides(text_of(b"#\r# coding: unicode_escape\nos.\\u0066ork()\n"))


def test_mark_of_utf_8_hides_nothing() -> None:
    assert hides(text_of(b"\xef\xbb\xbfos.fork()"))
    assert text_of("größe".encode("latin-1")) == "gr��e"


def test_too_many_sources_may_hide_layers() -> None:
    sources = (" " * MAX_SOURCE,) * (MAX_ALL_SOURCE // MAX_SOURCE)
    assert not hides(*sources)
    assert hides(*sources, " ")


def test_sources_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    monkeypatch.setattr("grader.means.tree_of", read.append)
    for _ in range(3):
        hides("once", "and twice")
    assert len(read) == 2


def test_script_counts_where_another_file_may_run_it() -> None:
    script = "if __name__ == '__main__':\n    import importlib"
    assert not hides(script, "x = 1")
    assert hides(script, "from runpy import run_path")
    assert hides(script, "vars(module)['x'] = 1")


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import grader.worker.watch", "grader"),
        ("from grader import worker", "grader"),
        ("attend = torch.jit.script(step)", "jit"),
        ("from torch import fx", "fx"),
        ("sys.\uff53etprofile(None)", "setprofile"),
        ("# coding: latin-1\nsys.setprofile(None)", "setprofile"),
        ("fx = x @ wt_x\nself.fx = fx", ""),
        ("from numba import jit\nrnn = jit(rnn)", ""),
        ("if __name__ == '__main__':\n    torch.jit.script(rnn)", ""),
        ("print('grader')", ""),
        ("import threading, inspect", ""),
        ("exec(", ""),
    ],
)
def test_names_that_homework_has_seldom_a_use_for(source: str, found: str) -> None:
    assert rare_in((("implementation", text_of(source.encode())),)) == found
