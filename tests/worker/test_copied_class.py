"""What only the notebook has, and a class that was copied from it, or a checkpoint, needs."""

from __future__ import annotations

import sys

import pytest

from tests.worker.loading_support import MODEL_CODE, HandIn, assert_same, why

NEEDS_PAD = MODEL_CODE.replace("return self", "assert x.max() <= PAD_ID\n        return self")
NEEDS_MORE = MODEL_CODE.replace("return self", "return FACTOR * self")
OTHER = MODEL_CODE.replace("return self", "return 2 * self")


@pytest.mark.parametrize("weights", [False, True], ids=["whole", "weights"])
@pytest.mark.parametrize(
    ("code", "before"), [(NEEDS_PAD, ""), (NEEDS_MORE, "FACTOR = 1\n")], ids=["given", "its own"]
)
def test_it_is_run_where_its_names_are(
    hand_in: HandIn, code: str, before: str, weights: bool
) -> None:
    trained = hand_in.trained(f"PAD_ID, FACTOR = 7, 1\n{code}")
    hand_in.script("rnn_lm.py", code)
    hand_in.notebook("Copy of a.ipynb", OTHER)
    hand_in.notebook("a.ipynb", before + code)
    hand_in.save(trained.state_dict() if weights else trained)
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert "the class SentenceModel came from a.ipynb" in loaded.notes


def test_what_has_its_names_is_run_as_it_was_handed_in(hand_in: HandIn) -> None:
    """Another number may stand in the notebook by now."""
    trained = hand_in.trained(f"FACTOR = 1\n{NEEDS_MORE}")
    hand_in.script("rnn_lm.py", f"FACTOR = 1\n{NEEDS_MORE}")
    hand_in.notebook("a.ipynb", f"FACTOR = 2\n{NEEDS_MORE}")
    hand_in.save(trained)
    assert_same(hand_in.load(), trained)


def test_names_that_are_nowhere_are_told_of_rnn_lm(hand_in: HandIn) -> None:
    trained = hand_in.trained(f"FACTOR = 1\n{NEEDS_MORE}")
    hand_in.script("rnn_lm.py", NEEDS_MORE)
    hand_in.notebook("a.ipynb", NEEDS_MORE)
    hand_in.save(trained)
    assert hand_in.load().notes == []


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("module", ["__main__", "rnn_lm"])
def test_data_set_of_the_notebook_is_not_needed(hand_in: HandIn, module: str, whole: bool) -> None:
    """Nothing of it is the model's, and the class is the course's own."""
    trained = hand_in.trained(f"class StrData:\n    pass\n{MODEL_CODE}", module)
    data = sys.modules[module].StrData()
    data.sentences = ["abc"]
    hand_in.script("rnn_lm.py", MODEL_CODE)
    hand_in.save({"model": trained if whole else trained.state_dict(), "data": data})
    assert_same(hand_in.load(), trained)


def test_data_set_alone_is_no_model(hand_in: HandIn) -> None:
    hand_in.trained("class StrData:\n    pass\nSentenceModel = lambda _: 0\n")
    hand_in.save(sys.modules["__main__"].StrData())
    assert "holds a value of type StrData, and neither a model nor its weights" in why(hand_in)
