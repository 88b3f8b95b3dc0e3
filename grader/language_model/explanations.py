"""What a student reads about a model whose predictions depend on what they should not."""

from __future__ import annotations

from grader.language_model.dependencies import Kind
from grader.language_model.notebook_batches import fits
from grader.measures import ModelMeasures
from grader.worker.loading import QUANTISED

AHEAD = {
    Kind.FUTURE: (
        "The model looks ahead: when characters after a place are changed, its prediction there "
        "changes. Attention needs a causal mask (see "
        "torch.nn.Transformer.generate_square_subsequent_mask), a recurrent layer must not be "
        "bidirectional, a convolution must be padded on the left only, nothing may be averaged or "
        "normalised over all positions, and where axes are exchanged, a view or reshape in place "
        "of a transpose mixes up the positions."
    ),
    Kind.NEXT: (
        "The model sees the very character that it is to predict: when that one alone is changed, "
        "the prediction changes. Is its input shifted by one (torch.roll, or tokens[:, 1:]), is a "
        "causal mask off by one, or is a convolution padded on both sides?"
    ),
}
HIDDEN = (
    "The model looks ahead: with whole sentences in view its predictions are better than from the "
    "sentences' beginnings alone."
)
BETTER_WHOLE = (
    "With whole sentences in view the model's predictions are better than from the sentences' "
    "beginnings alone."
)
OR_AHEAD = "Or does it look at what follows where there is padding?"
OR_AHEAD_TOO = "Or does it look at what follows?"
NO_GAIN = (
    "On the whole it does worse by that, so what counts is its loss with whole sentences in view, "
    "{:.3f}. ({} of {} probed predictions changed.)"
)
OTHER = {
    Kind.BATCH: (
        "What the model predicts for a sentence depends on the other sentences of its batch. Is "
        "batch_first=True missing in a layer, is a softmax taken over the wrong dimension, does a "
        "normalisation use the whole batch, or does a view or reshape stand where a transpose is "
        "meant?"
    ),
    Kind.PADDING: (
        "What the model predicts depends on how long the sentence is, or on how much padding "
        "follows it. Does it count the characters up to PAD, divide by the padded length, or "
        "average over all positions? Whoever writes a sentence does not know its length before."
    ),
    Kind.STATE: (
        "What the model predicts depends on what it was asked before: a hidden state, a cache or "
        "running statistics stay from one call of forward to the next. Start each call anew."
    ),
}
BY_QUANTISATION = (
    "What the model predicts for a sentence depends on the other sentences of its batch: its "
    "layers are quantised by torch.ao.quantization.quantize_dynamic, which takes one scale for a "
    "whole batch. The model as it was before that does not depend on them, if nothing else is "
    "wrong."
)
AHEAD_BY_QUANTISATION = (
    "But its layers are quantised by torch.ao.quantization.quantize_dynamic, which takes one scale "
    "for a whole batch, of what follows too: that alone can do it, and the model as it was before "
    "tells."
)
AS_THE_NOTEBOOK = (
    "So its loss is another in other batches; what counts is that in the batches that the notebook "
    "makes of the test set."
)
FAINT = (
    "When characters after a place are changed, the model's prediction there changes a little, and "
    "by less than rounding allows with real sentences; it costs nothing. Is the model quantised, "
    "or does it scale by the largest value of its whole input?"
)
RANDOM = (
    "The model predicts something else each time, also in eval() mode. Is a dropout left on, such "
    "as torch.nn.functional.dropout without training=self.training, does it begin with a random "
    "state, such as torch.randn, or does it choose at random, as for teacher forcing?"
)
RANDOM_IN_TRAIN_MODE = (
    "The model predicts something else each time. It was scored in train() mode, as it fails in "
    "eval() mode, and there each dropout leaves out something else in each call: that makes its "
    "loss worse than it would be. Let it work in eval() mode, which turns dropout off."
)
UNSTABLE = (
    "At {changed} of {probes} places the prediction changed with the other sentences of the batch, "
    "or with how long its own goes on, by more than rounding should make of it; on average it was "
    "better by {gain:.3f} nats with the whole sentence in view, which may be chance. Does the "
    "model use the length of a sentence, or its place in the batch? If not, the network magnifies "
    "rounding: its recurrent weights may be very large."
)
FAILS_IN_EVAL_MODE = (
    "The model cannot be scored in eval() mode. {} In train() mode, in which it was saved and the "
    "notebook scores it, this does not happen, so that its loss is the one in that mode. What does "
    "forward, or a layer that it calls, do otherwise once self.training is false?"
)
OF_ONE_SIZE = (
    "The model takes {} sentences at once and no other number. Here it was given as many, but the "
    "notebook's own test takes {} at once{}, and fails with it. Where forward makes an array for "
    "the batch, such as the first hidden state, let it ask the input how many there are, by "
    "x.shape[0]."
)
LAST_BATCH = ", and {} in its last batch"
OTHER_FREQ = (
    " It gives {} logits for each position, and this data has {} tokens: was it built with the "
    "freq of other data, or with more tokens beside the characters than the three that there are?"
)
FROM_BEGINNINGS = (
    "They vary so much that what counts is its loss from the sentences' beginnings alone: {loss}, "
    "and not the {whole:.3f} with whole sentences in view."
)
DRAWN_ANEW = (
    "{:.3f} (95 % interval {:.3f} to {:.3f}; the places are drawn anew in each grading, so that it "
    "is never quite the same)"
)


def by_length(measures: ModelMeasures) -> bool:
    """Whether of what follows nothing but its length makes a difference, as far as is seen."""
    kinds = measures.causality.kinds
    return Kind.PADDING in kinds and AHEAD.keys().isdisjoint(kinds)


def by_state(measures: ModelMeasures) -> bool:
    """Whether of what was changed nothing but earlier calls makes a difference, as far as is seen:
    what stays of them is another in batches of whole sentences than in those of beginnings."""
    return measures.causality.kinds == (Kind.STATE,)


def looking_ahead(measures: ModelMeasures) -> str:
    """What is wrong with a model that looks ahead, and which loss of it counts."""
    causality = measures.causality
    found = next((text for kind, text in AHEAD.items() if kind in causality.kinds), HIDDEN)
    if by_state(measures):
        found = f"{BETTER_WHOLE} {OTHER[Kind.STATE]} {OR_AHEAD_TOO}"
    elif by_length(measures):
        found = f"{BETTER_WHOLE} {OTHER[Kind.PADDING]} {OR_AHEAD}"
    if QUANTISED in measures.loading:
        found += f" {AHEAD_BY_QUANTISATION}"
    if measures.prefix_loss is None:
        counts = NO_GAIN.format(measures.loss, causality.changed, causality.probes)
        return f"{found} {counts}"
    return (
        f"{found} What counts is its loss from the sentences' beginnings alone: "
        f"{_with_interval(measures)}, and not the {measures.whole_sentence_loss:.3f} with whole "
        f"sentences in view. ({causality.changed} of {causality.probes} probed predictions "
        "changed.)"
    )


def other_dependencies(measures: ModelMeasures) -> str:
    """What else the predictions depend on; '' where that is nothing."""
    kinds = measures.causality.kinds
    known = {**OTHER, Kind.BATCH: BY_QUANTISATION} if QUANTISED in measures.loading else OTHER
    found = [text for kind, text in known.items() if kind in kinds]
    if measures.in_notebook_batches:
        found.append(AS_THE_NOTEBOOK)
    if not measures.causality.looks_ahead and not AHEAD.keys().isdisjoint(kinds):
        found.append(FAINT)
    return " ".join(found)


def failure_in_eval_mode(measures: ModelMeasures) -> str:
    """Why the model was scored in the mode that it was saved in; '' where it was not."""
    why = measures.fails_in_eval_mode
    return FAILS_IN_EVAL_MODE.format(why) if why else ""


def of_one_size(measures: ModelMeasures, notebook_batch: int) -> str:
    """Why the notebook's test fails with a model that takes one number of sentences alone; ''
    where it does not."""
    rows, sentences = measures.sentences_at_once, measures.all_sentences
    if fits(rows, sentences, notebook_batch):
        return ""
    last = sentences % notebook_batch
    return OF_ONE_SIZE.format(rows, notebook_batch, LAST_BATCH.format(last) if last else "")


def of_other_data(measures: ModelMeasures, tokens: int) -> str:
    """That a model knows more than there is, as far as that is known, for the end of a message."""
    columns = 0 if measures.signs is None else measures.signs.columns
    return OTHER_FREQ.format(columns, tokens) if columns > tokens else ""


def unsteadiness(measures: ModelMeasures) -> str:
    """Why the same question gets several answers; '' where it does not."""
    causality = measures.causality
    if Kind.RANDOMNESS in causality.kinds:
        found = RANDOM_IN_TRAIN_MODE if measures.fails_in_eval_mode else RANDOM
    elif causality.changed and not causality.kinds and not causality.looks_ahead:
        found = UNSTABLE.format(
            changed=causality.changed, probes=causality.probes, gain=causality.mean_gain
        )
    else:
        return ""
    if measures.prefix_loss is None or causality.looks_ahead:
        return found
    whole = measures.whole_sentence_loss
    return f"{found} {FROM_BEGINNINGS.format(loss=_with_interval(measures), whole=whole)}"


def _with_interval(measures: ModelMeasures) -> str:
    """The loss from beginnings, and how far chance may have moved it."""
    interval = measures.interval
    return DRAWN_ANEW.format(measures.loss, interval.low, interval.high)
