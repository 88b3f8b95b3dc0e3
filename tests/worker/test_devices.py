"""Code that names a GPU runs on the device in use, once it has failed without it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from grader.worker.devices import Redirection, move_remembered_devices
from tests.worker.loading_support import CPU, MODEL_CODE, TOKENS, HandIn, gpu_machine, outputs_of

no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU to be found")
X = torch.ones(2, 2)
CUDA: Any = torch.cuda


def linear(x: Any) -> Any:
    return x.weight


CALLS: dict[str, Callable[[], Tensor]] = {
    "factory": lambda: torch.ones(2, 2, device="cuda"),
    "factory_with_index": lambda: torch.ones(2, 2, device="cuda:1"),
    "factory_with_device": lambda: torch.full((2, 2), 1.0, device=torch.device("cuda")),
    "factory_with_number": lambda: torch.ones(2, 2, device=0),
    "where_the_tensor_is": lambda: torch.ones(2, 2, device=X.get_device()),
    "from_data": lambda: torch.tensor([[1.0, 1.0]] * 2, device="cuda"),
    "alike": lambda: torch.ones_like(X, device="cuda"),
    "cuda": lambda: X.cuda(),
    "cuda_with_number": lambda: X.cuda(0),
    "cuda_with_options": lambda: X.cuda(non_blocking=True),
    "to": lambda: X.to("cuda:0"),
    "to_number": lambda: X.to(0),
    "to_keyword": lambda: X.to(device="cuda"),
    "to_with_dtype": lambda: X.double().to("cuda", torch.float32),
    "type_that_makes": lambda: CUDA.FloatTensor([[1, 1], [1, 1]]),
    "type_that_is_named": lambda: cast(Any, X.double()).type(CUDA.FloatTensor),
    "type_in_a_string": lambda: cast(Any, X.double()).type("torch.cuda.FloatTensor"),
    "to_mps": lambda: X.to("mps"),
    "module_to": lambda: linear(nn.Linear(2, 2).to("cuda")) * 0 + 1,
    "module_cuda": lambda: linear(nn.Linear(2, 2).cuda()) * 0 + 1,
    "module_made_there": lambda: linear(nn.Linear(2, 2, device="cuda")) * 0 + 1,
}


@no_gpu
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_call_that_names_a_gpu(call: Callable[[], Tensor]) -> None:
    redirection = Redirection(CPU)
    result = redirection.run(call)
    assert redirection.on
    assert result.device == CPU
    assert torch.equal(result, X)
    assert torch.equal(redirection.run(call), X)


@no_gpu
def test_default_device(monkeypatch: pytest.MonkeyPatch) -> None:
    def code() -> Tensor:
        if not redirection.on:
            torch.set_default_device("cuda")
        return torch.ones(2, 2)

    redirection = Redirection(CPU)
    try:
        assert torch.equal(redirection.run(code), X)
    finally:
        torch.set_default_device(None)


def test_code_that_needs_no_help_gets_none() -> None:
    redirection = Redirection(CPU)
    assert redirection.run(lambda: len(torch.overrides._get_current_function_mode_stack())) == 0
    assert not redirection.on


@pytest.mark.parametrize("error", [RuntimeError("size mismatch"), ValueError("cuda"), SystemExit()])
def test_other_errors_are_raised_at_once(error: BaseException) -> None:
    calls = []

    def code() -> None:
        calls.append(1)
        raise error

    redirection = Redirection(CPU)
    with pytest.raises(type(error)):
        redirection.run(code)
    assert calls == [1]
    assert not redirection.on


def test_what_cannot_be_helped_is_raised() -> None:
    def code() -> None:
        raise AssertionError("Torch not compiled with CUDA enabled")

    with pytest.raises(AssertionError, match="CUDA"):
        Redirection(CPU).run(code)


def test_names_of_other_things_are_left_alone() -> None:
    def code() -> Tensor:
        if not redirection.on:
            raise RuntimeError("No CUDA GPUs are available")
        return (
            torch.einsum("ij,jk->ik", X, X).sum(1, dtype=torch.float64).to(torch.float32, copy=True)
        )

    redirection = Redirection(CPU)
    assert redirection.run(code).tolist() == [4.0, 4.0]


def test_remembered_devices() -> None:
    inner = nn.Linear(1, 1)
    model = nn.Sequential(inner)
    remembered = {
        "a": torch.device("cuda:1"),
        "b": "cuda",
        "c": "cuda:0",
        "d": "mps",
        "e": torch.device("cpu"),
        "f": "cpu",
        "g": "cudalike",
        "h": 0,
    }
    vars(inner).update(remembered)
    move_remembered_devices(model, torch.device("cuda", 2))
    values = SimpleNamespace(**{name: getattr(inner, name) for name in remembered})
    there = torch.device("cuda:2")
    expected = SimpleNamespace(
        a=there, b="cuda:2", c="cuda:2", d="cuda:2", e=there, f="cuda:2", g="cudalike", h=0
    )
    assert values == expected


BUILT = "super().__init__()"
FORWARD = "        return self.out("
HARD_CODED = {
    "forward": MODEL_CODE.replace(
        FORWARD, f"        x = x + torch.zeros(1, dtype=int, device='cuda')\n{FORWARD}"
    ),
    "init": MODEL_CODE.replace("hidden, tokens)", "hidden, tokens).cuda()"),
    "import": f"import torch\nzeros = torch.zeros(1, device='cuda')\n{MODEL_CODE}",
    "global": MODEL_CODE.replace("class", "gpu = torch.device('cuda')\n\nclass").replace(
        FORWARD, f"        x = x.to(gpu)\n{FORWARD}"
    ),
    "attribute": MODEL_CODE.replace(BUILT, f"{BUILT}\n        self.gpu = 'cuda'").replace(
        FORWARD, f"        x = x.to(self.gpu)\n{FORWARD}"
    ),
}


@no_gpu
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("place", HARD_CODED)
def test_model_whose_code_names_a_gpu(hand_in: HandIn, place: str, weights: bool) -> None:
    trained = hand_in.trained()
    expected = outputs_of(trained)
    hand_in.script("rnn_lm.py", HARD_CODED[place])
    trained.gpu = "cuda:0"
    with gpu_machine():
        hand_in.save(trained.state_dict() if weights else trained)
    redirection = Redirection(CPU)
    loaded = hand_in.loader(redirection=redirection).load(hand_in.file)
    assert torch.equal(redirection.run(lambda: loaded.model(TOKENS)), expected)
    at_loading = place == "import" or (place == "init" and weights)
    note = "devices that the code names were redirected to cpu"
    assert loaded.notes == ([note] if at_loading else [])
    assert redirection.on == (place != "attribute" and (place != "init" or weights))
