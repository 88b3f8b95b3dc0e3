"""What a student is told where the cause of a failure is not where it shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from grader.remedies import remedy_for
from grader.wire import Message
from grader.worker.devices import Redirection
from grader.worker.failures import raised
from grader.worker.loading import ModelLoader
from grader.worker.saved_file import CannotLoad
from grader.worker.sentence_model import LanguageModel
from tests.worker.loading_support import FREQ, MODEL_CODE, TOKENS, HandIn, why

READS_DATA = "TOKENS = len(set(open('train.csv').read()))\n"
IN_INIT = READS_DATA + MODEL_CODE.replace("len(freq) + 3", "TOKENS")
IN_FORWARD = READS_DATA + MODEL_CODE.replace("return self", "assert TOKENS\n        return self")
LAYER = "class {}(nn.Module):\n    pass\n"


def told(hand_in: HandIn) -> str:
    """What is said of an exception when the model is loaded and run."""
    model = LanguageModel(str(hand_in.folder))
    fields = {"file": hand_in.file.name, "device": "cpu", "seed": 1, "characters": ""}
    with pytest.raises(Exception) as error:
        model.load(Message("load_model", fields, (FREQ,)))
        model.logits(Message("logits", {}, (TOKENS.numpy().astype(np.uint8),)))
    return " ".join(raised(error.value, str(hand_in.folder)).fields["notes"])


@pytest.mark.parametrize("code", [IN_INIT, IN_FORWARD], ids=["__init__", "forward"])
def test_name_whose_statement_was_passed_over(hand_in: HandIn, code: str) -> None:
    trained = hand_in.trained()
    hand_in.script("rnn_lm.py", code)
    hand_in.save(trained.state_dict())
    words = told(hand_in)
    assert "rnn_lm.py does define TOKENS, but not all of it can be run here" in words
    assert "importing rnn_lm.py failed (FileNotFoundError: " in words
    assert "No such file or directory: 'train.csv'" in words


def test_name_that_is_nowhere_has_no_such_cause(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    hand_in.script("rnn_lm.py", READS_DATA + MODEL_CODE.replace("len(freq)", "CHARACTERS"))
    hand_in.save(trained.state_dict())
    assert "does define" not in told(hand_in)


def test_file_of_a_package_that_is_not_here(hand_in: HandIn) -> None:
    hand_in.file.write_bytes(b"\x80\x04\x8c\ndill._dill\x8c\x0c_create_type\x93)R.")
    assert why(hand_in).startswith("The model was saved with dill, which is not installed where")


def test_layer_that_was_saved_in_place_of_the_model(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    hand_in.save(nn.GRU(2, 4, batch_first=True))
    assert "is a bare GRU, one layer, and not the SentenceModel that it is a part" in told(hand_in)


def test_model_that_is_one_layer_and_works(hand_in: HandIn) -> None:
    hand_in.save(nn.Embedding(len(FREQ) + 3, len(FREQ) + 3))
    assert hand_in.load().model(TOKENS).shape == (2, 3, len(FREQ) + 3)


def test_class_that_takes_no_argument(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    code = MODEL_CODE.replace(", freq, hidden=4", "").replace("len(freq)", "5")
    hand_in.script("rnn_lm.py", code.replace("(2, hidden", "(2, 4").replace("(hidden,", "(4,"))
    hand_in.save(trained.state_dict())
    message = why(hand_in)
    assert message.endswith(
        "It takes no argument, and must take one, freq, even where it needs "
        "none: def __init__(self, freq)."
    )
    assert "other arguments" not in message


@pytest.mark.parametrize("weights", [False, True])
def test_classes_of_other_names_are_named(hand_in: HandIn, weights: bool) -> None:
    trained = hand_in.trained(module="rnn_lm")
    layers = LAYER.format("Head") + LAYER.format("CharGRU")
    hand_in.script("rnn_lm.py", f"from torch import nn\n{layers}")
    hand_in.save(trained.state_dict() if weights else trained)
    words = "rnn_lm.py defines Head and CharGRU: if one of them is the model, it must be called"
    assert words in why(hand_in)


def backward_twice() -> None:
    kept = (torch.ones(1, requires_grad=True) ** 2).sum()
    kept.backward()
    kept.backward()


def ids_into_a_layer() -> None:
    nn.GRU(2, 4)(torch.zeros(1, 1, 2, dtype=torch.int64))


def ids_into_a_product() -> None:
    nn.Linear(2, 4)(torch.zeros(1, 2, dtype=torch.int64))


def double_into_a_layer() -> None:
    nn.GRU(2, 4)(torch.zeros(1, 1, 2, dtype=torch.float64))


@pytest.mark.parametrize(
    ("fails", "words"),
    [
        (backward_twice, ".detach()"),
        (ids_into_a_layer, "through an embedding first"),
        (ids_into_a_product, "through an embedding first"),
        (double_into_a_layer, "float32 and float64 meet"),
    ],
)
def test_remedy(fails: Any, words: str) -> None:
    with pytest.raises((RuntimeError, ValueError)) as error:
        fails()
    assert words in remedy_for(error.type.__name__, str(error.value), "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("def __init__", "def _init_"), "its method _init_ must be called __init__"),
        (("        super().__init__()\n", ""), "its __init__ must call super().__init__()"),
    ],
)
def test_class_that_cannot_be_built(hand_in: HandIn, change: tuple[str, str], words: str) -> None:
    trained = hand_in.trained()
    assert change[0] in MODEL_CODE
    hand_in.script("rnn_lm.py", MODEL_CODE.replace(*change))
    hand_in.save(trained.state_dict())
    assert words in told(hand_in)


def test_attribute_that_is_misspelt(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    name = next(iter(trained._modules))
    hand_in.script("rnn_lm.py", MODEL_CODE.replace(f"self.{name}(", f"self.{name[:-1]}("))
    hand_in.save(trained.state_dict())
    assert f"It has an attribute {name}, which may be meant" in told(hand_in)


def test_name_of_a_relative_import(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    hand_in.script("sizes.py", "TOKENS = 9\n")
    code = MODEL_CODE.replace("len(freq) + 3", "TOKENS")
    hand_in.script("rnn_lm.py", "from .sizes import TOKENS\n" + code)
    hand_in.save(trained.state_dict())
    assert "write 'from sizes import TOKENS', without the dot" in told(hand_in)


def test_class_that_an_import_does_not_find(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    inside = "".join(f"    {line}\n" for line in MODEL_CODE.splitlines())
    hand_in.script("rnn_lm.py", f"if __name__ == '__main__':\n{inside}")
    hand_in.save(trained.state_dict())
    assert "has under 'if __name__ == '__main__':', which is not run" in why(hand_in)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("class SentenceModel(nn.Module):\n    def forward(self, x):\n        pass", "still as it"),
        (
            "class SentenceModel(nn.Module):\n"
            "    def __init__(self, freq):\n"
            "        super().__init__()\n"
            "        def forward(self, x):\n"
            "            return x",
            "its def forward stands inside of __init__",
        ),
        (
            "class SentenceModel(nn.Module):\n"
            "    def __init__(self, freq):\n"
            "        super().__init__()\n"
            "    def foward(self, x):\n"
            "        return x",
            "its method foward must be called forward",
        ),
    ],
)
def test_class_that_cannot_be_trained(hand_in: HandIn, text: str, words: str) -> None:
    if "__init__" not in text:
        init = "def __init__(self, freq):\n        super().__init__()\n    def forward"
        text = text.replace("def forward", init)
    hand_in.script("rnn_lm.py", f"import torch\nfrom torch import nn\n{text}\n")
    loader = ModelLoader(hand_in.folder, FREQ, Redirection(torch.device("cpu")))
    with pytest.raises(CannotLoad, match=words):
        loader.new_model()


INHERITED = """
class Net(nn.Module):
    def __init__(self, freq):
        super().__init__()
        self.layer = nn.Linear(2, no_such_size)
    def forward(self, x):
        return self._forward(x)

class SentenceModel(Net):
    def _forward(self, x):
        return self.layer(x)
    def init(self):
        pass
"""


def test_what_a_class_inherits_is_not_missing(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", f"import torch\nfrom torch import nn\n{INHERITED}")
    hand_in.save({"layer.weight": torch.zeros(2, 2)})
    assert "must be called" not in told(hand_in)


def test_class_of_another_that_forgets_to_begin_as_that_does(hand_in: HandIn) -> None:
    own = "    def __init__(self, freq):\n        self.layer = nn.Linear(2, 2)"
    code = INHERITED.replace("    def init(self):\n        pass", own)
    hand_in.script("rnn_lm.py", f"import torch\nfrom torch import nn\n{code}")
    hand_in.save({"layer.weight": torch.zeros(2, 2)})
    assert "its __init__ must call super().__init__()" in told(hand_in)


def test_what_else_fails_in_building_is_not_laid_to_a_missing_beginning(hand_in: HandIn) -> None:
    own = "    def __init__(self, freq):\n        begin(self)\n        open(freq_table.txt)"
    code = INHERITED.replace("    def init(self):\n        pass", own)
    begin = "import torch\nfrom torch import nn\nbegin = nn.Module.__init__"
    hand_in.script("rnn_lm.py", f"{begin}\n{code}")
    hand_in.save({"layer.weight": torch.zeros(2, 2)})
    assert "super().__init__()" not in told(hand_in)


def test_default_values_that_are_not_those_of_training(hand_in: HandIn) -> None:
    hand_in.save(hand_in.trained(MODEL_CODE.replace("hidden=4", "hidden=7")).state_dict())
    hand_in.script("rnn_lm.py", MODEL_CODE)
    assert "with its default values, hidden=4: those must be the ones of training" in why(hand_in)
