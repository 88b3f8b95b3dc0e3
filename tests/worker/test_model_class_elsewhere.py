"""The class of a model that is not in rnn_lm.py under its name: elsewhere, renamed, nowhere."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from grader.worker.saved_file import CannotLoad
from tests.worker.loading_support import MODEL_CODE, HandIn, assert_same


@pytest.mark.parametrize(
    "file", ["layers.py", "lib/layers.py", "lib/__init__.py", "my layers.py", "json.py"]
)
def test_class_of_another_file(hand_in: HandIn, file: str) -> None:
    """One of these has the name of a module that is there already."""
    trained = hand_in.trained()
    hand_in.script("broken.py", "class SentenceModel(:")
    hand_in.script("unrelated.py", "raise RuntimeError('must not be imported')")
    hand_in.script(file, MODEL_CODE)
    hand_in.save(trained)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert f"the class SentenceModel came from {file}" in loaded.notes


def test_class_that_rnn_lm_imports(hand_in: HandIn) -> None:
    trained = hand_in.trained(module="rnn_lm")
    hand_in.script("rnn_lm.py", "from models import *")
    hand_in.script("models.py", MODEL_CODE)
    hand_in.save(trained)
    assert_same(hand_in.load(), trained)


@pytest.mark.parametrize("module", ["rnn_lm", "__main__"])
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("line", ["from no_such import *", "data = open('train.csv').read()"])
def test_file_that_cannot_be_imported_here(
    hand_in: HandIn, line: str, weights: bool, module: str
) -> None:
    trained = hand_in.trained(module=module)
    hand_in.script(
        "rnn_lm.py", f"{line}\nSIZE = 4\n{MODEL_CODE.replace('hidden=4', 'hidden=SIZE')}"
    )
    hand_in.save(trained.state_dict() if weights else trained)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert any("importing rnn_lm.py failed (" in note for note in loaded.notes)


def test_file_that_ends_the_program_where_it_is_imported(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    wants = "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('data')\n"
    hand_in.script("rnn_lm.py", f"{MODEL_CODE}\n{wants}ARGUMENTS = parser.parse_args([])\n")
    hand_in.save(trained)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert any("importing rnn_lm.py failed (SystemExit: 2)" in note for note in loaded.notes)


@pytest.mark.parametrize("weights", [False, True])
def test_file_that_would_train_is_not_run(hand_in: HandIn, weights: bool) -> None:
    trained = hand_in.trained()
    training = "while True:\n    SentenceModel([1] * 9).out.weight.sum().backward()\n"
    hand_in.script("rnn_lm.py", f"{MODEL_CODE}\n{training}")
    hand_in.save(trained.state_dict() if weights else trained)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert any("rnn_lm.py trains a model where it is imported" in note for note in loaded.notes)


@pytest.mark.parametrize(
    ("code", "error"), [("from no_such import *", ModuleNotFoundError), ("def f(:", SyntaxError)]
)
def test_error_of_the_file_that_should_have_the_class(
    hand_in: HandIn, code: str, error: type[Exception]
) -> None:
    hand_in.save(hand_in.trained())
    hand_in.script("rnn_lm.py", code)
    with pytest.raises(error):
        hand_in.load()


@pytest.mark.parametrize("weights", [False, True])
def test_class_that_is_nowhere(hand_in: HandIn, weights: bool) -> None:
    trained = hand_in.trained()
    hand_in.script("rnn_lm.py", "x = 1")
    hand_in.notebook("a.ipynb", "print(1)")
    hand_in.save(trained.state_dict() if weights else trained)
    with pytest.raises(CannotLoad) as error:
        hand_in.load()
    assert str(error.value).startswith(
        "The model needs the class SentenceModel, and nothing in the hand-in defines it: neither "
        "rnn_lm.py nor another Python file nor a notebook."
    )


@pytest.mark.parametrize("handed_in", ["from layers import Own", "import layers"])
def test_class_of_a_module_that_is_not_handed_in(
    hand_in: HandIn, monkeypatch: pytest.MonkeyPatch, handed_in: str
) -> None:
    layers = ModuleType("layers")
    exec("import torch\nclass Own(torch.nn.Linear):\n    pass", vars(layers))
    monkeypatch.setitem(sys.modules, "layers", layers)
    hand_in.save(layers.Own(2, 3))
    monkeypatch.delitem(sys.modules, "layers")
    hand_in.script("rnn_lm.py", f"{handed_in}\n{MODEL_CODE}")
    with pytest.raises(CannotLoad) as error:
        hand_in.load()
    assert "needs the class Own, and nothing in the hand-in defines it" in str(error.value)
    assert "layers is neither in the hand-in nor installed" in str(error.value)
    assert str(error.value).endswith("The saved model names it layers.Own.")


LAYER = "class {}(nn.Module):\n    pass\n"


@pytest.mark.parametrize(
    "others",
    [
        "",
        LAYER.format("Attention") + LAYER.format("Block"),
        "class Config:\n    pass\nfrom torch.nn import GRU\n",
    ],
)
@pytest.mark.parametrize("weights", [False, True])
def test_class_that_was_renamed(hand_in: HandIn, weights: bool, others: str) -> None:
    trained = hand_in.trained(module="rnn_lm")
    renamed = MODEL_CODE.replace("SentenceModel", "SentModel").strip()
    hand_in.script("rnn_lm.py", f"{renamed}\n\n{others}")
    hand_in.save(trained.state_dict() if weights else trained)
    words = "rename it. rnn_lm.py defines SentModel, which must be called SentenceModel"
    with pytest.raises(CannotLoad, match=words):
        hand_in.load()


def test_layer_is_not_taken_for_a_renamed_model(hand_in: HandIn) -> None:
    hand_in.save(hand_in.trained(module="rnn_lm"))
    layers = LAYER.format("Attention") + LAYER.format("Block")
    hand_in.script("rnn_lm.py", f"from torch import nn\n{layers}")
    with pytest.raises(CannotLoad, match=r"Otherwise put the class there, too"):
        hand_in.load()


def test_class_of_a_package_that_is_not_here(hand_in: HandIn) -> None:
    hand_in.save(hand_in.trained(module="mamba"))
    with pytest.raises(CannotLoad, match=r"The saved model names it mamba\.SentenceModel\.$"):
        hand_in.load()


def test_class_inside_of_a_class(hand_in: HandIn) -> None:
    code = """
    class Outer:
        class Inner:
            def eval(self):
                return self

            def __call__(self, x):
                return x
    """
    hand_in.script("rnn_lm.py", code)
    hand_in.file.write_bytes(b"\x80\x04\x8c\x08__main__\x8c\x0bOuter.Inner\x93)R.")
    loaded = hand_in.load()
    assert type(loaded.model).__qualname__ == "Outer.Inner"
    # It is no module of torch's, and behaves like a model.
    assert loaded.parameters == 0
    assert loaded.model(3) == 3
