"""Models that an older torch pickled run, and compute what they did."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from grader.worker.older_torch import RENAMED, complete, older_recurrent_layers, torch_class


def pickled(module: nn.Module, *names: str) -> Any:
    """The module after a round through pickle, as if these attributes had not existed yet."""
    for each in module.modules():
        for name in names:
            vars(each).pop(name, None)
    return pickle.loads(pickle.dumps(module)).eval()


def attend(module: Any, x: torch.Tensor) -> Any:
    return module(x, x, x)


def encoder() -> nn.Module:
    layer = nn.TransformerEncoderLayer(4, 2, 3, activation="gelu", batch_first=True)
    return nn.TransformerEncoder(layer, 1)


class SubGRU(nn.GRU):
    """A student's own class."""


CASES: dict[str, tuple[Callable[[], nn.Module], str, Callable[[Any, torch.Tensor], Any]]] = {
    "attention": (lambda: nn.MultiheadAttention(4, 2), "batch_first", attend),
    "gelu": (nn.GELU, "approximate", lambda m, x: m(x)),
    "embedding": (
        lambda: nn.Embedding(5, 4),
        "scale_grad_by_freq",
        lambda m, x: m(torch.tensor([1, 2])),
    ),
    "layer_norm_first": (encoder, "norm_first", lambda m, x: m(x)),
    "layer_activation": (encoder, "activation_relu_or_gelu", lambda m, x: m(x)),
    "decoder": (
        lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 3), 1),
        "norm_first",
        lambda m, x: m(x, x),
    ),
    "transformer": (
        lambda: nn.Transformer(4, 2, 1, 1, 3),
        "batch_first",
        lambda m, x: m(x, x),
    ),
    "recurrent": (lambda: nn.GRU(4, 3), "batch_first", lambda m, x: m(x)),
    "derived": (lambda: SubGRU(4, 3), "batch_first", lambda m, x: m(x)),
    "dropout": (lambda: nn.Dropout(0.5), "inplace", lambda m, x: m(x)),
}


@pytest.mark.parametrize("case", CASES)
def test_attribute_that_came_later(case: str) -> None:
    make, name, run = CASES[case]
    torch.manual_seed(1)
    x = torch.randn(2, 3, 4)
    module = make().eval()
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    expected = run(module, x)
    older = pickled(module, name)
    with pytest.raises(AttributeError, match=name):
        run(older, x)
    added = complete(older)
    assert {attribute.split(".")[1] for attribute in added} == {name}
    with torch.no_grad():
        torch.testing.assert_close(run(older, x), expected)


def test_encoder_of_before_nested_tensors() -> None:
    """This torch copes with their absence; their values must not switch on what was not there."""
    module = encoder().eval()
    x = torch.randn(2, 3, 4)
    expected = module(x)
    older = pickled(module, "enable_nested_tensor", "use_nested_tensor")
    names = ["TransformerEncoder.enable_nested_tensor", "TransformerEncoder.use_nested_tensor"]
    assert complete(older) == names
    assert older.use_nested_tensor is False
    torch.testing.assert_close(older(x), expected)


def test_hooks_that_came_later() -> None:
    module = nn.Linear(2, 2)
    older = pickled(module)
    vars(older).pop("_backward_pre_hooks")  # torch itself puts it back when it unpickles
    with pytest.raises(AttributeError, match="_backward_pre_hooks"):
        older(torch.zeros(1, 2))
    other = pickled(module)
    vars(other).pop("_backward_pre_hooks")
    assert complete(nn.Sequential(older, other)) == ["Linear._backward_pre_hooks"]
    assert vars(older)["_backward_pre_hooks"] is not vars(other)["_backward_pre_hooks"]
    torch.testing.assert_close(older(torch.ones(1, 2)), module(torch.ones(1, 2)))


EVERY = (
    *(nn.RNN(2, 2), nn.LSTM(2, 2), nn.GRU(2, 2), nn.GRUCell(2, 2), nn.Linear(2, 2)),
    *(nn.Embedding(2, 2), nn.LayerNorm(2), nn.BatchNorm1d(2), nn.GroupNorm(1, 2), nn.Dropout()),
    *(nn.MultiheadAttention(2, 1), nn.Sequential(), nn.ModuleList(), nn.ParameterList()),
    *(nn.Transformer(2, 1, 1, 1, 2), nn.Softmax(dim=1), nn.ReLU(), nn.Conv1d(1, 1, 1)),
    *(nn.Identity(), nn.Module(), nn.Bilinear(2, 2, 2), nn.Flatten(), nn.PReLU()),
)


@pytest.mark.parametrize("module", EVERY, ids=lambda module: type(module).__name__)
def test_nothing_is_missing_in_this_torch(module: nn.Module) -> None:
    """A fresh module of each class can be built, which the attributes are taken from."""
    before = torch.get_rng_state()
    assert complete(module) == []
    vars(module).pop("training")
    assert complete(module) == [f"{torch_class(type(module)).__name__}.training"]
    assert module.training is True
    assert torch.equal(torch.get_rng_state(), before)


def test_no_compiler_is_imported() -> None:
    """It would take most of a second, in each of a model's two to ten workers."""
    code = """
import sys
from torch import nn
from grader.worker.older_torch import complete
complete(nn.ModuleList([nn.Embedding(2, 2), nn.RNN(2, 2), nn.Transformer(2, 1, 1, 1, 2)]))
print("torch._dynamo" in sys.modules)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


def test_recurrent_layer_of_torch_1_3() -> None:
    module = nn.GRU(4, 3)
    for name in ("_flat_weights", "_flat_weights_names", "_flat_weight_refs", "proj_size"):
        vars(module).pop(name, None)
    raw = io.BytesIO()
    state = vars(module).copy()
    pickle.dump(state, raw)
    older = nn.GRU.__new__(nn.GRU)
    with pytest.raises(AttributeError, match="_flat_weights"):
        older.__setstate__(pickle.loads(raw.getvalue()))
    original = nn.RNNBase.__setstate__
    with older_recurrent_layers():
        older.__setstate__(pickle.loads(raw.getvalue()))
    assert nn.RNNBase.__setstate__ is original
    complete(older)
    fresh = nn.GRU(4, 3)
    fresh.load_state_dict(older.state_dict())
    x = torch.randn(2, 1, 4)
    torch.testing.assert_close(older(x), fresh(x))
    assert len(older.all_weights[0]) == 4


def test_class_that_was_renamed() -> None:
    linear = RENAMED["torch.nn.modules.linear", "_LinearWithBias"](2, 2)
    assert isinstance(linear, nn.Linear)
