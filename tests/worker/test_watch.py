"""The watch sees layers below every mode, and does no harm where torch's profiler is missing."""

from __future__ import annotations

import importlib
import io
import sys
import threading
from types import FunctionType
from typing import Any

import pytest
import torch

from grader.source import BROKEN, OPERATORS, RECORDED, SWITCHED_OFF
from grader.worker.compiled import ARRIVES_BY, Arrivals
from grader.worker.layers_used import LayersUsed
from grader.worker.profiler import Profiler
from grader.worker.watch import Watch, layer_of

GRU = torch.nn.GRU(3, 2)
STEPS = "torch._decomp.decompositions"
X, H = torch.ones(4, 3), torch.ones(4, 2)
W_X, W_H = torch.ones(2, 3), torch.ones(2, 2)
OF_A_GRU = (X, H, torch.ones(6, 3), None, torch.ones(6, 2), None)
OF_AN_RNN = (X, H, W_X, None, W_H, None)
QUERY = torch.ones(1, 2, 3, 4)
ARRAY = torch.ones(4, 1, 3)


def test_layer_is_seen_in_any_thread() -> None:
    with Watch(Profiler()) as watch:
        thread = threading.Thread(target=GRU, args=(ARRAY,))
        thread.start()
        thread.join()
    assert watch.names == {"gru"}


WRITTEN_IN_PYTHON: tuple[tuple[str, str, tuple[Any, ...], str], ...] = (
    (STEPS, "gru_cell_data", OF_A_GRU, "gru_cell"),
    (STEPS, "rnn_cell(torch.tanh)", (H, H, None, None, W_H, None), "rnn_tanh_cell"),
    (STEPS, "rnn_cell_data(torch.tanh)", OF_AN_RNN, "rnn_tanh_cell"),
    (
        STEPS,
        "one_layer_rnn_data",
        (X, H, (W_X, W_H), False, lambda _, h, *__: h, (4,)),
        "rnn_tanh",
    ),
    (
        "torch._higher_order_ops.flex_attention",
        "math_attention",
        (QUERY, QUERY, QUERY, lambda s, *_: s, ((lambda *_: torch.tensor(True)),), 1.0, {}),
        "scaled_dot_product_attention",
    ),
    ("torch.ao.nn.quantizable", "LSTMCell(3, 2)", (X, (H, H)), "lstm_cell"),
    (
        "torch._inductor.fx_passes.fuse_attention",
        "_sfdp_pattern_1",
        (QUERY, QUERY, QUERY, 2.0),
        "scaled_dot_product_attention",
    ),
)


@pytest.mark.parametrize(
    ("module", "name", "arguments", "layer"),
    WRITTEN_IN_PYTHON,
    ids=[name for _, name, *_ in WRITTEN_IN_PYTHON],
)
def test_layer_that_torch_has_in_python_is_seen(
    module: str, name: str, arguments: tuple[Any, ...], layer: str
) -> None:
    function = eval(name, vars(importlib.import_module(module)))
    with Watch(Profiler()) as watch:
        function(*arguments)
    assert layer in watch.names


@pytest.mark.parametrize("filename", ["implementation.py", torch.__file__])
def test_copy_of_such_a_function_is_seen(filename: str) -> None:
    steps = importlib.import_module(STEPS)
    code = steps.gru_cell.__code__.replace(co_filename=filename, co_name="own", co_qualname="own")
    cell = FunctionType(code, vars(steps))
    with Watch(Profiler()) as watch:
        cell(torch.ones(4, 6), H[None], None, None, torch.ones(6, 2), None)
    assert watch.names == {"gru_cell"}


ATTENTION: Any = torch.nn.functional.multi_head_attention_forward
ITS_ARGUMENTS = (*3 * [torch.ones(4, 1, 2)], 2, 1, torch.ones(6, 2), *3 * [None], False, 0.0)
PROJECTION = (torch.ones(2, 2), None)


def of_itself(query: torch.Tensor) -> torch.Tensor:
    attended: torch.Tensor = ATTENTION(query, query, query, *ITS_ARGUMENTS[3:], *PROJECTION)[0]
    return attended


def softened(query: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.softmax(query @ query.mT, -1) @ query


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_layer_that_torchscript_has_compiled_is_seen() -> None:
    scripted = torch.jit.script(ATTENTION)
    traced = torch.jit.trace(of_itself, ITS_ARGUMENTS[0])
    with Watch(Profiler()) as watch:
        scripted(*ITS_ARGUMENTS, *PROJECTION)
    assert watch.names == {"multi_head_attention_forward"}
    with Watch(Profiler()) as watch:
        traced(ITS_ARGUMENTS[0])
    assert watch.names == {"multi_head_attention_forward"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_own_work_may_be_compiled_but_not_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    arrivals = Arrivals()
    for name in ARRIVES_BY:
        monkeypatch.setattr(torch._C, name, getattr(torch._C, name))
    arrivals.install()
    scripted: Any = torch.jit.script(softened)
    with Watch(Profiler(), arrivals=arrivals) as watch:
        scripted(ARRAY)
    assert watch.names == set()
    loaded = torch.jit.load(io.BytesIO(scripted.save_to_buffer()))
    with Watch(Profiler(), arrivals=arrivals) as watch:
        softened(ARRAY)
    assert watch.names == set()
    with Watch(Profiler(), arrivals=arrivals) as watch:
        loaded(ARRAY)
    assert watch.names == {RECORDED}


def test_operators_that_are_called_by_themselves_are_noticed() -> None:
    with Watch(Profiler()) as watch:
        torch.ops.aten.tanh(X)
    assert watch.names == {OPERATORS}
    with Watch(Profiler()) as watch:
        list(map(torch.ops.aten.mm.default, [X], [X.T]))
    assert watch.names == {OPERATORS}


def test_arithmetic_is_no_layer() -> None:
    with Watch(Profiler()) as watch:
        torch.tanh(ARRAY @ ARRAY.mT).softmax(-1)
    assert watch.names == set()


def test_nothing_of_a_pause_is_seen() -> None:
    with Watch(Profiler()) as watch:
        watch.unseen(torch.gru_cell, X, H, torch.ones(6, 3), torch.ones(6, 2))
    assert watch.names == set()


def test_pause_ends_where_python_is_called() -> None:
    with Watch(Profiler()) as watch:
        watch.unseen((GRU(array) for array in [ARRAY]).__next__)
    assert watch.names == {"gru"}


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with Watch(Profiler()):
        GRU(ARRAY)
        print("own words", file=sys.stderr)
    assert capfd.readouterr() == ("", "own words\n")


def test_end_of_the_watch_is_noticed() -> None:
    with Watch(Profiler()) as watch:
        sys.setprofile(None)
    assert watch.names == {SWITCHED_OFF}


@pytest.mark.parametrize("missing", ["_settings", "_enable"])
def test_where_there_is_no_profiler_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    def none(*_: object) -> None:
        raise RuntimeError("no profiler here")

    monkeypatch.setattr(f"grader.worker.profiler.{missing}", none)
    profiler = Profiler()
    assert not profiler.works
    with Watch(profiler) as watch:
        GRU(ARRAY)
    assert watch.names == set()


def test_older_torch_watches_its_own_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    config = torch._C._profiler._ExperimentalConfig

    def older() -> object:
        return config()

    monkeypatch.setattr(torch._C._profiler, "_ExperimentalConfig", older)
    with Watch(Profiler()) as watch:
        GRU(ARRAY)
    assert watch.names == {"gru"}


def test_profiler_that_ends_meanwhile_is_noticed() -> None:
    with Watch(Profiler()) as watch:
        torch._C._autograd._disable_profiler()
        GRU(ARRAY)
    assert watch.names == {BROKEN}


def test_profiler_that_no_longer_starts_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    profiler = Profiler()
    monkeypatch.setattr("grader.worker.profiler._enable", lambda *_: None)
    with Watch(profiler) as watch:
        GRU(ARRAY)
    assert watch.names == {BROKEN}


def test_mode_that_sees_nothing_is_noticed() -> None:
    with torch._C.DisableTorchFunction(), Watch(Profiler()) as watch, LayersUsed(watch=watch):
        pass
    assert watch.names == {BROKEN}
    with Watch(Profiler()) as watch, LayersUsed(watch=watch):
        pass
    assert watch.names == set()


def test_what_others_put_into_torchs_places_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    profiler = Profiler()
    mode = torch.overrides.TorchFunctionMode
    monkeypatch.setattr(mode, "__enter__", lambda own: own)
    monkeypatch.setattr(mode, "__exit__", lambda *_: None)
    monkeypatch.setattr(torch.autograd.profiler, "profile", None)
    monkeypatch.setattr(torch._C._autograd, "_enable_profiler", lambda *_: None)
    monkeypatch.setattr(sys, "setprofile", lambda _: None)
    with Watch(profiler) as watch, LayersUsed(watch=watch) as layers:
        GRU(ARRAY)
    assert (layers.names, watch.names) == (["gru"], set())


@pytest.mark.parametrize(
    ("operator", "layer"),
    [
        ("aten::gru", "gru"),
        ("aten.gru.input", "gru"),
        ("quantized::quantized_gru_cell_dynamic", "gru_cell"),
        ("quantized.quantized_rnn_tanh_cell_dynamic.default", "rnn_tanh_cell"),
        ("aten::quantized_lstm", "lstm"),
        ("aten::_flash_attention_forward", "scaled_dot_product_attention"),
        ("aten::_thnn_differentiable_gru_cell_backward", "gru_cell"),
        ("aten::_thnn_differentiable_lstm_cell_backward", "lstm_cell"),
        ("aten::lstm_mps_backward", "lstm"),
        ("aten::_triton_multi_head_attention", "scaled_dot_product_attention"),
        ("aten::tanh", ""),
        ("gru_cell", ""),
        ("mine::gru_cell", ""),
        ("quantized::linear_dynamic", ""),
    ],
)
def test_operators_of_layers_by_name(operator: str, layer: str) -> None:
    assert layer_of(operator) == layer
