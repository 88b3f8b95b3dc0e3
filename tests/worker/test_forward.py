"""The worker hands logits back as they are: through shared memory where they fit in."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import one_hot

from grader.wire import Message
from grader.worker.forward import Forward

CPU = torch.device("cpu")
TOKENS = np.array([[5, 0, 1, 2], [5, 3, 3, 0]], np.uint8)
SIZE = 8
"""Logits for each position, of eight tokens."""
TABLE = torch.arange(SIZE * SIZE).reshape(SIZE, SIZE) / 7


class Counting(nn.Module):
    """Looks tokens up, and counts its calls in its logits."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        assert x.dtype == torch.int64
        self.calls += 1
        return TABLE[x] + self.calls


class Returning(nn.Module):
    """Returns what a function makes of the tokens."""

    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


def ask(forward: Forward, model: Any, tokens: NDArray[Any] = TOKENS, **fields: Any) -> Message:
    return forward.logits(model, CPU, Message("logits", fields, (tokens,)))


def sent(model: Any, **fields: Any) -> NDArray[Any]:
    """What goes over the wire when there is no shared memory."""
    reply = ask(Forward(()), model, **fields)
    [logits] = reply.arrays
    return logits


def slots(elements: int, count: int = 2) -> list[NDArray[np.float32]]:
    return [np.full(elements, np.nan, np.float32) for _ in range(count)]


def expected(calls: int = 1) -> NDArray[Any]:
    table: NDArray[Any] = TABLE.numpy()
    return table[TOKENS] + np.float32(calls)


def test_without_shared_memory_the_logits_are_sent() -> None:
    logits = sent(Counting())
    assert logits.dtype == np.float32
    assert np.array_equal(logits, expected())


def test_slots_are_filled_in_turn() -> None:
    """While the grader reads one reply, the next does not overwrite it."""
    memory = slots(2 * 4 * SIZE + 3)
    forward, model, used = Forward(memory), Counting(), []
    for call in range(1, 6):
        reply = ask(forward, model)
        assert reply.arrays == ()
        assert reply.fields["shape"] == [2, 4, SIZE]
        used.append(reply.fields["slot"])
        found = memory[used[-1]][: 2 * 4 * SIZE].reshape(2, 4, SIZE)
        assert np.array_equal(found, expected(call))
        if call > 1:
            before = memory[used[-2]][: 2 * 4 * SIZE].reshape(2, 4, SIZE)
            assert np.array_equal(before, expected(call - 1))
    assert used in ([1, 0, 1, 0, 1], [0, 1, 0, 1, 0])
    # Beyond the logits nothing is touched.
    assert all(np.isnan(slot[2 * 4 * SIZE :]).all() for slot in memory)


def test_slots_stay_in_turn_when_some_replies_are_sent() -> None:
    """A reply over the wire takes a turn too: two requests are under way at a time."""
    memory = slots(2 * SIZE * 2)
    forward, model = Forward(memory), Counting()
    small, large = TOKENS[:, :2], TOKENS
    replies = [ask(forward, model, tokens) for tokens in (small, large, small, small)]
    assert [len(reply.arrays) for reply in replies] == [0, 1, 0, 0]
    assert replies[2].fields["slot"] != replies[3].fields["slot"]


@pytest.mark.parametrize(("elements", "fits"), [(2 * 4 * SIZE, True), (2 * 4 * SIZE - 1, False)])
def test_what_does_not_fit_is_sent(elements: int, fits: bool) -> None:
    memory = slots(elements)
    reply = ask(Forward(memory), Counting())
    assert ("slot" in reply.fields) == fits
    if not fits:
        assert np.array_equal(reply.arrays[0], expected())
        assert all(np.isnan(slot).all() for slot in memory)


def test_no_logits_at_all_are_sent() -> None:
    reply = ask(Forward(slots(9)), Returning(lambda x: torch.empty(0, 4, SIZE)))
    assert reply.arrays[0].shape == (0, 4, SIZE)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.double(),
        lambda t: t.half(),
        lambda t: t.bfloat16(),
        lambda t: t.long(),
        lambda t: t.transpose(0, 1).contiguous().transpose(0, 1),
        lambda t: t.clone().requires_grad_(),
        lambda t: t[:, :1].expand(2, 4, SIZE),
    ],
    ids=["double", "half", "bfloat16", "long", "other order", "with gradient", "expanded"],
)
def test_logits_of_any_kind(change: Callable[[Tensor], Tensor]) -> None:
    model = Returning(lambda x: change(TABLE[x]))
    wanted = change(TABLE[torch.from_numpy(TOKENS).long()]).detach().float().numpy()
    assert np.array_equal(sent(model), wanted)
    memory = slots(100)
    reply = ask(Forward(memory), model)
    found = memory[reply.fields["slot"]][: wanted.size].reshape(wanted.shape)
    assert np.array_equal(found, wanted)


def test_last_position_only() -> None:
    assert np.array_equal(sent(Counting(), last_only=True), expected()[:, -1])
    memory = slots(2 * SIZE)
    reply = ask(Forward(memory), Counting(), last_only=True)
    assert reply.fields["shape"] == [2, SIZE]
    found = memory[reply.fields["slot"]].reshape(2, SIZE)
    assert np.array_equal(found, expected()[:, -1])


def test_logits_without_positions_are_left_for_the_grader_to_refuse() -> None:
    logits = sent(Returning(lambda x: TABLE[x].sum(-1)), last_only=True)
    assert logits.shape == (2, 4)


def test_scalar() -> None:
    reply = ask(Forward(slots(9)), Returning(lambda _: torch.tensor(2.0)))
    assert reply.fields["shape"] == []


@pytest.mark.parametrize("value", [None, 3, (torch.zeros(2), None), np.zeros(3), [torch.zeros(1)]])
def test_what_is_no_tensor(value: Any) -> None:
    for memory in ([], slots(9)):
        reply = ask(Forward(memory), Returning(lambda _: value))
        assert (reply.op, reply.arrays) == ("no_tensor", ())


def test_fresh_copy_leaves_the_model_as_it_was() -> None:
    model = Counting()
    forward = Forward(())
    assert [int(ask(forward, model, fresh=True).arrays[0][0, 1, 0]) for _ in range(3)] == [1, 1, 1]
    assert model.calls == 0
    assert [int(ask(forward, model).arrays[0][0, 1, 0]) for _ in range(3)] == [1, 2, 3]


def noise(x: Tensor) -> Tensor:
    drawn = [float(torch.rand(())), np.random.rand(), random.random()]
    return torch.tensor(drawn).expand(*x.shape, 3)


@pytest.mark.parametrize("seed", [1, 2**40 + 5])
def test_seed_begins_all_random_numbers_anew(seed: int) -> None:
    model = Returning(noise)
    first, second = sent(model, seed=seed), sent(model, seed=seed)
    other, after = sent(model, seed=seed + 1), sent(model)
    assert np.array_equal(first, second)
    for different in (other, after):
        assert not (first[0, 0] == different[0, 0]).any()


@pytest.mark.parametrize("fields", [{}, {"seed": None}])
def test_without_a_seed_random_numbers_go_on(fields: dict[str, Any]) -> None:
    model = Returning(noise)
    assert not (sent(model, **fields)[0, 0] == sent(model, **fields)[0, 0]).any()


def test_no_gradient_is_kept() -> None:
    weight = nn.Parameter(torch.ones(SIZE))
    seen: list[bool] = []

    def function(x: Tensor) -> Tensor:
        result = TABLE[x] * weight
        seen.append(result.requires_grad)
        return result

    sent(Returning(function))
    assert seen == [False]


def test_model_cannot_change_what_it_is_asked_next() -> None:
    """Student code may write into its input; that is its own copy."""

    def function(x: Tensor) -> Tensor:
        x.fill_(0)
        return TABLE[x]

    tokens = TOKENS.copy()
    ask(Forward(()), Returning(function), tokens)
    assert np.array_equal(tokens, TOKENS)


@pytest.mark.parametrize(
    "shape", [(8, SIZE), (1, 2, 4, SIZE), (2, 1, 4, 1, SIZE)], ids=["flat", "before", "between"]
)
def test_logits_in_the_notebooks_order_are_those_of_the_notebook(shape: tuple[int, ...]) -> None:
    found = sent(Returning(lambda x: TABLE[x].reshape(shape)))
    np.testing.assert_array_equal(found, TABLE[torch.from_numpy(TOKENS).long()])


def test_logits_in_another_order_are_left_as_they_are() -> None:
    assert sent(Returning(lambda x: TABLE[x].transpose(0, 1))).shape == (4, 2, SIZE)


@pytest.mark.parametrize("rows", [50, 64])
def test_model_of_a_fixed_number_of_rows_is_given_as_many(rows: int) -> None:
    """Its first hidden state has the rows of the notebook's batches written into it."""
    seen = []

    def function(x: Tensor) -> Tensor:
        seen.append(len(x))
        return TABLE[x] + torch.zeros(rows, 1, 1)

    model, forward = Returning(function), Forward(())
    many = np.random.default_rng(1).integers(0, SIZE, (rows + 20, 3)).astype(np.uint8)
    for tokens in (TOKENS, many):
        [logits] = ask(forward, model, tokens).arrays
        np.testing.assert_array_equal(logits, TABLE[torch.from_numpy(tokens).long()])
    assert forward.rows == rows
    assert seen[-3:] == [rows] * 3


def test_failure_of_any_number_of_rows_is_told_of_the_first() -> None:
    def function(x: Tensor) -> Tensor:
        raise ValueError(f"{len(x)} rows")

    forward = Forward(())
    with pytest.raises(ValueError, match="2 rows"):
        ask(forward, Returning(function))
    assert forward.rows is None


def test_only_the_first_call_finds_out_the_number_of_rows() -> None:
    def function(x: Tensor) -> Tensor:
        if len(x) == 3:
            raise ValueError("3 rows")
        return TABLE[x]

    forward = Forward(())
    ask(forward, Returning(function))
    with pytest.raises(ValueError, match="3 rows"):
        ask(forward, Returning(function), np.ones((3, 2), np.uint8))


WEIGHT = torch.arange(SIZE * SIZE).reshape(SIZE, SIZE) / 7


@pytest.mark.parametrize("again", [1, 2])
@pytest.mark.parametrize("more", [(), (-1,)])
def test_one_hot_vectors_have_a_column_for_each_token(again: int, more: tuple[int, ...]) -> None:
    """The largest id, that of PAD, is in none of these."""
    forward = Forward((), lambda: SIZE)
    model = Returning(lambda x: one_hot(x, *more).float() @ WEIGHT)
    for _ in range(again):
        [logits] = ask(forward, model).arrays
        assert np.array_equal(logits, WEIGHT[TOKENS.astype(int)])


def test_one_hot_vectors_of_something_else_are_as_they_are() -> None:
    forward = Forward((), lambda: SIZE)
    model = Returning(lambda x: one_hot(x % 2).float() @ WEIGHT[:2])
    [logits] = ask(forward, model).arrays
    assert np.array_equal(logits, WEIGHT[TOKENS.astype(int) % 2])
    named = Returning(lambda x: one_hot(x, num_classes=7).float() @ WEIGHT)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        ask(forward, named)


def test_model_that_fails_without_one_hot_vectors_is_asked_once() -> None:
    calls = []

    def fail(x: Tensor) -> Tensor:
        calls.append(x)
        raise ValueError("no")

    forward = Forward(())
    ask(forward, Counting())
    with pytest.raises(ValueError, match="no"):
        ask(forward, Returning(fail))
    assert len(calls) == 1
