"""What a person should look at in how a language model came by its loss. No flag changes points."""

from __future__ import annotations

import math

from grader.language_model.altered import Altered
from grader.language_model.corpus import Vocabulary
from grader.language_model.dependencies import Kind
from grader.language_model.loaded_model import Loading
from grader.language_model.notebook_batches import fits
from grader.language_model.probing import Findings
from grader.language_model.rehearsal import FEWEST
from grader.language_model.totals import LossTotals
from grader.language_model.whole_sentences import WholeSentences
from grader.measures import Signs, TrainingRun
from grader.rubric import LanguageModel

Z_FLAG = 4.0
"""Standard errors that a difference must exceed."""
LEAST_NATS = 0.02
"""No smaller difference between two modes is worth a look."""
TOO_GOOD_PART = 0.75
"""Of the literature's loss. On the course's data nothing that was learnt from sentences alone is
near it, and on the made-up corpus the best models that were trained have 1.1 to 1.2."""
ALTERED_NATS = 0.3
"""By no less must the loss further on in sentences rise with one character changed."""
BY_HEART_NATS = 0.2
"""By no less must a loss on the test set be below that on training sentences. A model nearly always
does better on what it was trained on: of 40 that were trained on the course's data, or hardly at
all, none was better on the test set by more than 0.011, which is chance. The rest is room for data
whose test set is the easier one. Whoever learnt a test set by heart gains points by far more."""

IN_DOUBT = (
    "--quick ended when the points for whole sentences were certain, but what counts is the loss "
    "from the sentences' beginnings, which is near a threshold: grade without --quick to be sure"
)
LOOKS_AHEAD = (
    "the language model looks at what follows, and what counts is its loss from the sentences' "
    "beginnings; a person should look at how"
)
VARIES = (
    "the language model's predictions vary so much that a gain from looking ahead could be hidden "
    "in it: what counts is its loss from the sentences' beginnings alone"
)
NEAR_A_THRESHOLD = (
    "what counts is the language model's loss from the sentences' beginnings, of which a sample is "
    "asked for, and that is so near a threshold that another sample could earn other points: a "
    "person should look at it"
)
BY_LENGTH = (
    "what the language model predicts depends on how far a sentence goes on or is padded, or on "
    "what follows where there is padding: what counts is its loss from the sentences' beginnings"
    "{}; a person should look at which it is"
)
NOT_AS_NOTEBOOK = ", and not the {:.3f} that it has in the notebook's batches"
SLOW = (
    "the language model was too slow to be scored on all sentences: its loss is that of a random "
    "{:,} of {:,}"
)
SLOW_ALONE = (
    "the language model was too slow to be asked for all of the beginnings that its loss is "
    "measured from: the upper end of what it may be counts; a longer --timeout tells more"
)
OTHER_DATA = (
    "the language model gives {} logits for each position, and the data that it is scored on has "
    "{} tokens: was it trained on other data, or built with more tokens than there are? --data "
    "names the course's"
)
BETTER_IN_TRAIN_MODE = (
    "in train() mode the language model's loss is about {:.2f}, and not {:.2f}: that would earn "
    "more points, but eval() mode decides, which the notebook itself never calls; a person should "
    "look at it"
)
IN_SAVED_MODE = (
    "the language model fails in eval() mode, and works in train() mode, in which it was saved and "
    "the notebook scores it: what counts is its loss in that; a person should look at it"
)
FIXED_ROWS = (
    "the language model takes {} sentences at once and no other number, and was given as many; the "
    "notebook scores {} at once{}, and fails at other numbers: a person should look at it"
)
A_LAST_BATCH = ", with {} in its last batch"
LONG_ALONE = (
    "the language model takes no input of less than {} tokens, which the notebook never gives to "
    "it: sentences' beginnings that are shorter were filled up with random characters; a person "
    "should look at it"
)
NO_PRIVATE = "the language model could not be scored on the private test set"
BETTER_IN_PUBLIC = (
    "the language model does far better on the public test set ({:.3f}) than on the private one "
    "({:.3f}): was it trained on the public one? The points are unchanged; a person should look at "
    "it"
)
BETTER_IN_TEST = (
    "the language model does far better on the test set ({:.3f}) than on training sentences "
    "({:.3f}), which a trained model hardly ever does: was it trained on the test set? The points "
    "are unchanged; a person should look at it"
)
BY_HEART = (
    "the language model very likely knows the test set by heart: it does far better on that "
    "({:.3f}) than on training sentences ({:.3f}), and better than the literature ({:g} on the "
    "course's data). The points are unchanged; a person should look at it"
)
TOO_GOOD_ALONE = (
    "the language model's loss of {:.3f} is far below what the literature reaches ({:g} on the "
    "course's data): does it know the test set by heart? The points are unchanged; a person should "
    "look at it"
)
TOO_GOOD = (
    "the language model's loss is far below what the literature reaches ({2:g} on the course's "
    "data), on the test set ({0:.3f}) and on training sentences ({1:.3f}): does it know both by "
    "heart? The points are unchanged; a person should look at it"
)
NEEDS_EACH_CHARACTER = (
    "one changed character near the beginning of test sentences costs the language model {:.2f} "
    "nats for each one further on ({:.2f} becomes {:.2f}), as if it looked them up: does it know "
    "sentences by heart? The points are unchanged; a person should look at it"
)
NO_TRAINING_LOSS = (
    "the language model could not be scored on training sentences, so nothing tells whether it "
    "knows the test set by heart"
)
TRAINED_HERE = (
    "the grader trained the language model itself, as none that can be loaded was handed in: {}"
)
CUT_SHORT = (
    "the training of the language model stopped in epoch {} of {}, when its time was over: its "
    "points depend on this machine, and --max-time gives it more"
)

VALIDATED_IN_TRAIN_MODE = (
    "the model that the grader trained has no loss in eval() mode: its epochs were compared in "
    "train() mode"
)


def flags_of_speed(whole: WholeSentences) -> list[str]:
    """Whether time ended before all sentences were scored."""
    if whole.stopped != "time":
        return []
    return [SLOW.format(whole.totals.sentences, whole.totals.all_sentences)]


def flags_of_findings(findings: Findings, as_notebook: LossTotals | None = None) -> list[str]:
    """Why the loss is that from beginnings, or is an upper bound; ``as_notebook`` are the figures
    in the notebook's batches, if they are known."""
    if not findings.beginnings_count or findings.gain is None:
        return []
    why = LOOKS_AHEAD if findings.looks_ahead else VARIES
    if Kind.PADDING in findings.kinds:
        why = BY_LENGTH.format(NOT_AS_NOTEBOOK.format(as_notebook.loss) if as_notebook else "")
    return [why, *([] if findings.gain.is_complete else [SLOW_ALONE])]


def flags_of_columns(loading: Loading, vocabulary: Vocabulary) -> list[str]:
    """Whether a model knows more tokens than there are."""
    columns, known = loading.all_columns or loading.columns, vocabulary.size
    return [OTHER_DATA.format(columns, known)] if columns > known else []


def flags_of_size(loading: Loading, sentences: int, rubric: LanguageModel) -> list[str]:
    """Whether a model takes one number of sentences alone, with which the notebook's test of so
    many ``sentences`` would fail, or no short ones."""
    flags = []
    rows, at_once = loading.rows, rubric.batch_size
    last = sentences % at_once
    if not fits(rows, sentences, at_once):
        flags.append(FIXED_ROWS.format(rows, at_once, A_LAST_BATCH.format(last) if last else ""))
    if loading.fewest > FEWEST:
        flags.append(LONG_ALONE.format(loading.fewest))
    return flags


def flags_of_mode(
    fails_in_eval: str, loss: float, signs: Signs | None, rubric: LanguageModel
) -> list[str]:
    """Whether the model is scored in ``train()`` mode, or would earn more points in that."""
    if fails_in_eval:
        return [IN_SAVED_MODE]
    in_train = signs.in_train_mode(loss) if signs else None
    if in_train is None or loss - in_train < LEAST_NATS:
        return []
    reached = any(in_train < threshold.below <= loss for threshold in rubric.thresholds)
    return [BETTER_IN_TRAIN_MODE.format(in_train, loss)] if reached else []


def flags_of_private(private: LossTotals, public: LossTotals, rubric: LanguageModel) -> list[str]:
    """Whether a model does better on the test set that students have than on another."""
    gap = private.loss - public.loss
    noise = Z_FLAG * math.hypot(private.standard_error, public.standard_error)
    if gap <= max(rubric.private_gap, noise):
        return []
    return [BETTER_IN_PUBLIC.format(public.loss, private.loss)]


def flags_of_test_set(
    loss: float, standard_error: float, training: LossTotals | None, rubric: LanguageModel
) -> list[str]:
    """Whether a model does far better on the test set than on training sentences, or on both than
    any model does that was trained.

    One that the grader trained has learnt from those alone, unless its code brings the test set
    along. ``loss`` is the one that gives the points. Without points nothing was gained, and without
    a loss on training sentences there is nothing to compare.
    """
    if not rubric.earns_points(loss):
        return []
    literature = rubric.baselines.literature
    too_good = loss < TOO_GOOD_PART * literature
    if training is None:
        alone = [TOO_GOOD_ALONE.format(loss, literature)] if too_good else []
        return [NO_TRAINING_LOSS, *alone]
    noise = Z_FLAG * math.hypot(standard_error, training.standard_error)
    if training.loss - loss <= max(BY_HEART_NATS, noise):
        return [TOO_GOOD.format(loss, training.loss, literature)] if too_good else []
    if loss < literature:
        return [BY_HEART.format(loss, training.loss, literature)]
    return [BETTER_IN_TEST.format(loss, training.loss)]


def flags_of_altered(found: Altered | None) -> list[str]:
    """Whether a model no longer knows a sentence when one character of it is another one."""
    if found is None:
        return []
    rise = found.altered_loss - found.loss
    if rise <= max(ALTERED_NATS, Z_FLAG * found.standard_error):
        return []
    return [NEEDS_EACH_CHARACTER.format(rise, found.loss, found.altered_loss)]


def flags_of_training(
    run: TrainingRun, *, asked_for: bool, in_train_mode: bool = False
) -> list[str]:
    """Whether the grader trained the model unasked, whether it had the time, and whether held-back
    sentences had a loss ``in_train_mode`` alone."""
    flags = [] if asked_for else [TRAINED_HERE.format(run.why.partition(". ")[0].rstrip("."))]
    if run.was_cut_short:
        flags.append(CUT_SHORT.format(len(run.epochs), run.planned_epochs))
    if in_train_mode:
        flags.append(VALIDATED_IN_TRAIN_MODE)
    return flags
