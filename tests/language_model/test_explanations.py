"""A student reads the one cause that was found, and the loss that counts."""

from __future__ import annotations

import pytest

from grader.language_model.dependencies import Kind
from grader.language_model.explanations import (
    looking_ahead,
    of_one_size,
    of_other_data,
    other_dependencies,
    unsteadiness,
)
from grader.measures import Interval, ModelMeasures, Signs
from grader.worker.loading import QUANTISED
from tests.reports.builders import causality, measures

OTHERS = [Kind.BATCH, Kind.PADDING, Kind.STATE]
WORDS = {
    Kind.FUTURE: "bidirectional",
    Kind.NEXT: "off by one",
    Kind.BATCH: "batch_first=True",
    Kind.PADDING: "padded length",
    Kind.STATE: "hidden state",
    Kind.RANDOMNESS: "dropout",
}


def found(*kinds: Kind, changed: int = 12, looks_ahead: bool = False) -> ModelMeasures:
    return measures(
        loss=2.345678,
        interval=Interval(low=2.22, high=2.25),
        prefix_loss=2.345678 if looks_ahead else None,
        whole_sentence_loss=0.123456,
        causality=causality(*kinds, changed=changed, looks_ahead=looks_ahead),
    )


def words_in(text: str) -> set[Kind]:
    return {kind for kind, words in WORDS.items() if words in text}


@pytest.mark.parametrize("kind", [Kind.FUTURE, Kind.NEXT])
def test_why_it_looks_ahead(kind: Kind) -> None:
    text = looking_ahead(found(kind, Kind.STATE, looks_ahead=True))
    assert words_in(text) == {kind}
    assert "alone: 2.346 (95 % interval 2.220 to 2.250; the places are drawn anew" in text
    assert "), and not the 0.123 with" in text
    assert "12 of 480 probed predictions changed" in text


def test_looking_ahead_of_which_no_experiment_told() -> None:
    text = looking_ahead(found(looks_ahead=True))
    assert words_in(text) == set()
    assert text.startswith("The model looks ahead")
    assert "2.346" in text


def test_state_alone_is_told_before_looking_ahead() -> None:
    text = looking_ahead(found(Kind.STATE, looks_ahead=True))
    assert words_in(text) == {Kind.STATE}
    assert not text.startswith("The model looks ahead")
    assert "2.346" in text


@pytest.mark.parametrize("kind", OTHERS)
def test_each_other_dependency(kind: Kind) -> None:
    assert words_in(other_dependencies(found(kind, Kind.FUTURE, Kind.RANDOMNESS))) == {kind}


def test_several_other_dependencies() -> None:
    text = other_dependencies(found(Kind.STATE, Kind.BATCH))
    assert words_in(text) == {Kind.STATE, Kind.BATCH}


@pytest.mark.parametrize("kinds", [(), (Kind.FUTURE,), (Kind.RANDOMNESS,)])
def test_no_other_dependency(kinds: tuple[Kind, ...]) -> None:
    assert other_dependencies(found(*kinds, looks_ahead=Kind.FUTURE in kinds)) == ""


@pytest.mark.parametrize("kind", [Kind.FUTURE, Kind.NEXT])
def test_faint_dependency_on_what_follows(kind: Kind) -> None:
    text = other_dependencies(found(kind, Kind.STATE, changed=0))
    assert "it costs nothing. Is the model quantised" in text
    assert words_in(text) == {Kind.STATE}


@pytest.mark.parametrize(("prefix_loss", "counts"), [(None, False), (2.5, True)])
def test_loss_from_beginnings_of_what_varies(prefix_loss: float | None, counts: bool) -> None:
    measured = found(Kind.RANDOMNESS).model_copy(update={"prefix_loss": prefix_loss})
    assert ("what counts is its loss from the sentences' beginnings" in unsteadiness(measured)) == (
        counts
    )
    assert ("2.346 (95 % interval 2.220 to 2.250" in unsteadiness(measured)) == counts


def test_randomness() -> None:
    text = unsteadiness(found(Kind.RANDOMNESS, Kind.BATCH))
    assert words_in(text) == {Kind.RANDOMNESS}


def test_randomness_of_train_mode_is_the_modes() -> None:
    text = unsteadiness(
        found(Kind.RANDOMNESS).model_copy(update={"fails_in_eval_mode": "It raised."})
    )
    assert "each time. It was scored in train() mode, as it fails in eval() mode" in text
    assert "Is a dropout left on" not in text


def test_network_that_magnifies_rounding() -> None:
    text = unsteadiness(found(changed=7))
    assert text.startswith("At 7 of 480 places")
    assert "rounding" in text


@pytest.mark.parametrize(
    "measured",
    [
        found(changed=0),
        found(Kind.BATCH),
        found(Kind.FUTURE, looks_ahead=True),
        found(looks_ahead=True),
    ],
)
def test_steady_model(measured: ModelMeasures) -> None:
    assert unsteadiness(measured) == ""


def test_every_kind_has_its_words() -> None:
    every = found(*Kind, looks_ahead=True)
    told = looking_ahead(every) + other_dependencies(every) + unsteadiness(every)
    # Of what looks ahead, one cause is named.
    assert words_in(told) == set(Kind) - {Kind.NEXT}


def test_loss_in_the_notebooks_batches() -> None:
    mixing = found(Kind.BATCH)
    again = mixing.model_copy(update={"in_notebook_batches": True})
    told = other_dependencies(again)
    assert told.startswith(other_dependencies(mixing))
    assert "batches that the notebook makes" in told


def test_scale_that_quantised_layers_take_for_a_batch() -> None:
    mixing = found(Kind.BATCH, Kind.STATE)
    told = other_dependencies(mixing.model_copy(update={"loading": ("a note", QUANTISED)}))
    assert "quantize_dynamic, which takes one scale for a whole batch" in told
    assert words_in(told) == {Kind.STATE}
    ahead = found(Kind.FUTURE, looks_ahead=True).model_copy(update={"loading": (QUANTISED,)})
    assert "that alone can do it" in looking_ahead(ahead)


def test_model_that_was_built_for_other_data() -> None:
    measured = found().model_copy(update={"signs": Signs.model_construct(columns=98)})
    assert "gives 98 logits for each position, and this data has 89" in of_other_data(measured, 89)
    assert of_other_data(measured, 98) == ""
    assert of_other_data(found(), 1) == ""


@pytest.mark.parametrize(
    ("rows", "sentences", "words"),
    [
        (None, 1010, ""),
        (50, 1000, ""),
        (50, 1010, "notebook's own test takes 50 at once, and 10 in its last batch"),
        (64, 1000, "notebook's own test takes 50 at once, and fails"),
    ],
)
def test_model_that_takes_one_number_of_sentences(
    rows: int | None, sentences: int, words: str
) -> None:
    told = of_one_size(measures(sentences_at_once=rows, all_sentences=sentences), 50)
    assert words in told
    assert bool(told) == bool(words)
