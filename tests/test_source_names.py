"""Which names of a source are torch's, which are its own, and what runs in a script alone."""

from __future__ import annotations

import pytest

from grader.source import (
    RECURRENT_LAYERS,
    torch_layers_used,
)
from tests.layers_in_source import attention, recurrent


def test_deep_line_that_is_not_reached_hides_nothing() -> None:
    deep = "a" + ".a" * 1500
    source = f"from torch import nn\n\ndef rnn(x):\n    return nn.RNN(x)\n\nz = {deep}\n"
    assert torch_layers_used(source, "rnn", RECURRENT_LAYERS)


def test_later_import_of_the_same_name_hides_nothing() -> None:
    source = """
def rnn(x):
    from torch.nn import RNN as R
    return R(x)

from collections import deque as R
"""
    assert torch_layers_used(source, "rnn", RECURRENT_LAYERS)


def test_local_variable_is_not_what_another_function_imports_by_its_name() -> None:
    source = """
import torch

def check(q):
    from torch.nn.functional import scaled_dot_product_attention as attention
    return attention(q, q, q)

def mha(x):
    attention = softmax(x)
    return [attention @ x for _ in x]
"""
    assert attention(source) == []
    shared = source.replace("check(q):", "check(q):\n    global attention")
    assert attention(shared.replace("attention = softmax(x)", "softmax(x)"))


@pytest.mark.parametrize(
    "source",
    [
        "from torch.nn import *\ngru_cell = Cell()\ndef gru(x): return gru_cell(x)",
        "from torch.nn import *\ngru = Cell().forward",
        "import torch\nact = np.tanh\ndef gru(x): return act(x)\n"
        "def test():\n    act = torch.nn.GRU\n    act(2, 3)",
        "import torch\nfrom cells import gru_cell\nfrom torch import *\n"
        "def gru(x): return gru_cell(x)",
        "import torch\nRESULTS = []\ndef gru(x):\n    RESULTS.append(x)\n    return x\n"
        "RESULTS.append(torch.nn.GRU(3, 2))",
        "import torch\ndef gru(x):\n    return np.stack([h := step(h) for _ in x])\n"
        "outputs, h = torch.nn.GRU(3, 2)(x)",
        "import torch\nact = lambda h: 1 / (1 + np.exp(-h))\ndef gru(x): return act(x)\n"
        "outputs, h = torch.nn.GRU(3, 2)(x)",
        "import torch\nclass Gate:\n    def step(self, x):\n        h = x @ self.w\n"
        "        return h\ndef gru(x): return Gate().step(x)\nh = torch.nn.GRU(3, 2)(x)",
        "import torch\ndef gru(x):\n    from scipy.special import expit as act\n"
        "    return act(x)\nact = torch.nn.GRU(3, 2)",
        "import torch\ndef gru(x):\n    class act: pass\n    return act(x)\n"
        "act = torch.nn.GRU(3, 2)",
        "import torch\ndef gru(x):\n    try: pass\n    except E as h: return h\n"
        "h = torch.nn.GRU(3, 2)",
        "import torch\ndef gru(x):\n    match x:\n        case h: return h\nh = torch.nn.GRU(3, 2)",
        "from torch.nn import *\nif True:\n    class GRU: pass\ndef gru(x): return GRU(x)",
        "from torch import nn\ndef gru(x, nn): return nn.GRU(x)",
        "import torch\ndef gru(x): return [h for h in x]\nh = torch.nn.GRU(3, 2)",
        "import torch\nclass Result(NamedTuple):\n    h: int = 0\ndef gru(x): return Result(x)\n"
        "h = torch.nn.GRU(3, 2)",
        "import torch\nasync def step() -> torch.nn.GRU: pass\ndef gru(x): return step()",
    ],
)
def test_own_name_is_not_torchs(source: str) -> None:
    assert recurrent(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "from torch import nn\n(x := nn)\ndef gru(y): return x.GRU(y)",
        "from torch import nn\nx = z = nn\ndef gru(y): return x.GRU(y)",
        "from torch import nn\nx: object = nn\ndef gru(y): return x.GRU(y)",
        "from torch import nn\nx = nn\nx = nn\ndef gru(y): return x.GRU(y)",
        "from torch import nn\nz = [nn for nn in ()]\ndef gru(y): return nn.GRU(y)",
        "from torch import nn\nif 0: nn = None\ndef gru(y): return nn.GRU(y)",
        "from torch import nn\ndef of(y): return nn.GRU(y)\ndef gru(y):\n"
        "    f = lambda of: of\n    return of(y)",
        "from torch import nn\ndef of(y): return nn.GRU(y)\ndef gru(y, of=of): return of(y)",
        "from torch import nn\ndef of(y): return nn.GRU(y)\n"
        "def gru(y, f=lambda of: of): return of(y)",
        "from torch import nn\nh = nn.GRU(3, 2)\ndef gru(y):\n    h = y\n    def f():\n"
        "        global h\n        return h(y)\n    return f()",
        "from torch import nn\nif False:\n    class nn: pass\ndef gru(y): return nn.GRU(y)",
        "def nn(): pass\nfrom torch import nn\ndef gru(y): return nn.GRU(y)",
        "from torch import nn\ndef of(y): return nn.GRU(y)\ndef gru(y): return [of for y in of(y)]",
    ],
)
def test_other_words_for_torchs_are_seen_through(source: str) -> None:
    assert "torch.nn.GRU" in [call.name for call in recurrent(source)]


SCRIPT = """
import torch

def mha(x):
    return head(x)

def head(x):
    return x

if __name__ == "__main__":
    for head in range(2):
        torch.nn.MultiheadAttention(4, 2)
"""


def test_what_runs_in_a_script_alone_is_not_the_functions() -> None:
    assert attention(SCRIPT) == []
    assert attention(SCRIPT.replace('__name__ == "__main__"', '"__main__" == __name__')) == []


@pytest.mark.parametrize(
    "change",
    [
        '__name__ = "__main__"',
        'globals()["__name__"] = "__main__"',
        "globals().update(__name__=name)",
        "from __main__ import __name__",
        "import name as __name__",
        'match "__main__":\n    case __name__:\n        pass',
        "def __name__(): pass",
        "import runpy",
    ],
)
def test_it_counts_where_the_name_may_be_another(change: str) -> None:
    assert attention(f"{change}\n{SCRIPT}") == ["torch.nn.MultiheadAttention"]


@pytest.mark.parametrize(
    ("test", "names"),
    [
        ("type(x) in (nn.MultiheadAttention, nn.Transformer)", 0),
        ("type(x) is nn.MultiheadAttention", 0),
        ("isinstance(x, nn.MultiheadAttention | nn.Transformer)", 0),
        ("type(x) is type(nn.MultiheadAttention(4, 2))", 1),
        ("isinstance(x, made := nn.MultiheadAttention)", 1),
        ("x in (nn.MultiheadAttention, nn.Transformer)", 2),
    ],
)
def test_type_that_is_only_asked_for_is_no_layer(test: str, names: int) -> None:
    source = f"import torch.nn as nn\ndef mha(x):\n    assert {test}\n    return x\n"
    assert len(attention(source)) == names


@pytest.mark.parametrize(
    "look", ["print(__name__)", "print(mha.__name__)", "def f(): __name__", "'of __main__'"]
)
def test_script_is_one_where_the_name_is_looked_at(look: str) -> None:
    assert attention(f"{SCRIPT}\n{look}") == []


@pytest.mark.parametrize(
    "fills",
    [
        "made['it'] = nn.GRU(3, 2)",
        "made.update(it=nn.GRU(3, 2))",
        "made.setdefault('it', nn.GRU(3, 2))",
        "made.part.it = nn.GRU(3, 2)",
        "def prepare():\n    made['it'] = nn.GRU(3, 2)\nprepare()",
        "for size in (2, 3):\n    made[size] = nn.GRU(3, size)",
    ],
)
def test_what_is_put_into_a_thing_is_a_part_of_it(fills: str) -> None:
    source = f"import torch.nn as nn\nmade = {{}}\n{fills}\ndef gru(x):\n    return made['it'](x)\n"
    assert [call.name for call in recurrent(source)] == ["torch.nn.GRU"]


@pytest.mark.parametrize(
    "other",
    [
        "def check():\n    made = {}\n    made['it'] = nn.GRU(3, 2)",
        "import numpy as np\nnp.update(nn.GRU(3, 2), [])",
        "try:\n    import numpy as np\nexcept ImportError:\n    pass\nnp.update(nn.GRU(3, 2))",
        "others = {}\nothers['it'] = nn.GRU(3, 2)",
        "def compare(x):\n    made['torch'] = nn.GRU(3, 2)(x)",
    ],
)
def test_what_another_thing_gets_is_no_part_of_it(other: str) -> None:
    source = (
        f"import torch.nn as nn\nmade = {{}}\n{other}\n"
        "def gru(x):\n    return np.tanh(made['it'](x))\n"
    )
    assert recurrent(source) == []


def test_who_only_puts_something_in_has_nothing_of_what_others_put_there() -> None:
    source = (
        "import torch.nn as nn\nmade = {}\nmade['torch'] = nn.GRU(3, 2)\n"
        "def gru(x):\n    made['mine'] = x\n    return x\n"
    )
    assert recurrent(source) == []
