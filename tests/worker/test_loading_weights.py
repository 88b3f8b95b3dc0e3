"""Weights alone, as students save them: bare, in a checkpoint, as arrays, of another class."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from tests.worker.loading_support import (
    MODEL_CODE,
    HandIn,
    assert_same,
    forget,
    gpu_machine,
    why,
)


@pytest.mark.parametrize("newer", [True, False])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod.", "model."])
def test_weights(hand_in: HandIn, prefix: str, newer: bool) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    weights = {prefix + name: value for name, value in trained.state_dict().items()}
    with gpu_machine():
        hand_in.save(weights, _use_new_zipfile_serialization=newer)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert len(loaded.notes) == (0 if not prefix else prefix.count("."))


def test_weights_of_a_model_whose_part_was_compiled(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    state = trained.state_dict()
    hand_in.save({n.replace("rnn.", "rnn._orig_mod."): value for n, value in state.items()})
    assert_same(hand_in.load(), trained)


def test_weights_of_a_class_with_such_a_name_inside(hand_in: HandIn) -> None:
    """What looks like a wrapper's prefix is the student's own attribute."""
    code = MODEL_CODE.replace("self.rnn", "self.module").replace("self.emb", "self.net")
    hand_in.script("rnn_lm.py", code)
    trained = hand_in.trained(code)
    hand_in.save(trained.state_dict())
    assert_same(hand_in.load(), trained)


def test_weights_of_a_class_with_all_in_one_part(hand_in: HandIn) -> None:
    code = MODEL_CODE.replace("__init__()", "__init__()\n        self.module = nn.Module()")
    for part in ("emb", "rnn", "out"):
        code = code.replace(f"self.{part}", f"self.module.{part}")
    hand_in.script("rnn_lm.py", code)
    trained = hand_in.trained(code)
    state = trained.state_dict()
    assert all(name.startswith("module.") for name in state)
    hand_in.save({f"module.{name}": value for name, value in state.items()})
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert len(loaded.notes) == 1


@pytest.mark.parametrize(
    "key", ["model_state_dict", "state_dict", "model", "net", "weights", "my_weights"]
)
def test_checkpoint_with_weights(hand_in: HandIn, key: str) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    optimizer = torch.optim.Adam(trained.parameters()).state_dict()
    hand_in.save({"epoch": 5, "optimizer": optimizer, key: trained.state_dict(), "loss": 1.4})
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert loaded.notes == [f"it was taken from [{key!r}] of what rnn_lm.sav holds"]


@pytest.mark.parametrize(
    ("read", "taken"),
    [
        ('torch.load("rnn_lm.sav")["ema"]', "ema"),
        ('saved["ema"], strict=True', "ema"),
        ('saved["optimizer"]', "model"),
        ('saved["model"])\nmine.load_state_dict(saved["ema"]', "model"),
        ("saved[0]", "model"),
    ],
)
def test_weights_that_the_code_reads_of_several(hand_in: HandIn, read: str, taken: str) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    hand_in.notebook("hw.ipynb", f"model.load_state_dict({read})")
    trained = hand_in.trained()
    states = {"model": trained.state_dict(), "ema": hand_in.trained().state_dict()}
    states[{"ema": "model", "model": "ema"}[taken]] = {
        name: torch.zeros_like(value) for name, value in trained.state_dict().items()
    }
    hand_in.save({**states, "step": 9})
    loaded = hand_in.load()
    assert_same(loaded, trained)
    other = {"ema": "model", "model": "ema"}[taken]
    assert loaded.notes == [
        f"it was taken from [{taken!r}] of what rnn_lm.sav holds, and not from [{other!r}]"
    ]


@pytest.mark.parametrize("wrapped", [lambda weights: weights, lambda weights: {"net": weights}])
@pytest.mark.parametrize("tensors", [(), ("emb.weight",)])
def test_weights_as_arrays(hand_in: HandIn, wrapped: Any, tensors: tuple[str, ...]) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    state = trained.state_dict()
    weights = {name: value if name in tensors else value.numpy() for name, value in state.items()}
    hand_in.file.write_bytes(pickle.dumps(wrapped(weights)))
    forget()
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert loaded.notes[-1] == "the weights are NumPy arrays, which were made tensors"


def test_checkpoint_with_weights_and_other_arrays(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    losses = {"train": np.array([2.3, 1.9]), "names": np.array(["a", "b"])}
    hand_in.save({"best": trained.state_dict(), "losses": losses, "more": {"x": np.zeros(2)}})
    assert_same(hand_in.load(), trained)


@pytest.mark.parametrize("wrap", [nn.DataParallel, torch.optim.swa_utils.AveragedModel])
def test_weights_of_a_wrapper(hand_in: HandIn, wrap: Any) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    hand_in.save(wrap(trained).state_dict())
    assert_same(hand_in.load(), trained)


def test_safetensors(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    safetensors.torch.save_file(trained.state_dict(), hand_in.file)
    assert_same(hand_in.load(), trained)


def test_safetensors_of_tied_weights(hand_in: HandIn) -> None:
    """Of two names for one tensor, the file has one."""
    code = MODEL_CODE.replace("hidden=4", "hidden=2")
    code = code.replace(
        "    def forward", "        self.out.weight = self.emb.weight\n\n    def forward"
    )
    hand_in.script("rnn_lm.py", code)
    trained = hand_in.trained(code)
    safetensors.torch.save_model(trained, str(hand_in.file))
    assert len(safetensors.torch.load_file(hand_in.file)) == len(trained.state_dict()) - 1
    assert_same(hand_in.load(), trained)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("GRU(2, hidden", "RNN(2, hidden"), "rnn.weight_ih_l0 is [12, 2] in the file, [4, 2]"),
        (("self.out", "self.fc"), "Only in the file: out.weight [8, 4], out.bias [8]. "),
        (("self.out", "self.fc"), "Only in the class: fc.weight [8, 4], fc.bias [8]. "),
        (
            ("hidden=4", "hidden=6"),
            "rnn.bias_hh_l0 is [12] in the file, [18] in the class and 1 more",
        ),
        (("len(freq) + 3", "len(freq) + 4"), "emb.weight is [8, 2] in the file, [9, 2]"),
    ],
)
def test_weights_of_another_class(hand_in: HandIn, change: tuple[str, str], words: str) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE.replace(*change))
    hand_in.save(hand_in.trained().state_dict())
    message = why(hand_in)
    assert message.startswith("The weights do not fit SentenceModel of rnn_lm.py. ")
    assert words in message
    assert "save the weights again if it was changed since." in message


def test_many_other_names_are_counted(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    state = hand_in.trained().state_dict()
    hand_in.save({f"a.{name}": value for name, value in state.items()})
    assert "a.emb.weight [8, 2], a.rnn.weight_ih_l0 [12, 2], a.rnn.weight_hh_l0 [12, 4]," in why(
        hand_in
    )
    assert "a.rnn.bias_ih_l0 [12] and 3 more. Only in the class" in why(hand_in)


def test_weights_with_other_things_among_them(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    vocabulary = {"vocab": {"a": 0}, "losses": np.ones(3), "epoch": 5}
    hand_in.save({**trained.state_dict(), **vocabulary})
    hand_in.script("rnn_lm.py", MODEL_CODE)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    [note] = [note for note in loaded.notes if "among the weights" in note]
    assert note.endswith("holds ['vocab'], ['losses'], ['epoch'] among the weights, too")


def test_tensor_beside_named_weights_is_none_of_them(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    hand_in.save({"state_dict": trained.state_dict(), "best.loss": torch.ones(1)})
    hand_in.script("rnn_lm.py", MODEL_CODE)
    assert_same(hand_in.load(), trained)
