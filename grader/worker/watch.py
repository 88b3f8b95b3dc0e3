"""Sees torch's own layers run where no ``TorchFunctionMode`` does.

Such a mode is off while torch calls back into Python, as from ``apply_`` or a hook, and it sees no
other thread and nothing of TorchScript. Torch's profiler sits below all of them. What torch has
written in Python, such as ``flex_attention``, is seen by its frames, copies of it included, and in
TorchScript by the lines that it was compiled from.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import torch
from torch._ops import OpOverload, OpOverloadPacket
from torch.overrides import has_torch_function

from grader.source import BROKEN, OPERATORS, RECORDED, SWITCHED_OFF
from grader.worker import profiler
from grader.worker.compiled import Arrivals, codes_of, lines_of
from grader.worker.hooks import Hooks
from grader.worker.profiler import Profiler

LAYER_FUNCTIONS = frozenset(
    "rnn_tanh rnn_relu gru lstm rnn_tanh_cell rnn_relu_cell gru_cell lstm_cell "
    "scaled_dot_product_attention multi_head_attention_forward _native_multi_head_attention "
    "_transformer_encoder_layer_fwd".split()
)
"""The functions that the modules of ``torch.nn`` end in, whatever name they were imported by."""
KERNELS = {
    "_scaled_dot_product": "scaled_dot_product_attention",
    "_triton_scaled_dot": "scaled_dot_product_attention",
    "_flash_attention": "scaled_dot_product_attention",
    "_efficient_attention": "scaled_dot_product_attention",
    "_cudnn_attention": "scaled_dot_product_attention",
    "_triton_multi_head_attention": "scaled_dot_product_attention",
    "_thnn_fused_gru_cell": "gru_cell",
    "_thnn_differentiable_gru_cell": "gru_cell",
    "_thnn_fused_lstm_cell": "lstm_cell",
    "_thnn_differentiable_lstm_cell": "lstm_cell",
    "_lstm_mps": "lstm",
    "lstm_mps": "lstm",
    "_cudnn_rnn": "gru",
    "mkldnn_rnn_layer": "lstm",
    "miopen_rnn": "gru",
}
"""How the names of what those functions end in begin, and whose they are: called alone, by
``torch.ops``, they are the layer as well."""
NAMESPACES = frozenset(["aten", "quantized", "mkldnn"])
"""Under which torch has its layers. What is a student's own has another, or none, as has what he
calls so himself: a function in TorchScript or of autograd, an operator of his, or a label."""
WRITTEN_IN_PYTHON = {
    "multi_head_attention_forward": "multi_head_attention_forward",
    "flex_attention": "scaled_dot_product_attention",
    "math_attention": "scaled_dot_product_attention",
    "attention_23": "scaled_dot_product_attention",
    "_math_attention_inner": "scaled_dot_product_attention",
    "scaled_dot_product_flash_attention_for_cpu": "scaled_dot_product_attention",
    "MultiheadAttention._forward_impl": "scaled_dot_product_attention",
    "one_layer_rnn": "rnn_tanh",
    "one_layer_rnn_data": "rnn_tanh",
    "rnn_cell.<locals>.inner": "rnn_tanh_cell",
    "rnn_cell_data.<locals>.inner": "rnn_tanh_cell",
    "one_layer_lstm": "lstm",
    "one_layer_lstm_data": "lstm",
    "mkldnn_one_layer_lstm": "lstm",
    "gru_impl": "gru",
    "gru_impl_data": "gru",
    "gru_cell": "gru_cell",
    "gru_cell_data": "gru_cell",
    "lstm_cell": "lstm_cell",
    "LSTMCell.forward": "lstm_cell",
}
"""Functions in torch's own files by which it computes a layer from other operators."""
_FILES = (
    "nn/functional.py",
    "_decomp/decompositions.py",
    "_higher_order_ops/flex_attention.py",
    "_inductor/fx_passes/fuse_attention.py",
    "ao/nn/quantizable/modules/activation.py",
    "ao/nn/quantizable/modules/rnn.py",
    "onnx/ops/_impl.py",
)
"""Those files."""
_LEAST_CODE = 288
"""Bytes of compiled code: what is shorter, a line or two, students may write the same way. Python
3.13 makes a fifth less of the same lines than 3.11."""
_PATTERN = "_sfdp_pattern_"
"""So begin the functions that torch's compiler knows attention by: each of them computes it."""
_TORCH = str(Path(torch.__file__).parent)
_NO_STUDENTS = (str(Path(torch.__file__).parent.parent), str(Path(__file__).parent))
"""So begin the names of the files of libraries, and of this program's own."""
_BY_OPERATOR = frozenset({id(kind.__call__.__code__) for kind in (OpOverload, OpOverloadPacket)})
"""Their code by identity: to compare code asks its names, which may be of a student's class."""
_RECORDING = ("<eval_with_key>", f"{_TORCH}/fx/interpreter.py", f"{_TORCH}/fx/graph_module.py")
"""So begin the names of the files of code that torch.fx has written from what it saw run, and of
what goes through that step by step."""
_FUNCTIONAL = vars(torch.nn.functional)
_ASKS_FOR_A_MODE = "multi_head_attention_forward"
_STEPS = torch.nn.functional.multi_head_attention_forward.__code__.replace(co_name="attention")
_DEFAULTS = torch.nn.functional.multi_head_attention_forward.__defaults__
# Student code may give these names other values.
_record = getattr(torch._C._autograd, "_enable_record_function", lambda _: None)
_watch_this_thread, _trace_this_thread = sys.setprofile, sys.settrace
_watched_by, _traced_by, _this_thread = sys.getprofile, sys.gettrace, threading.get_ident
_text = str.__str__
_SWITCHES: dict[object, str] = {
    _watch_this_thread: SWITCHED_OFF,
    _trace_this_thread: SWITCHED_OFF,
    **dict.fromkeys(profiler.switches(), BROKEN),
}
"""What student code could end this watch by, and what is then noted."""


def layer_of(operator: str) -> str:
    """Which of torch's layers an operator, such as ``aten::gru.input``, belongs to, or ''."""
    namespace, _, name = operator.replace("::", ".").partition(".")
    if namespace not in NAMESPACES:
        return ""
    # A layer of rounded weights is one of torch's, too.
    name = name.split(".")[0].removeprefix("quantized_").removesuffix("_dynamic")
    if name in LAYER_FUNCTIONS:
        return name
    return next((whose for start, whose in KERNELS.items() if name.startswith(start)), "")


def _layer_named(code: CodeType) -> str | None:
    """The layer that torch computes by a function of its own, by the function's name."""
    name = _text(code.co_name)
    if name.startswith(_PATTERN):
        return "scaled_dot_product_attention"
    return WRITTEN_IN_PYTHON.get(name) or WRITTEN_IN_PYTHON.get(_text(code.co_qualname))


def _code_of_layers() -> dict[tuple[str, ...], dict[bytes, str]]:
    """What those functions do, by the names in them: a copy may have another name and file.

    It is read from what Python keeps compiled of each file, and nothing of it is run or imported.
    """
    known: dict[tuple[str, ...], dict[bytes, str]] = {}
    for file in _FILES:  # Another torch may have others.
        for code in codes_of(f"{_TORCH}/{file}"):
            layer = _layer_named(code)
            if layer and len(code.co_code) >= _LEAST_CODE:
                known.setdefault(code.co_names, {})[code.co_code] = layer
    return known


_CODE = _code_of_layers()


def _layers_compiled(functions: set[str]) -> Iterator[str]:
    """The layers from whose lines TorchScript has compiled a function of one of these names."""
    for file, lines in lines_of(functions).items():
        for code in codes_of(file) if file.startswith(_TORCH) else ():
            layer = _layer_named(code)
            if layer and any(line in lines for _, _, line in code.co_lines()):
                yield layer


def keep_the_switch() -> None:
    """Leave code that is imported from now on no name by which a thread goes unseen."""
    for module in (torch._C._autograd, torch.autograd):
        vars(module).pop("_enable_record_function", None)


class Watch:
    """While active, records by name the layers that run in any thread, but for those in a pause.

    Where torch's profiler did not work before there was any student code, only frames are seen.
    """

    def __init__(
        self, profiler: Profiler, hooks: Hooks | None = None, arrivals: Arrivals | None = None
    ) -> None:
        self.names: set[str] = set()
        self._hooks = hooks or Hooks()
        self._arrivals = arrivals or Arrivals()
        self._tracing: Any = None
        self._paused: set[int] = set()
        self._awaited: set[int] = set()
        self._profiler = profiler
        self._ends = False

    def __enter__(self) -> Watch:
        if self._profiler.works:
            self._profiler.begin()
        # Nothing is seen of what runs in a function that traces.
        self._tracing = _traced_by()
        _trace_this_thread(None)
        self._hooks.begin(self._called)
        _watch_this_thread(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        self._ends = True
        if _watched_by() != self._called:
            self.names.add(SWITCHED_OFF)
        _watch_this_thread(None)
        self._hooks.end()
        _trace_this_thread(self._tracing)
        if not self._profiler.works:
            return
        seen = self._profiler.end()
        if seen is None:
            self.names.add(BROKEN)
            return
        self.names |= {layer for name in seen.operators if (layer := layer_of(name))}
        if seen.compiled:
            self.names.update(_layers_compiled(seen.compiled))
            self.names |= {RECORDED} if self._arrivals.any else set()

    def unseen(self, kernel: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a C function and see nothing of it, until it calls back into Python, if it does."""
        self._paused.add(_this_thread())
        _record(False)
        try:
            return kernel(*args, **kwargs)
        finally:
            self._resume()

    def _resume(self) -> None:
        _record(True)
        self._paused.discard(_this_thread())

    def attention(self, *args: Any, **kwargs: Any) -> Any:
        """Do for a mode what torch's attention does, and see what it calls alone.

        That may be anything: a student's code can give other values to the names in it.
        """
        names = {**_FUNCTIONAL, "has_torch_function": lambda _: False}
        steps = FunctionType(_STEPS, names, argdefs=_DEFAULTS)
        self._awaited.add(_this_thread())
        try:
            return steps(*args, **kwargs)
        finally:
            self._awaited.discard(_this_thread())

    def _called(self, frame: FrameType, event: str, function: object) -> None:
        if event == "c_call" and function in _SWITCHES and not self._ends:
            # It may be switched on again before the end.
            self.names.add(_SWITCHES[function])
        code = frame.f_code
        # A name of a class of a student's would run its code here, where nothing is seen.
        file = _text(code.co_filename)
        if file.startswith(_RECORDING):
            self.names.add(RECORDED)
        if event != "call":
            return
        if _this_thread() in self._paused:
            self._resume()
        if code is _STEPS and _this_thread() in self._awaited:
            self._awaited.discard(_this_thread())  # its next call is none that was seen
            return
        if id(code) in _BY_OPERATOR and not _is_no_students(frame.f_back):
            self.names.add(OPERATORS)
        layer = _layer_named(code) if file.startswith(_TORCH) else None
        # One function asks first whether there is a mode, to be called again by it.
        by_mode = (
            frame.f_globals is _FUNCTIONAL
            and layer == _ASKS_FOR_A_MODE
            and _FUNCTIONAL.get("has_torch_function") is has_torch_function
            and has_torch_function((None,))
        )
        if layer is None and code.co_names in _CODE:
            layer = _CODE[code.co_names].get(code.co_code)
        if layer and not by_mode:
            self.names.add(layer)


def _is_no_students(frame: FrameType | None) -> bool:
    return frame is not None and _text(frame.f_code.co_filename).startswith(_NO_STUDENTS)
