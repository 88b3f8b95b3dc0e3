"""Torch's own layers are found in a student's source, and only where the function reaches them."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.source import (
    ATTENTION_LAYERS,
    MAX_SOURCE,
    RECURRENT_LAYERS,
    LayerCall,
    can_be_searched,
    torch_layers_used,
)
from tests.layers_in_source import OWN_RNN, attention, recurrent


@pytest.mark.parametrize(
    ("imports", "expression"),
    [
        ("import torch", "torch.nn.GRU(3, 2)"),
        ("import torch as t", "t.nn.GRU(3, 2)"),
        ("import torch.nn", "torch.nn.GRU(3, 2)"),
        ("import torch.nn as nn", "nn.GRU(3, 2)"),
        ("from torch import nn", "nn.GRU(3, 2)"),
        ("from torch import nn as layers", "layers.GRU(3, 2)"),
        ("from torch.nn import GRU", "GRU(3, 2)"),
        ("from torch.nn import GRU as G", "G(3, 2)"),
        ("from torch.nn import *", "GRU(3, 2)"),
        ("from torch.nn.modules.rnn import GRU as G", "G(3, 2)"),
        ("import torch.nn.modules.rnn as recurrent", "recurrent.GRUCell(3, 2)"),
        ("import torch.nn as nn", "getattr(nn, 'GRU')(3, 2)"),
        ("import torch", "getattr(torch.nn, 'GRU', None)(3, 2)"),
        ("import torch", "getattr(getattr(torch, 'nn'), 'GRU')(3, 2)"),
        ("import torch.nn as nn", "vars(nn)['GRU'](3, 2)"),
        ("import torch", "torch.nn.__dict__['GRU'](3, 2)"),
        ("import torch", "vars(torch)['nn'].GRU(3, 2)"),
        ("import torch._decomp.decompositions as steps", "steps.gru_impl(*arguments)"),
        ("import torch._decomp.decompositions as steps", "steps.one_layer_rnn(*arguments)"),
        ("from torch.ao.nn.quantizable import LSTM as Steps", "Steps(3, 2)"),
        ("import torch", "torch.gru(*arguments)"),
        ("import torch", "torch._VF.gru(*arguments)"),
        ("from torch import gru_cell as cell", "cell(*arguments)"),
        ("import torch.nn as nn", "[layer(3, 2) for layer in (nn.RNN, nn.LSTM)]"),
        ("import torch.nn as nn", "(lambda: nn.GRU(3, 2))()"),
        ("import pkgutil", 'pkgutil.resolve_name("torch._decomp.decompositions:gru_impl")(x)'),
        ("from pkgutil import resolve_name", 'resolve_name("torch.nn").GRU(3, 2)'),
        ("import torch; nn = torch.nn", "nn.GRU(3, 2)"),
        ("import torch.nn as nn", "[nn for nn in ()] or nn.GRU(3, 2)"),
        ("import torch.nn as nn", "(lambda nn=nn: nn.GRU(3, 2))()"),
    ],
)
def test_names_that_a_layer_goes_by(imports: str, expression: str) -> None:
    source = f"{imports}\n\ndef gru(*arguments):\n    return {expression}\n"
    found = recurrent(source)
    assert found
    assert {call.line for call in found} == {4}
    assert all(call.name.startswith("torch.") for call in found)


@pytest.mark.parametrize(
    ("imports", "expression"),
    [
        ("import torch.nn.functional as F", "F.scaled_dot_product_attention(q, k, v)"),
        ("from torch.nn import functional", "functional.multi_head_attention_forward(q)"),
        ("from torch.nn.functional import scaled_dot_product_attention as a", "a(q, k, v)"),
        ("from torch.nn.attention.flex_attention import flex_attention as a", "a(q, k, v)"),
        ("from torch.ao.nn.quantizable import MultiheadAttention as Steps", "Steps(10, 5)"),
        ("from torch._higher_order_ops.flex_attention import math_attention as a", "a(q, k, v)"),
        ("from torch._inductor.fx_passes import fuse_attention as f", "f._sfdp_pattern_2(q, k, v)"),
        ("from torch.nn import *", "MultiheadAttention(10, 5)"),
        ("import torch", "torch.nn.TransformerEncoderLayer(10, 5)"),
    ],
)
def test_names_that_attention_goes_by(imports: str, expression: str) -> None:
    assert attention(f"{imports}\ndef mha(q, k, v):\n    return {expression}\n")


def test_import_inside_of_the_function() -> None:
    source = "def gru(x):\n    from torch.nn import GRU as Layer\n    return Layer(3, 2)(x)\n"
    assert recurrent(source) == [LayerCall("torch.nn.GRU", 3)]


def test_reached_through_helper_functions() -> None:
    source = """
import torch.nn as nn

def build():
    return nn.GRU(3, 2)

def prepare():
    return build()

def gru(x):
    return prepare()(x)
"""
    assert recurrent(source) == [LayerCall("torch.nn.GRU", 5)]


def test_reached_through_a_class() -> None:
    source = """
import torch.nn as nn

class Model(nn.Module):
    def __init__(self):
        self.layer = nn.GRU(3, 2)

def gru(x):
    return Model()(x)
"""
    assert [call.line for call in recurrent(source)] == [6]


@pytest.mark.parametrize(
    "definition",
    [
        "LAYER = nn.GRU(3, 2)",
        "LAYER: nn.Module = nn.GRU(3, 2)",
        "LAYER, other = nn.GRU(3, 2), 3",
        "(LAYER := nn.GRU(3, 2))",
        "if True:\n    LAYER = nn.GRU(3, 2)",
        "for LAYER in [nn.GRU(3, 2)]:\n    pass",
    ],
)
def test_reached_through_an_object_of_the_module(definition: str) -> None:
    source = f"from torch import nn\n{definition}\ndef gru(x):\n    return LAYER(x)\n"
    assert [call.name for call in recurrent(source)] == ["torch.nn.GRU"]


def test_function_that_is_another_name_of_a_layer() -> None:
    assert recurrent("from torch import nn\ngru = nn.GRU(3, 2)\n")
    assert recurrent("from torch import nn\ndef _own(x):\n    return nn.GRU(3, 2)(x)\ngru = _own\n")


def test_functions_that_call_each_other() -> None:
    source = "def gru(x):\n    return other(x)\ndef other(x):\n    return gru(x)\n"
    assert recurrent(source) == []


def test_each_place_once_and_in_order() -> None:
    source = """
from torch import nn
def gru(x):
    a = nn.GRU(3, 2), nn.GRU(4, 2)
    return nn.RNN(3, 2)
"""
    assert recurrent(source) == [LayerCall("torch.nn.GRU", 4), LayerCall("torch.nn.RNN", 5)]


@pytest.mark.parametrize(
    "source",
    [
        "from torch import *\ndef gru(x):\n    return x if len(x) < 2 else gru(x[1:])\n",
        "from torch import *\ndef gru(x):\n    return gru_cell(x)\ndef gru_cell(x):\n    pass\n",
        "import torch\ndef gru(x):\n    return torch.tanh(torch.sigmoid(x) @ x)\n",
        "import numpy as nn\ndef gru(x):\n    return nn.GRU(x)\n",
        "from keras.layers import GRU\ndef gru(x):\n    return GRU(3)(x)\n",
        "import torch_like\ndef gru(x):\n    return torch_like.nn.GRU(3)(x)\n",
        "import torch\ndef gru(x):\n    # as torch.nn.GRU(3, 2) does it\n    return x\n",
        'import torch\ndef gru(x):\n    """Like torch.nn.GRU(3, 2)."""\n    return x\n',
        "import torch\ndef gru(x):\n    return 'torch.nn.GRU(3, 2)'\n",
        "from torch.nn import GRU\ndef gru(x):\n    return x\n",
        "from torch import nn\ndef gru(x):\n    return x\ndef test(x):\n    return nn.GRU(3, 2)\n",
        "from torch import nn\nREFERENCE = nn.GRU(3, 2)\ndef gru(x):\n    return x\n",
        "class Own:\n    GRU = 3\ndef gru(x):\n    return Own.GRU\n",
        "SIZES = {'GRU': 3}\ndef gru(x):\n    print('GRU')\n    return SIZES['GRU']\n",
        "import torch\ndef gru(x):\n    return x.options['GRU'], vars(x)['GRU']\n",
        "import torch._decomp\nimport torch.ao\ndef gru(x):\n    return x\n",
        "from torch import nn\ndef gru(x, layer: nn.GRU = None) -> nn.GRU:\n    return x\n",
        "from torch import nn\ndef gru(x):\n    layer: nn.GRU | None = None\n    return x\n",
        "from torch import nn\ndef gru(x):\n    assert not isinstance(x, (nn.GRU, nn.RNN))\n",
    ],
)
def test_not_a_layer_of_torch_that_is_used(source: str) -> None:
    assert recurrent(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "def gru(x, layer: nn.GRU = None):\n    return gru.__annotations__['layer'](3, 2)(x)\n",
        "isinstance = lambda x, layer: layer(3, 2)(x)\ndef gru(x):\n    isinstance(x, nn.GRU)\n",
        "def gru(x, isinstance):\n    return isinstance(x, nn.GRU)\n",
        "def gru(x):\n    layer: nn.Module = nn.GRU(3, 2)\n    return layer(x)\n",
        "def gru(x):\n    return isinstance(nn.GRU(3, 2)(x), tuple)\n",
    ],
)
def test_type_that_code_may_come_to(source: str) -> None:
    assert recurrent(f"from torch import nn\n{source}")


@pytest.mark.parametrize("function", ["rnn", "gru"])
def test_other_questions_layer_does_not_count(function: str) -> None:
    source = "from torch import nn\ndef gru(x):\n    return nn.GRU(3, 2)\ndef rnn(x):\n    return x"
    assert bool(recurrent(source, function)) == (function == "gru")
    assert torch_layers_used(source, function, ATTENTION_LAYERS) == []


def test_own_comparison_in_the_main_block() -> None:
    main = """
if __name__ == "__main__":
    theirs = nn.RNN(3, 2)
    print(theirs)
"""
    assert recurrent(OWN_RNN + main, "rnn") == []


def test_main_block_with_names_that_are_local_in_the_function() -> None:
    """The function's parameters and variables are not the main block's variables."""
    main = """
if __name__ == "__main__":
    x, init_state = np.ones((4, 12, 3)), np.ones((1, 4, 2))
    outputs, h = nn.RNN(3, 2)(x, init_state)
"""
    assert recurrent(OWN_RNN + main, "rnn") == []


def test_own_comparison_with_a_name_that_is_local_in_the_function() -> None:
    assert recurrent(OWN_RNN + "_, h = nn.RNN(3, 2)(None)\n", "rnn") == []


NO_PYTHON = {
    "syntax": "def gru(:\n",
    "nothing": "",
    "NUL": "\x00",
    "indentation": "def gru(x):\nreturn x",
    "parentheses": "(" * 5000,
    "deep": "-" * 200_000 + "1",
    "sum": "x = " + "+".join("1" * 50_000),
    "surrogate": "x = \ud800",
}


@pytest.mark.parametrize("source", NO_PYTHON.values(), ids=NO_PYTHON)
def test_source_that_is_no_python(source: str) -> None:
    assert recurrent(source) == []


def test_source_that_is_too_long_names_nothing() -> None:
    source = f"from torch import nn\ndef gru(x):\n    return nn.GRU(x)\n#{' ' * MAX_SOURCE}"
    assert recurrent(source) == []
    assert recurrent(source[:MAX_SOURCE])


def test_source_nested_too_deep_names_nothing() -> None:
    """A worker compiles what is nested almost so deep, and Python's ``ast`` gives up earlier."""
    source = f"from torch import nn\ndef gru(x):\n    return nn.GRU(x)\nx{'.a' * 90_000}\n"
    assert recurrent(source) == []
    assert not can_be_searched(source)
    for no_python in ("def gru(:", "\0"):
        assert can_be_searched(no_python)


@pytest.mark.timeout(30)
def test_very_many_long_chains_take_a_moment() -> None:
    chain = f"torch{'.a' * 900}\n"
    source = f"import torch\ndef gru(x):\n    return torch.nn.GRU{'.a' * 900}\n"
    source += chain * ((MAX_SOURCE - len(source)) // len(chain))
    assert [call.name for call in recurrent(source)] == ["torch.nn.GRU"]


@pytest.mark.timeout(60)
def test_very_many_other_words_take_a_moment() -> None:
    source = "import torch\n" + "".join(f"a{n} = torch.b\n" for n in range(15_000))
    assert recurrent(source) == []


@pytest.mark.parametrize("length", [100, 900, 1500, 2000, 2900])
def test_name_with_very_many_dots(length: int) -> None:
    source = f"import torch\ndef gru(x):\n    return x if True else torch{'.a' * length}\n"
    assert recurrent(source) == []


@settings(deadline=None, max_examples=200)
@given(
    source=st.lists(
        st.sampled_from(
            "torch . nn GRU = ( ) [ ] : , \n import from as def gru class getattr 'GRU' * x".split(
                " "
            )
        ),
        max_size=30,
    ).map(" ".join)
)
def test_any_source_gives_a_list(source: str) -> None:
    assert all(call.line >= 1 for call in recurrent(source))


def test_thousands_of_names_in_one_statement_take_no_more_memory_than_their_text_does() -> None:
    names = "=".join(f"a{i}" for i in range(3000))
    source = f"import torch\n\ndef rnn(x):\n    return torch.nn.RNN(x)\n\n{names} = 0\n"
    tracemalloc.start()
    try:
        found = torch_layers_used(source, "rnn", RECURRENT_LAYERS)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [call.name for call in found] == ["torch.nn.RNN"]
    assert peak < 50_000_000
