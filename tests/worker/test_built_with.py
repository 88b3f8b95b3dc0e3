"""With what a class is built that weights alone were saved of."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest

from tests.worker.loading_support import (
    FREQ,
    MODEL_CODE,
    HandIn,
    assert_same,
    why,
)

OTHER_SIZE = MODEL_CODE.replace("hidden=4", "hidden=6, *, dropout=0.5")


@pytest.mark.parametrize(
    "beside",
    [
        {"config": {"hidden": 4, "dropout": 0.1, "lr": 0.01, "steps": [1, 2]}},
        {"args": Namespace(hidden=4, dropout=0.1, data="train.csv")},
        {"hidden": 4, "dropout": 0.1, "epoch": 3, "freq": 2, "self": "x"},
    ],
)
@pytest.mark.parametrize("code", [OTHER_SIZE, OTHER_SIZE.replace("hidden=6", "hidden")])
def test_checkpoint_that_says_with_what_sizes_to_build(
    hand_in: HandIn, beside: dict[str, Any], code: str
) -> None:
    hand_in.script("rnn_lm.py", code)
    trained = hand_in.trained()
    hand_in.save({**beside, "state_dict": trained.state_dict()})
    loaded = hand_in.load()
    assert_same(loaded, trained)
    built = "it was built as SentenceModel(freq, hidden=4, dropout=0.1), as the saved checkpoint"
    assert loaded.notes[1].startswith(built)


def test_class_that_fits_as_it_is_gets_nothing_of_the_checkpoint(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    hand_in.save({"hidden": 6, "state_dict": trained.state_dict()})
    assert len(hand_in.load().notes) == 1


@pytest.mark.parametrize("hidden", [6, "four"])
def test_sizes_that_do_not_help_are_not_spoken_of(hand_in: HandIn, hidden: object) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE.replace("hidden=4", "hidden=5"))
    hand_in.save({"hidden": hidden, "state_dict": hand_in.trained().state_dict()})
    assert "rnn.weight_ih_l0 is [12, 2] in the file, [15, 2] in the class" in why(hand_in)


@pytest.mark.parametrize(
    "code", [OTHER_SIZE, OTHER_SIZE.replace("=6", ""), OTHER_SIZE.replace("=6", "=None")]
)
def test_weights_are_given_to_what_the_notebook_builds(hand_in: HandIn, code: str) -> None:
    hand_in.script("rnn_lm.py", code)
    hand_in.notebook("work.ipynb", "HID = 4", "model = SentenceModel(freq, hidden=HID).to(device)")
    trained = hand_in.trained()
    hand_in.save(trained.state_dict())
    loaded = hand_in.load()
    assert_same(loaded, trained)
    assert loaded.notes == ["it was built as SentenceModel(freq, hidden=4), as work.ipynb says"]


def test_what_was_not_handed_in_is_built_as_the_notebook_does(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", OTHER_SIZE.replace("=6", ""))
    hand_in.script("train.py", "raise SystemExit\nmodel = rnn_lm.SentenceModel(counts, 3)")
    model: Any = hand_in.loader().new_model()
    assert model.rnn.hidden_size == 3
    assert hand_in.load_weights(model).notes == [
        "it was built as SentenceModel(freq, 3), as train.py says"
    ]


def test_class_with_defaults_is_trained_with_them(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", OTHER_SIZE)
    hand_in.script("train.py", "model = SentenceModel(freq, 3)")
    model: Any = hand_in.loader().new_model()
    assert model.rnn.hidden_size == 6


OF_A_SIZE = MODEL_CODE.replace("self, freq", "self, vocab_size").replace(
    "len(freq) + 3", "vocab_size"
)


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("model = SentenceModel(len(vocabulary) + 3)", "work.ipynb"),
        ("V = PAD_ID + 1\nmodel = SentenceModel(vocab_size=V)", "work.ipynb"),
        ("model = SentenceModel(count_of(text))", "the name vocab_size"),
    ],
)
def test_class_that_takes_how_many_tokens_there_are(hand_in: HandIn, code: str, call: str) -> None:
    hand_in.script("rnn_lm.py", OF_A_SIZE)
    hand_in.notebook("work.ipynb", code)
    trained = hand_in.loader().new_model()
    hand_in.save(trained.state_dict())
    loaded = hand_in.load()
    assert_same(loaded, trained)
    size = len(FREQ) + 3
    assert loaded.notes == [f"it was built as SentenceModel({size}), as {call} says"]


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("m = SentenceModel(len(char2id), 3)", "SentenceModel({}, 3)"),
        ("m = SentenceModel(vocab_size=len(char2id), hidden=3)", "SentenceModel({}, hidden=3)"),
        ("V = 0\nV = len(char2id)\nm = SentenceModel(V, 3)", "SentenceModel({}, 3)"),
    ],
)
def test_class_that_takes_a_number_that_is_not_known_here(
    hand_in: HandIn, code: str, call: str
) -> None:
    hand_in.script("rnn_lm.py", OF_A_SIZE.replace("hidden=4", "hidden"))
    hand_in.notebook("work.ipynb", code)
    loaded = hand_in.loader()
    hand_in.save(loaded.new_model().state_dict())
    told = call.format(len(FREQ) + 3)
    assert hand_in.load().notes == [f"it was built as {told}, as work.ipynb says"]


def test_other_first_argument_is_freq(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", OF_A_SIZE.replace("vocab_size", "width"))
    with pytest.raises(TypeError):
        hand_in.loader().new_model()


def test_arguments_that_do_not_help_are_told_of(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", OTHER_SIZE)
    hand_in.notebook("work.ipynb", "model = SentenceModel(freq, 5)")
    hand_in.save(hand_in.trained().state_dict())
    told = why(hand_in)
    assert "[12, 2] in the file, [18, 2] in the class" in told
    assert told.endswith("Nor does it go as SentenceModel(freq, 5), as in work.ipynb.")
