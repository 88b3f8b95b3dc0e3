"""oneDNN computes the larger products of a student's model, the same as torch would by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from grader.wire import Message
from grader.worker import products
from grader.worker.products import LEAST_NUMBERS, LEAST_WORK
from tests.worker.loading_support import MODEL_CODE, HandIn
from tests.worker.test_gpu_fallback import LOGITS, begun, handed_in, loaded

pytestmark = pytest.mark.skipif(
    products._by_onednn is None or not torch.backends.mkldnn.is_available(),
    reason="this torch has no oneDNN",
)


class Counter:
    """Counts the products that oneDNN is asked for."""

    def __init__(self, by_onednn: Any) -> None:
        self.asked = 0
        self._by_onednn = by_onednn

    def __call__(self, *arguments: Any) -> Tensor:
        self.asked += 1
        product: Tensor = self._by_onednn(*arguments)
        return product


@pytest.fixture
def onednn(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """What is asked of oneDNN while it is in use."""
    counter = Counter(products._by_onednn)
    monkeypatch.setattr(products, "_by_onednn", counter)
    products.use_onednn(True)
    yield counter
    products.use_onednn(False)


def matrix(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(len(shape)))


LARGE = matrix(128, 256), matrix(256, 128)
assert LARGE[0].numel() * 128 == LEAST_WORK
BY_ONEDNN = {
    "rows": LARGE,
    "right transposed": (LARGE[0], matrix(128, 256).t()),
    "left transposed": (matrix(256, 128).t(), LARGE[1]),
    "both transposed": (matrix(256, 128).t(), matrix(128, 256).t()),
    "one row": (matrix(1, 2048), matrix(2048, 2048)),
}
NOT_BY_ONEDNN = {
    "little work": (matrix(127, 256), LARGE[1]),
    "float64": (LARGE[0].double(), LARGE[1].double()),
    "gaps": (matrix(256, 512)[::2, ::2], LARGE[1]),
    "repeated": (matrix(128, 1).expand(128, 256), LARGE[1]),
    "no rows": (matrix(0, 256), LARGE[1]),
    "nothing to add up": (matrix(3000, 0), matrix(0, 3000)),
}


def assert_same(found: Tensor, wanted: Tensor) -> None:
    """Up to the rounding of sums of some hundred float32 numbers around one."""
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-4, equal_nan=True)


def expected(left: Tensor, right: Tensor) -> Tensor:
    with np.errstate(invalid="ignore"):
        product = left.double().numpy() @ right.double().numpy()
    return torch.from_numpy(product).to(left.dtype)


@pytest.mark.parametrize("bias", [False, True], ids=["plain", "bias"])
@pytest.mark.parametrize("name", [*BY_ONEDNN, *NOT_BY_ONEDNN])
def test_products_are_the_same(onednn: Counter, name: str, bias: bool) -> None:
    left, right = {**BY_ONEDNN, **NOT_BY_ONEDNN}[name]
    added = matrix(right.shape[1]).to(left.dtype)
    found = torch.addmm(added, left, right) if bias else torch.mm(left, right)
    assert onednn.asked == (name in BY_ONEDNN)
    wanted = expected(left, right) + (added if bias else 0)
    # In whatever order the terms are added up: their roundings hardly ever all have one sign.
    terms = expected(left.abs(), right.abs()) + added.abs()
    allowed = 4 * math.sqrt(left.shape[1] + 1) * torch.finfo(left.dtype).eps * terms
    assert bool(torch.all((found - wanted).abs() <= allowed))


@pytest.mark.parametrize(
    ("bias", "beta", "alpha"),
    [
        (matrix(128), 2.0, 1.0),
        (matrix(128), 0.0, 1.0),
        (matrix(128), 1.0, 0.5),
        (matrix(128, 128), 1.0, 1.0),
        (matrix(128, 1), 1.0, 1.0),
        (matrix(1), 1.0, 1.0),
        (matrix(1).expand(128), 1.0, 1.0),
        (matrix(256)[::2], 1.0, 1.0),
        (matrix(128, 2)[:, 1], 1.0, 1.0),
    ],
    ids=(
        "twice the bias,no bias,half the product,matrix,column,one number,repeated,every second,"
        "numbers of a column"
    ).split(","),
)
def test_other_sums_are_left_to_torch(
    onednn: Counter, bias: Tensor, beta: float, alpha: float
) -> None:
    found = torch.addmm(bias, *LARGE, beta=beta, alpha=alpha)
    assert onednn.asked == 0
    assert_same(found, beta * bias + alpha * expected(*LARGE))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (LARGE[0], matrix(257, 128)),
        (LARGE[0], matrix(256)),
        (matrix(256), LARGE[1]),
        (matrix(2, 128, 256), LARGE[1]),
        (LARGE[0], LARGE[1].double()),
    ],
    ids=["lengths", "right vector", "left vector", "three axes", "types"],
)
def test_mistakes_are_told_as_torch_tells_them(
    onednn: Counter, left: Tensor, right: Tensor
) -> None:
    errors = []
    for wanted in (True, False):
        products.use_onednn(wanted)
        computations: list[Callable[[], Tensor]] = [
            lambda: torch.mm(left, right),
            lambda: torch.addmm(matrix(128), left, right),
            lambda: torch.addmm(matrix(128).double(), *LARGE),
        ]
        for compute in computations:
            with pytest.raises(RuntimeError) as error:
                compute()
            errors.append(str(error.value))
    assert errors[:3] == errors[3:]
    assert onednn.asked == 0


def test_nan_and_infinity_stay_what_they_are(onednn: Counter) -> None:
    left, right = (m.clone() for m in LARGE)
    left[3, 5], left[7, 11], right[:, 13] = float("nan"), float("inf"), 0.0
    found = torch.mm(left, right)
    assert onednn.asked == 1
    wanted = expected(left, right)
    assert wanted.isnan().any() and wanted.isinf().any()
    assert_same(found, wanted)


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_layers_and_their_gradients_are_the_same(onednn: Counter, kind: Any) -> None:
    torch.manual_seed(0)
    layer, out = kind(128, 256, batch_first=True), nn.Linear(256, 128)
    x = torch.randn(64, 3, 128)
    results = []
    for wanted in (True, False):
        products.use_onednn(wanted)
        asked = onednn.asked
        for module in (layer, out):
            module.zero_grad()
        y = out(layer(x)[0])
        y.square().sum().backward()
        parameters = (*layer.parameters(), *out.parameters())
        results.append([y.detach(), *(p.grad.clone() for p in parameters)])
        assert (onednn.asked > asked) == wanted
    for ours, torchs in zip(*results, strict=True):
        torch.testing.assert_close(ours, torchs, rtol=1e-4, atol=1e-3)


class Of(nn.Module):
    """A model with one matrix of so many rows, of 256 columns."""

    def __init__(self, rows: int, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(rows, 256, dtype=dtype))


ENOUGH = LEAST_NUMBERS // 256


@pytest.mark.parametrize(
    ("model", "gains"),
    [
        (Of(ENOUGH), True),
        (Of(ENOUGH - 1), False),
        (Of(ENOUGH, torch.float64), False),
        (nn.BatchNorm1d(LEAST_NUMBERS), False),
        ("no module", False),
    ],
    ids=["large", "small", "float64", "no matrix", "no module"],
)
@pytest.mark.parametrize("faster", [True, False], ids=["faster", "not faster"])
def test_it_is_for_models_that_gain_where_it_is_faster(
    monkeypatch: pytest.MonkeyPatch, onednn: Counter, model: object, gains: bool, faster: bool
) -> None:
    monkeypatch.setattr(products, "IS_FASTER_HERE", faster)
    for before in (True, False):
        products.use_onednn(before)
        products.choose_for(model)
        torch.mm(*LARGE)
        assert onednn.asked == (gains and faster) * (1 if before else 2)


@pytest.mark.parametrize(
    ("vendor", "capability", "faster"),
    [
        ("AuthenticAMD", "AVX512", True),
        ("AuthenticAMD", "AVX2", False),
        ("GenuineIntel", "AVX512", False),
        (None, "AVX512", False),
    ],
)
def test_processors_on_which_it_is_faster(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    vendor: str | None,
    capability: str,
    faster: bool,
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    if vendor is not None:
        cpuinfo.write_text(f"processor\t: 0\nvendor_id\t: {vendor}\nmodel\t\t: 2\n")
    monkeypatch.setattr(products, "_CPUINFO", cpuinfo)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert products._is_faster_here() == faster


HIDDEN = 256


@pytest.mark.parametrize("hidden", [4, HIDDEN], ids=["small", "large"])
def test_worker_chooses_for_a_model_that_it_loads_or_trains(
    monkeypatch: pytest.MonkeyPatch, onednn: Counter, hand_in: HandIn, hidden: int
) -> None:
    monkeypatch.setattr(products, "IS_FASTER_HERE", True)
    monkeypatch.setattr(products, "LEAST_WORK", 1)
    products.use_onednn(False)
    handed_in(hand_in, MODEL_CODE.replace("hidden=4", f"hidden={hidden}"))
    model, _ = loaded(hand_in, "cpu")
    model.logits(LOGITS)
    assert (onednn.asked > 0) == (hidden == HIDDEN)

    asked = onednn.asked
    products.use_onednn(False)
    trainer, _ = begun(hand_in, "cpu")
    trainer.more(Message("train_more", {"seconds": 0.0}))
    assert (onednn.asked > asked) == (hidden == HIDDEN)
