"""Arguments arrive as the student expects them, and any result becomes arrays or a description."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from grader.compare import as_expected_shape
from grader.wire import Array, Message, Reader, encode
from grader.worker.values import (
    MAX_ITEMS,
    describe,
    pack_arguments,
    pack_result,
    to_array,
    unpack_arguments,
)

B, H = 4, 2


def received(*arguments: Any) -> list[Any]:
    """The arguments as they come out at the other end of the wire."""
    trees, arrays = pack_arguments(arguments)
    stream = io.BytesIO(b"".join(encode(Message("call", {"arguments": trees}, arrays))))
    reader = Reader(1 << 20)
    while True:
        message = reader.advance(stream.readinto(reader.buffer()))
        if message is not None:
            return unpack_arguments(message.fields["arguments"], message.arrays)


def only_array(value: Any) -> Array:
    tree, arrays = pack_result(value, depth=0)
    assert tree == {"kind": "array", "index": 0}
    [array] = arrays
    return array


def description(value: Any, depth: int = 0) -> str:
    tree, arrays = pack_result(value, depth)
    assert tree["kind"] == "other"
    assert arrays == ()
    text: str = tree["text"]
    return text


def test_arguments_keep_their_kind() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    gate = (array, array[0])
    came = received(array, gate, [array, array], torch.from_numpy(array), 7)
    assert isinstance(came[0], np.ndarray)
    assert isinstance(came[1], tuple)
    assert isinstance(came[2], list)
    assert isinstance(came[3], torch.Tensor)
    assert came[4] == 7
    assert len(came) == 5
    assert np.array_equal(came[1][1], array[0])
    assert len(came[2]) == 2
    assert torch.equal(came[3], torch.from_numpy(array))


def test_arguments_keep_dtype_and_memory_order() -> None:
    transposed = np.arange(6, dtype=np.float32).reshape(2, 3).T
    array, tensor = received(transposed, torch.arange(3, dtype=torch.float64))
    assert array.dtype == np.float32
    assert array.flags.f_contiguous
    assert array.shape == (3, 2)
    assert tensor.dtype == torch.float64


def test_arguments_can_be_written_to() -> None:
    array = np.zeros(3, np.float32)
    came, tensor = received(array, torch.zeros(3))
    came += 1
    tensor += 1
    assert array.tolist() == [0, 0, 0]
    assert came.tolist() == tensor.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "value",
    [
        np.array([[1.0, 2.0], [3.0, 4.0]]),
        [[1.0, 2.0], [3.0, 4.0]],
        ((1, 2), (3, 4)),
        [np.array([1.0, 2.0]), np.array([3.0, 4.0])],
        torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
        [torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])],
        torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True),
        torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.bfloat16),
        torch.tensor([[1.0, 3.0], [2.0, 4.0]]).T,
        np.array([[1, 2], [3, 4]], ">f4"),
        np.array([[1, 2], [3, 4]], ">i8"),
        np.array([[1, 2], [3, 4]], np.longdouble),
        np.array([[1, 3], [2, 4]]).T,
        np.array([[1.0, 2.0], [3.0, 4.0]]).view(np.ma.MaskedArray),
    ],
    ids=lambda value: f"{type(value).__name__} {getattr(value, 'dtype', '')}",
)
def test_what_the_notebooks_arithmetic_takes(value: Any) -> None:
    array = only_array(value)
    assert type(array) is np.ndarray
    assert array.dtype.isnative
    assert array.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("value", [3, 2.5, True, np.float32(2.5), np.int64(7), torch.tensor(3.0)])
def test_a_single_number_is_an_array_without_axes(value: Any) -> None:
    assert only_array(value).shape == ()


@pytest.mark.parametrize("shape", [(1, B, H), (B, H)])
@pytest.mark.parametrize("wrap", [lambda state: (state,), lambda state: [state]])
def test_final_state_in_a_tuple_of_one(shape: tuple[int, ...], wrap: Any) -> None:
    state = np.arange(B * H, dtype=np.float32).reshape(shape)
    came = as_expected_shape(only_array(wrap(state)), (1, B, H))
    assert came is not None
    assert np.array_equal(came.ravel(), state.ravel())


def test_result_is_a_copy() -> None:
    value = np.zeros(3)
    array = only_array(value)
    value += 1
    assert array.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "value",
    [
        np.array([1, 2.5], dtype=object),
        [Fraction(1), np.float32(2.5)],
        np.array([[1, 2.5]], "O")[0],
    ],
)
def test_numbers_in_an_array_of_objects(value: Any) -> None:
    """The notebook's arithmetic takes them."""
    array, problem = to_array(value)
    assert array is not None
    assert (array.dtype.name, array.tolist(), problem) == ("float64", [1.0, 2.5], "")


class Odd:
    """What it is cannot be found out without an exception."""

    @property
    def shape(self) -> tuple[int, ...]:
        raise AttributeError

    def __array__(self, *_: Any, **__: Any) -> Array:
        raise TypeError("no array")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None (is there a return statement?)"),
        ("text", "a value of type str"),
        ([[1.0, 2.0], [3.0]], "a ragged list"),
        ([[[1.0], [2.0, 3.0]]], "a ragged list"),
        (([np.zeros(2), np.zeros(3)],), "a ragged list"),
        ([np.zeros(2), np.zeros(3)], "a list of 2 items"),
        ((torch.zeros(2, 3), torch.zeros(2, 2)), "a tuple of 2 items"),
        ((torch.zeros(2, requires_grad=True), torch.zeros(3)), "a tuple of 2 items"),
        ({"a": 1}, "a value of type dict"),
        ({1.0, 2.0}, "a value of type set"),
        (object(), "a value of type object"),
        (np.array([object()]), "dtype object"),
        (torch.empty(2, device="meta"), "holds a shape and no numbers"),
        (np.array([None]), "dtype object"),
        (lambda: 1, "a value of type function"),
        (np.array([1j]), "complex numbers"),
        (1j, "complex numbers"),
        (np.array(["a"]), "<U1"),
        (b"abc", "|S3"),
        (np.array(["2020-01-01"], "datetime64[D]"), "datetime64"),
        (torch.tensor([1j]), "complex numbers"),
        (torch.eye(2).to_sparse(), "one array of shape [2, 2]"),
        (10**400, "a value of type int"),
        (Odd(), "a value of type Odd"),
    ],
    ids=lambda value: re.sub(" at 0x.*", "", repr(value)[:40]),
)
def test_what_is_no_array_of_numbers(value: Any, words: str) -> None:
    assert words in description(value)
    assert to_array(value)[0] is None


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128, np.clongdouble])
def test_complex_numbers_without_imaginary_parts_are_real(dtype: type[Any]) -> None:
    """The notebook takes them: it compares magnitudes."""
    for value in (np.array([1.5, -2]).astype(dtype), dtype(3)):
        array, problem = to_array(value)
        assert problem == ""
        assert array is not None
        assert array.dtype.kind == "f"
        assert np.array_equal(array, np.real(value))
    tensor, _ = to_array(torch.tensor([1.5 + 0j]))
    assert tensor is not None
    assert tensor.tolist() == [1.5]


def test_pair_of_arrays() -> None:
    tree, arrays = pack_result((np.zeros((2, 3)), np.ones(2)), depth=1)
    assert (tree["kind"], tree["count"], tree["text"]) == ("sequence", 2, "a tuple of 2 items")
    assert [item["index"] for item in tree["items"]] == [0, 1]
    assert [array.shape for array in arrays] == [(2, 3), (2,)]


def test_three_tuples_of_four() -> None:
    gate = (np.zeros((3, 2)), [0, 0], torch.zeros(2, 2), 5)
    tree, arrays = pack_result([gate, gate, gate], depth=2)
    assert tree["count"] == 3
    assert [item["count"] for item in tree["items"]] == [4, 4, 4]
    assert [array.shape for array in arrays] == [(3, 2), (2,), (2, 2), ()] * 3


def test_gate_is_asked_for_its_items_by_index() -> None:
    gate = {2: np.zeros((2, 2)), 0: np.zeros((3, 2)), 1: [0, 0], 3: [0, 0]}
    tree, arrays = pack_result((gate, gate, gate), depth=2)
    assert [item["count"] for item in tree["items"]] == [4, 4, 4]
    assert [array.shape for array in arrays] == [(3, 2), (2,), (2, 2), (2,)] * 3
    named, _ = pack_result([{"wt_x": 1, "bias_x": 2}], depth=2)
    assert named["items"][0]["text"] == "a value of type dict"
    unpacked = dict(enumerate([gate, gate, gate]))  # into its keys
    assert description(unpacked, depth=2) == "a value of type dict"


def counting() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ([1.0, 2.0], 2),
        ((), 0),
        (np.zeros((2, 4, 3)), 2),
        (torch.zeros(2, 4, 3), 2),
        (map(float, range(3)), 3),
        (zip([1.0], [2.0], strict=True), 1),
        (list(range(100)), 100),
        (np.zeros((100, 2)), MAX_ITEMS + 1),
        (counting(), MAX_ITEMS + 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_can_be_unpacked(value: Any, count: int) -> None:
    tree, arrays = pack_result(value, depth=1)
    assert tree["kind"] == "sequence"
    assert tree["count"] == count
    assert len(tree["items"]) == len(arrays) == min(count, MAX_ITEMS)


@pytest.mark.parametrize("value", [None, 3, 2.5, object(), {"a": 1}, {1}, "ab", np.float32(1)])
def test_what_cannot_be_unpacked_into_arrays(value: Any) -> None:
    assert description(value, depth=1)


def test_items_that_are_no_arrays_are_described_each() -> None:
    tree, arrays = pack_result((np.zeros(2), None), depth=1)
    assert [item["kind"] for item in tree["items"]] == ["array", "other"]
    assert len(arrays) == 1


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_only_a_whole_result_of_none_is_asked_about(depth: int) -> None:
    assert description(None, depth) == "None (is there a return statement?)"
    tree, _ = pack_result((None, [None]), depth=2)
    assert tree["items"][0]["text"] == "None"
    assert tree["items"][1]["items"][0]["text"] == "None"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        ([7], "a list of 1 item"),
        (np.zeros((2, 3)), "one array of shape [2, 3]"),
        (torch.zeros(2, 3), "one array of shape [2, 3]"),
        ((1, 2, 3), "a tuple of 3 items"),
        ([], "a list of 0 items"),
        ({}, "a value of type dict"),
    ],
)
def test_description(value: Any, words: str) -> None:
    assert describe(value) == words
