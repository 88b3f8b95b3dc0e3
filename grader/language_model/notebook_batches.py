"""Judges a model in the notebook's own batches, where a sentence's company makes a difference.

A layer without ``batch_first=True`` takes the sentences of a batch for its steps: what the model
predicts for one depends on which others are there, and its loss is another in other batches. The
one that students see, and that counts, is that in the notebook's. Beginnings keep their company,
too: a whole batch is cut after as many tokens. What mixes sentences, and yet sees nothing that
follows, predicts the very same then; what gains by whole sentences does look ahead. A model that
keeps a state from call to call is given, before each cut batch, the whole one that the notebook
gives before it.

The order is that of ``causality``: whole sentences first, beginnings in other workers afterwards,
cut where nobody could know before, and no worker gets a sentence twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from grader.encoded import Int64
from grader.errors import CheckFailed
from grader.language_model.batching import TokenBudget
from grader.language_model.causality import MOST_ROUNDS, compare, filled_up, gain_of
from grader.language_model.dependencies import AHEAD, Kind
from grader.language_model.loaded_model import LoadedModel
from grader.language_model.probing import Findings, Judge
from grader.language_model.scoring import check_finite, target_log_probabilities
from grader.language_model.whole_sentences import WholeSentences
from grader.wire import Array

Float64 = NDArray[np.float64]
KNOWN_BY = 0.95
"""The fraction of the time limit at which it is given up."""
AT_A_TIME = 20
"""Batches between two looks at the clock."""
CUTS_EACH = 2
"""In how many batches each place is probed, at least: what looks ahead at one place of each
sentence must not escape because no batch was cut there."""
DOING = "scoring in the notebook's batches"
IN_NOTEBOOK_BATCHES = (
    "what the language model predicts depends on the other sentences of a batch: so it was scored "
    "in the notebook's batches, and that loss counts"
)
IN_NOTEBOOK_ORDER = (
    "what the language model predicts depends on what it was asked before: so it was scored in the "
    "notebook's batches, one after the other, and that loss counts; a person should look at it"
)


@dataclass(frozen=True)
class Cut:
    """A batch of the notebook's, by number, and after how many tokens it is cut."""

    batch: int
    after: int


def needs_the_notebooks_batches(kinds: frozenset[Kind]) -> bool:
    """Whether a model's loss depends on the batches or their order, and on nothing worse."""
    return bool(kinds & {Kind.BATCH, Kind.STATE}) and not kinds & AHEAD


def why_scored_so(kinds: frozenset[Kind]) -> str:
    """What staff are told of a model that was judged in the notebook's batches."""
    return IN_NOTEBOOK_ORDER if Kind.STATE in kinds else IN_NOTEBOOK_BATCHES


def fits(rows: int | None, sentences: int, at_once: int) -> bool:
    """Whether the notebook's batches suit a model that takes this number of ``rows`` alone, if it
    does, for a test set of so many ``sentences``."""
    return rows is None or (rows == at_once and not sentences % at_once)


def notebook_batches(sentences: int, rows: int) -> list[Int64]:
    """The notebook's batches of a test set: the numbers of sentences, in the order of the file."""
    return np.array_split(np.arange(sentences), range(rows, sentences, rows))


def cuts_in_rounds(longest: Int64, rng: np.random.Generator) -> list[list[Cut]]:
    """A random cut of each batch, of 1 to its ``longest`` tokens, in rounds for one worker each.

    Together they are as evenly spread as they can be, so that each place gets its share. The
    course's test set needs one round, and a tenth of it three.
    """
    rounds = min(-(-CUTS_EACH * int(longest.max()) // len(longest)), MOST_ROUNDS)
    count = rounds * len(longest)
    spread = (rng.permutation(count) + rng.random(count)) / count
    cuts = 1 + (spread.reshape(rounds, -1) * longest).astype(np.int64)
    return [[Cut(batch, int(after)) for batch, after in enumerate(row)] for row in cuts]


class NotebookBatches(Judge):
    """Judges a model anew, as a ``Prober`` does, with whole sentences and their beginnings."""

    @cached_property
    def _batches(self) -> list[Int64]:
        return notebook_batches(len(self._test), self._rubric.batch_size)

    def judge(
        self, first: WholeSentences, kinds: frozenset[Kind]
    ) -> tuple[WholeSentences, Findings] | None:
        """All sentences, scored in the notebook's batches, and what was found about the model.

        None where that makes no difference, the model fails, or there is no time for all of it: the
        ``first`` judgement stays.
        """
        if first.stopped == "time" or not needs_the_notebooks_batches(kinds):
            return None
        try:
            whole = self._whole_sentences()
            findings = None if whole is None else self._findings(whole, kinds)
        except CheckFailed:
            return None
        return None if whole is None or findings is None else (whole, findings)

    def whole_sentences(self) -> WholeSentences | None:
        """All sentences, scored in the notebook's batches, whatever that is worth; None as for
        ``judge``."""
        try:
            return self._whole_sentences()
        except CheckFailed:
            return None

    def _whole_sentences(self) -> WholeSentences | None:
        largest = self._rubric.batch_size * int(self._test.tokens.max())
        whole = WholeSentences(
            self._test,
            self._vocabulary,
            TokenBudget(largest),
            notebook_batch=self._rubric.batch_size,
            kept=np.arange(len(self._test)),
        )
        with self._workers.fresh() as load:
            model = load()
            for start in range(0, len(self._batches), AT_A_TIME):
                if self._clock.past(KNOWN_BY):
                    return None
                self._progress(DOING, start / len(self._batches))
                whole.score_batches(model, self._batches[start : start + AT_A_TIME])
        return whole

    def _findings(self, whole: WholeSentences, kinds: frozenset[Kind]) -> Findings | None:
        longest = np.array([self._test.tokens[members].max() for members in self._batches])
        alone: list[Float64] = []
        cuts: list[Cut] = []
        for some in self._rounds(longest, kinds):
            with self._workers.fresh() as load:
                found = self._from_beginnings(load(), some, follow=Kind.STATE in kinds)
            if len(found) < len(some):
                return None
            alone += [found[cut] for cut in some]
            cuts += some
        seen = [
            np.array([whole.log_probabilities[n][cut.after - 1] for n in self._reaching(cut)])
            for cut in cuts
        ]
        sizes = [len(some) for some in alone]
        # In a batch of longer sentences each place is drawn less often.
        weights = np.repeat([float(longest[cut.batch]) for cut in cuts], sizes)
        groups = np.repeat(np.arange(len(cuts)), sizes)
        committed, revealed = np.concatenate(alone), np.concatenate(seen)
        return Findings(
            compare(committed, revealed, self._rubric.look_ahead_nats),
            kinds,
            gain_of(committed, revealed, weights, groups),
            same_company=True,
        )

    def _rounds(self, longest: Int64, kinds: frozenset[Kind]) -> list[list[Cut]]:
        """The cuts for one worker each: of every second batch where the others come before them."""
        rounds = cuts_in_rounds(longest, self._secret)
        if Kind.STATE not in kinds:
            return rounds
        halves = (some[first::2] for some in rounds for first in (0, 1))
        return [half for half in halves if half]

    def _from_beginnings(
        self, model: LoadedModel, cuts: Sequence[Cut], *, follow: bool
    ) -> dict[Cut, Float64]:
        """The log-probabilities of the targets after each cut; of fewer when time is over.

        A batch that is cut after BEGIN, or fewer tokens than the model takes, is filled up. With
        ``follow`` each comes after the whole batch before it, which leaves in the model what it
        left there in the notebook's order.
        """
        found = {}
        fewest, characters = model.loading.fewest, self._vocabulary.begin_id
        longer = [cut for cut in cuts if cut.after >= fewest]
        for cut in (cut for cut in cuts if cut.after < fewest):
            begin = self._batch(cut.batch)[:, : cut.after]
            if follow and cut.batch:
                model.logits(self._batch(cut.batch - 1)[:, :-1])
            logits = model.logits(filled_up(begin, fewest, characters, self._secret))
            found[cut] = self._targets(cut, logits[:, cut.after - 1])

        asked: list[Cut | None] = []

        def inputs() -> Iterator[Int64]:
            for cut in longer:
                if self._clock.past(KNOWN_BY):
                    return
                if follow and cut.batch:
                    asked.append(None)
                    yield self._batch(cut.batch - 1)[:, :-1]
                asked.append(cut)
                yield self._batch(cut.batch)[:, : cut.after]

        for number, logits in enumerate(model.stream(inputs(), last_only=True)):
            if (answered := asked[number]) is not None:
                found[answered] = self._targets(answered, logits)
                self._progress(DOING, len(found) / len(cuts))
        return found

    def _batch(self, number: int) -> Int64:
        return self._test.batch(self._batches[number])

    def _reaching(self, cut: Cut) -> Int64:
        """The sentences of the batch that are long enough to have a target there."""
        members = self._batches[cut.batch]
        return members[self._test.tokens[members] >= cut.after]

    def _targets(self, cut: Cut, logits: Array) -> Float64:
        reaching = self._test.tokens[self._batches[cut.batch]] >= cut.after
        targets = self._batch(cut.batch)[reaching, cut.after]
        found = target_log_probabilities(logits[reaching], targets)
        check_finite(found)
        return found
