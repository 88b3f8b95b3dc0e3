"""The class of a model is found in any file of the hand-in, and the right one of several."""

from __future__ import annotations

import pickle
import sys

import pytest
import torch

from grader.worker.model_code import ModelCode
from grader.worker.saved_file import CannotLoad
from tests.worker.loading_support import CPU, FREQ, MODEL_CODE, TOKENS, HandIn, assert_same

CELLS = (
    "from google.colab import drive\nimport torch\nfrom torch import nn\nimport no_such_package",
    "%matplotlib inline\n!pip install torch\ndrive.mount('/content')",
    "HIDDEN = 4\nTOKENS = len(freq) + 3\nthis is not Python",
    "HIDDEN = 2 * 2\nTOKENS = len(freq) + 3\ntrain = open('train.csv').read()",
    """
    class SentenceModel(nn.Module):
        def __init__(self, freq):
            super().__init__()
            self.emb = nn.Embedding(TOKENS, 2)
            self.rnn = nn.GRU(2, HIDDEN, batch_first=True)
            self.out = nn.Linear(HIDDEN, TOKENS)

        def forward(self, x):
            assert x.max() < PAD_ID and device.type == "cpu" and BEGIN_ID + 1 == END_ID
            return self.out(self.rnn(self.emb(x))[0])
    """,
    "model = SentenceModel(freq)\nraise RuntimeError('trains for hours')",
)
NOT_HERE = "what is imported and not installed here:"
OTHER_MODEL = MODEL_CODE.replace("self.rnn", "self.gru")
SKELETON = "from torch import nn\nclass SentenceModel(nn.Module):\n    pass\n"


def test_class_of_a_notebook(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    hand_in.notebook("rnn.ipynb", *CELLS)
    hand_in.save(trained)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert loaded.notes[0] == "the class SentenceModel came from rnn.ipynb"
    assert loaded.notes[1] == f"{NOT_HERE} google, no_such_package"
    assert type(loaded.model) is sys.modules["__main__"].SentenceModel


def test_weights_for_the_class_of_a_notebook(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    hand_in.notebook("rnn.ipynb", *CELLS)
    hand_in.save(trained.state_dict())
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert loaded.notes[0] == "the class SentenceModel came from rnn.ipynb"


def test_student_code_may_unpickle_what_its_notebook_made(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    hand_in.save(hand_in.trained())
    model = hand_in.load().model
    assert type(pickle.loads(b"c__main__\nSentenceModel\n.")(FREQ)) is type(model)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU to be found")
def test_file_that_needs_a_gpu_is_not_given_up(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    hand_in.script("rnn_lm.py", f"import torch\nX = torch.ones(1).cuda()\n{MODEL_CODE}")
    hand_in.notebook("a.ipynb", MODEL_CODE)
    hand_in.save(trained)
    loaded = hand_in.load()
    assert type(loaded.model).__module__ == "rnn_lm"
    assert loaded.notes == ["devices that the code names were redirected to cpu"]


@pytest.mark.parametrize("module", ["numpy.core.multiarray", "numpy._core.multiarray"])
def test_numpy_of_another_major_version(hand_in: HandIn, module: str) -> None:
    def only_the_other(asked: str, name: str) -> str:
        if asked == module:
            raise ModuleNotFoundError
        return f"{asked}.{name}"

    code = ModelCode(hand_in.folder, FREQ, CPU)
    [other] = {"numpy.core.multiarray", "numpy._core.multiarray"} - {module}
    assert code.find(module, "scalar", only_the_other) == f"{other}.scalar"


def test_rnn_lm_comes_before_notebooks(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    hand_in.script("rnn_lm.py", MODEL_CODE)
    hand_in.notebook("rnn.ipynb", MODEL_CODE)
    hand_in.save(trained)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert loaded.notes == []


@pytest.mark.parametrize("rnn_lm", [SKELETON, OTHER_MODEL])
@pytest.mark.parametrize("weights", [False, True])
def test_class_that_fits_is_taken(hand_in: HandIn, rnn_lm: str, weights: bool) -> None:
    """The notebook's class was trained, and rnn_lm.py has another one, or an unfinished one."""
    trained = hand_in.trained()
    hand_in.script("rnn_lm.py", rnn_lm)
    hand_in.notebook("a.ipynb", OTHER_MODEL)
    hand_in.notebook("b.ipynb", MODEL_CODE)
    hand_in.save(trained.state_dict() if weights else trained)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert loaded.notes == ["the class SentenceModel came from b.ipynb"]


def test_where_none_fits_it_is_that_of_rnn_lm(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    hand_in.script("rnn_lm.py", OTHER_MODEL)
    hand_in.notebook("a.ipynb", OTHER_MODEL)
    hand_in.save(trained)
    loaded = hand_in.load()
    assert loaded.notes == []
    assert sys.modules["rnn_lm"].SentenceModel is type(loaded.model)


STUB = """
import torch
class SentenceModel(torch.nn.Module):
    def forward(self, x):
        raise NotImplementedError
"""
SCALED = MODEL_CODE.replace("return self", "return 2 * self")


@pytest.mark.parametrize("rnn_lm", [STUB, SCALED], ids=["a stub", "another version"])
def test_class_that_a_notebook_saved_is_its_own(hand_in: HandIn, rnn_lm: str) -> None:
    """What is imported from rnn_lm.py is saved under that name, and this was not."""
    trained = hand_in.trained()
    hand_in.script("rnn_lm.py", rnn_lm)
    hand_in.notebook("a.ipynb", MODEL_CODE)
    hand_in.save(trained)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert loaded.notes == ["the class SentenceModel came from a.ipynb"]


RUN_AS_A_PROGRAM = """
if __name__ == "__main__":
    torch.save(SentenceModel([1]), "rnn_lm.sav")
"""
NEEDS_MORE = MODEL_CODE.replace("return self", "return factor * self")


@pytest.mark.parametrize(
    ("rnn_lm", "module", "notebook"),
    [
        (f"{MODEL_CODE}{RUN_AS_A_PROGRAM}", "__main__", SCALED),
        (MODEL_CODE, "rnn_lm", SCALED),
        (MODEL_CODE, "__main__", NEEDS_MORE),
        (f"from torch import save\n{MODEL_CODE}\ndef keep(m): save(m, 'x')\n", "__main__", SCALED),
        (f"{MODEL_CODE}\nif __name__ == '__main__': fit()\n", "__main__", SCALED),
        (MODEL_CODE, "__main__", f"{SCALED}\n%run rnn_lm.py\n"),
        (MODEL_CODE, "__main__", f"{SCALED}\nexec(open('rnn_lm.py').read())\n"),
    ],
    ids=(
        "saved by rnn_lm.py,imported from rnn_lm.py,not all of the notebook's is known,"
        "saved by a name,run as a program,run by the notebook,executed by it"
    ).split(","),
)
def test_class_of_rnn_lm_that_was_saved(
    hand_in: HandIn, rnn_lm: str, module: str, notebook: str
) -> None:
    trained = hand_in.trained(MODEL_CODE, module)
    hand_in.script("rnn_lm.py", rnn_lm)
    hand_in.notebook("a.ipynb", notebook)
    hand_in.save(trained)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert not any("came from" in note for note in loaded.notes)


def test_class_of_a_copy_is_not_taken_where_the_notebook_has_that_of_rnn_lm(
    hand_in: HandIn,
) -> None:
    trained = hand_in.trained()
    hand_in.script("rnn_lm.py", MODEL_CODE)
    hand_in.notebook("Copy of a.ipynb", SCALED)
    hand_in.notebook("a.ipynb", MODEL_CODE)
    hand_in.save(trained)
    assert_same(hand_in.load(), trained)


def test_unfinished_class_was_not_trained(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    hand_in.script("rnn_lm.py", f"{STUB}{RUN_AS_A_PROGRAM}")
    hand_in.notebook("a.ipynb", MODEL_CODE)
    hand_in.save(trained)
    assert_same(hand_in.load(), trained)


def test_attribute_that_comes_later_is_not_missed(hand_in: HandIn) -> None:
    code = MODEL_CODE.replace(
        "        return",
        "        self.last = x if not hasattr(self, 'last') else self.last\n        return",
    )
    trained = hand_in.trained(code, "rnn_lm")
    hand_in.script("rnn_lm.py", code)
    hand_in.notebook("a.ipynb", MODEL_CODE)
    hand_in.save(trained)
    assert hand_in.load().notes == []


def test_cell_that_writes_the_file(hand_in: HandIn) -> None:
    trained = hand_in.trained(module="rnn_lm")
    hand_in.notebook("a.ipynb", "%%writefile rnn_lm.py\n" + MODEL_CODE)
    hand_in.save(trained)
    assert_same(hand_in.load(), trained)


def test_last_definition_counts(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    hand_in.notebook("a.ipynb", OTHER_MODEL, MODEL_CODE)
    hand_in.notebook("b.ipynb", MODEL_CODE)
    hand_in.save(trained)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert loaded.notes == ["the class SentenceModel came from a.ipynb"]


def test_notebook_that_cannot_be_read(hand_in: HandIn) -> None:
    trained = hand_in.trained()
    hand_in.script("a.ipynb", '{"cells": [')
    hand_in.notebook("b.ipynb", MODEL_CODE)
    hand_in.save(trained)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert any("a.ipynb is no notebook that can be read" in note for note in loaded.notes)


NEEDING = MODEL_CODE.replace("return self", "return rearrange(self") + ", 'b l v -> b l v')"


@pytest.mark.parametrize("last_line", ["", "open('train.csv')"])
def test_package_that_is_not_here_costs_what_needs_it(hand_in: HandIn, last_line: str) -> None:
    """Also where the file cannot be imported as it is, and only its definitions are run."""
    trained = hand_in.trained()
    line = "from no_such_package.parts import rearrange"
    hand_in.script("rnn_lm.py", f"{line}\n{MODEL_CODE}\n{last_line}")
    hand_in.save(trained)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert f"{NOT_HERE} no_such_package" in loaded.notes
    assert len(loaded.notes) == 1 + bool(last_line)


@pytest.mark.parametrize("last_line", ["", "open('train.csv')"])
def test_package_that_is_not_here_is_named_where_it_is_needed(
    hand_in: HandIn, last_line: str
) -> None:
    hand_in.save(hand_in.trained())
    line = "from no_such_package.parts import rearrange"
    hand_in.script("rnn_lm.py", f"{line}\n{NEEDING.strip()}\n{last_line}")
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_package'"):
        hand_in.load().model(TOKENS)


def test_class_that_takes_its_sizes_from_the_notebooks_variables(hand_in: HandIn) -> None:
    sizes = MODEL_CODE.replace("tokens = len(freq) + 3", "tokens = len(vocabulary) + 3")
    sizes = sizes.replace("hidden=4", "hidden=len(str_voc) - 1 + (max_len - 100) + (min_len - 32)")
    trained = hand_in.trained()
    hand_in.script("rnn_lm.py", SKELETON)
    hand_in.notebook("a.ipynb", sizes)
    hand_in.save(trained.state_dict())
    assert_same(hand_in.load(), trained)


@pytest.mark.parametrize(("code", "error"), [(SKELETON, TypeError), (OTHER_MODEL, CannotLoad)])
def test_why_no_class_fits_is_said_of_two(
    hand_in: HandIn, code: str, error: type[Exception]
) -> None:
    hand_in.script("rnn_lm.py", code)
    hand_in.notebook("a.ipynb", MODEL_CODE.replace("len(freq)", "undefined_here"))
    hand_in.save(hand_in.trained().state_dict())
    with pytest.raises(error) as caught:
        hand_in.load()
    said = [str(caught.value), *getattr(caught.value, "__notes__", ())]
    words = "Nor could SentenceModel of a.ipynb be used: NameError: name 'undefined_here'"
    assert words in " ".join(said)


def test_exit_where_a_class_is_built_is_not_caught(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE.replace("super().__init__()", "raise SystemExit"))
    hand_in.save({"out.weight": torch.zeros(2, 2)})
    with pytest.raises(SystemExit):
        hand_in.load()
