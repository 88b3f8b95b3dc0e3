"""A model is loaded in every form in which it is handed in, and computes what it did."""

from __future__ import annotations

import io
import pickle
import sys
from typing import Any
from unittest import mock

import pytest
import torch
from torch import nn

from grader.worker.devices import Redirection
from grader.worker.failures import raised
from grader.worker.loading import QUANTISED, Loaded, ModelLoader
from tests.worker.loading_support import (
    CHARACTERS,
    CPU,
    FREQ,
    MODEL_CODE,
    HandIn,
    assert_same,
    gpu_machine,
    outputs_of,
    why,
)


def both_wrappers(model: nn.Module) -> nn.Module:
    compiled: Any = torch.compile(model)
    return nn.DataParallel(compiled)


@pytest.mark.parametrize("module", ["rnn_lm", "__main__", "model", "assignment4.rnn_lm"])
@pytest.mark.parametrize("newer", [True, False])
def test_whole_model(hand_in: HandIn, module: str, newer: bool) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained(module=module)
    hand_in.save(trained, _use_new_zipfile_serialization=newer)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert loaded.notes == []
    assert loaded.parameters == sum(p.numel() for p in trained.parameters()) > 0
    assert type(loaded.model) is sys.modules["rnn_lm"].SentenceModel


@pytest.mark.parametrize("newer", [True, False])
def test_whole_model_of_a_gpu_machine(hand_in: HandIn, newer: bool) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    with gpu_machine():
        hand_in.save(trained, _use_new_zipfile_serialization=newer)
    assert b"cuda:0" in hand_in.file.read_bytes()
    assert_same(hand_in.load(), trained)


@pytest.mark.parametrize("training", [True, False])
def test_mode_of_a_model_is_told_and_left_alone_where_that_is_asked_for(
    hand_in: HandIn, training: bool
) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained().train(training)
    trained.emb.train(not training)
    hand_in.save(trained)
    loaded = hand_in.load()
    assert loaded.training is training
    assert not any(module.training for module in loaded.model.modules())
    loader = ModelLoader(hand_in.folder, FREQ, Redirection(CPU), CHARACTERS, as_saved=True)
    model = loader.load(hand_in.file).model
    assert (model.training, model.emb.training) == (training, not training)


def test_quantised_model_is_noted(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    layers = {nn.GRU, nn.Linear}
    hand_in.save(torch.ao.quantization.quantize_dynamic(hand_in.trained(), layers))
    assert hand_in.load().notes == [QUANTISED]


def test_whole_model_of_an_older_torch(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    expected = outputs_of(trained)
    for name in ("_flat_weights", "_flat_weights_names", "_flat_weight_refs", "dropout"):
        vars(trained.rnn).pop(name)
    with mock.patch.object(nn.RNNBase, "__getstate__", lambda module: vars(module).copy()):
        hand_in.save(trained, _use_new_zipfile_serialization=False)
    loaded = hand_in.load()
    torch.testing.assert_close(outputs_of(loaded.model), expected)
    assert loaded.notes == ["attributes that a later torch expects got their defaults: GRU.dropout"]


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_plain_pickle_of_a_gpu_machine(hand_in: HandIn, protocol: int) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    with gpu_machine():
        hand_in.file.write_bytes(pickle.dumps(trained, protocol))
    assert_same(hand_in.load(), trained)


@pytest.mark.parametrize("rest", ["device, hidden=4", "hidden=4, *, device"])
def test_device_that_the_class_wants(hand_in: HandIn, rest: str) -> None:
    """Most of the time a notebook passes its own variable of that name."""
    code = MODEL_CODE.replace("hidden=4", rest, 1).replace(
        "super().__init__()", "super().__init__(); torch.zeros(1).to(device)"
    )
    trained = hand_in.trained()
    hand_in.script("rnn_lm.py", code)
    hand_in.save(trained.state_dict())
    assert_same(hand_in.load(), trained)


def test_state_dict_that_was_not_called(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    hand_in.save(trained.state_dict)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert "it was taken from the method state_dict of a model, not called" in loaded.notes


@pytest.mark.parametrize("wrapped", [lambda m: {"model": m, "epoch": 1}, lambda m: (m, FREQ)])
def test_checkpoint_with_a_model(hand_in: HandIn, wrapped: Any) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    hand_in.save(wrapped(trained))
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert len(loaded.notes) == 1


@pytest.mark.parametrize(
    ("wrap", "kind"),
    [
        (nn.DataParallel, "DataParallel"),
        (torch.compile, "torch.compile"),
        (both_wrappers, "DataParallel"),
        (torch.optim.swa_utils.AveragedModel, "AveragedModel"),
    ],
)
def test_wrapper(hand_in: HandIn, wrap: Any, kind: str) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    hand_in.save(wrap(trained))
    loaded = hand_in.load()
    assert type(loaded.model).__name__ == "SentenceModel"
    assert_same(loaded, trained)
    assert f"the wrapper of {kind} was taken off" in loaded.notes


def test_distributed_wrapper(hand_in: HandIn) -> None:
    """The original cannot be unpickled without the other processes."""
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    wrapper = nn.DataParallel(trained)
    raw = pickle.dumps(wrapper, 0)
    names = b"ctorch.nn.parallel.data_parallel\nDataParallel\n"
    assert names in raw
    distributed = b"ctorch.nn.parallel.distributed\nDistributedDataParallel\n"
    hand_in.file.write_bytes(raw.replace(names, distributed))
    assert_same(hand_in.load(), trained)


def test_torchscript(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    torch.jit.save(torch.jit.trace(trained, torch.tensor([[1, 2]])), hand_in.file)
    assert_same(hand_in.load(), trained)


def test_weights_that_the_grader_trained(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    raw = io.BytesIO()
    torch.save(trained.state_dict(), raw)
    assert_same(hand_in.loader().load_weights(raw.getvalue()), trained)


@pytest.mark.parametrize("value", [1.5, torch.nan, torch.inf])
def test_whether_weights_are_finite(hand_in: HandIn, value: float) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    nn.init.constant_(trained.out.bias, value)
    hand_in.save(trained)
    assert hand_in.load().finite == (value == 1.5)


def test_weights_that_cannot_be_asked_are_no_failure() -> None:
    model = nn.Module()
    model.odd = nn.Parameter(torch.zeros(2).to(torch.float8_e5m2), requires_grad=False)
    assert Loaded(model, []).finite


def test_untrained_model(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    model = hand_in.loader().new_model()
    assert type(model).__name__ == "SentenceModel"
    assert outputs_of(model).shape == (2, 3, len(FREQ) + 3)


def test_model_of_another_vocabulary(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    model = hand_in.trained()
    hand_in.save(type(model)(FREQ[:3]).state_dict())
    assert "freq has 5 characters here, and the weights seem to be for 3" in why(hand_in)


FUNCTION = "def SentenceModel(freq):\n    return Characters(freq, 4)\n"


@pytest.mark.parametrize(
    "definition",
    [
        FUNCTION,
        "SentenceModel = lambda freq: Characters(freq, 4)\n",
        "from functools import partial\nSentenceModel = partial(Characters, hidden=4)\n",
    ],
)
def test_function_that_builds_the_model(hand_in: HandIn, definition: str) -> None:
    """The notebook calls SentenceModel(freq), and does not ask what kind of thing that is."""
    trained = hand_in.trained()
    code = MODEL_CODE.replace("SentenceModel", "Characters").replace("hidden=4", "hidden")
    hand_in.script("rnn_lm.py", f"{code}\n{definition}")
    hand_in.save(trained.state_dict())
    assert_same(hand_in.load(), trained)
    assert outputs_of(hand_in.loader().new_model()).shape == (2, 3, len(FREQ) + 3)


def test_function_of_a_notebook_that_builds_the_model(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    code = MODEL_CODE.replace("SentenceModel", "Characters")
    hand_in.notebook("a.ipynb", f"{code.strip()}\n", FUNCTION)
    hand_in.save(trained.state_dict())
    assert_same(hand_in.load(), trained)


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ("def SentenceModel(freq):\n    return 3\n", "rnn_lm.py returns no torch.nn.Module"),
        ("def SentenceModel(freq, a):\n    return 3\n", "and it does not take that (missing a"),
        ("from torch import nn\nSentenceModel = nn.Linear(2, 2)\n", "nothing in the hand-in"),
        ("class SentenceModel:\n    def __init__(self, freq):\n        pass", "py is no torch.nn"),
    ],
)
def test_what_builds_no_model(hand_in: HandIn, definition: str, words: str) -> None:
    hand_in.script("rnn_lm.py", definition)
    hand_in.save(hand_in.trained().state_dict())
    assert words in why(hand_in)


def test_class_that_needs_more_than_freq(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE.replace("hidden=4", "hidden"))
    hand_in.save(hand_in.trained().state_dict())
    message = why(hand_in)
    assert "SentenceModel(freq), with nothing else" in message
    assert "missing a required argument: 'hidden'" in message


def test_class_that_raises(hand_in: HandIn) -> None:
    """That is the student's exception, with its traceback, as in any other call."""
    hand_in.script("rnn_lm.py", MODEL_CODE.replace("len(freq)", "freq.length"))
    hand_in.save(hand_in.trained().state_dict())
    with pytest.raises(AttributeError, match="length") as error:
        hand_in.load()
    assert error.traceback[-1].path == hand_in.folder / "rnn_lm.py"
    assert error.traceback[-1].lineno + 1 == 8
    [note] = raised(error.value, str(hand_in.folder)).fields["notes"]
    assert note.startswith("SentenceModel of rnn_lm.py was called as the homework's notebook does")


def test_name_that_torch_does_not_have(hand_in: HandIn) -> None:
    hand_in.file.write_bytes(b"ctorch.nn.modules.futuristic\nBrain\n)R.")
    assert "torch.nn.modules.futuristic.Brain, which torch" in why(hand_in)


def test_numpy_of_another_major_version(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    trained.freq = FREQ
    raw = pickle.dumps(trained, 0)
    names = {b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n"}
    [here] = [name for name in names if name in raw]
    [there] = names - {here}
    hand_in.file.write_bytes(raw.replace(here, there))
    loaded = hand_in.load()
    assert (loaded.model.freq == FREQ).all()
