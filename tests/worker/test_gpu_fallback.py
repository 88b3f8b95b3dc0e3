"""Code that only goes with a CPU is run there, also where the grader has a GPU.

Torch's device "meta" stands for the GPU: it mixes with the CPU no more than a GPU does, and says
so in the same words.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grader.doctor import Sandbox
from grader.grading import Grading, Request
from grader.handed_in.naming import MODEL
from grader.language_model.clock import Clock
from grader.language_model.corpus import Vocabulary
from grader.language_model.loaded_model import ON_THE_CPU, ModelSource
from grader.language_model.model_workers import ModelWorkers
from grader.plugin import Silent
from grader.wire import Message
from grader.worker.devices import Redirection
from grader.worker.sentence_model import LanguageModel
from grader.worker.trainer import Trainer
from tests.worker.loading_support import FREQ, MODEL_CODE, TOKENS, HandIn, V, outputs_of

GPU = "meta"
FORWARD = "        return self.out(self.rnn(self.emb(x))[0])"
RAISES = "        if len(x):\n            raise ValueError('mine')"
ON_CPU_ALONE = {
    "state": "        return self.out(self.rnn(self.emb(x), torch.zeros(1, len(x), 4))[0])",
    "sum": "        return self.out(self.rnn(self.emb(x) + torch.zeros(2))[0])",
    "mixed result": """
        logits = self.out(self.rnn(self.emb(x))[0])
        return logits if x.device.type == "cpu" else torch.zeros(logits.shape) + logits
    """,
    "numpy": f"        x.numpy()\n{FORWARD}",
    "lengths": """
        lengths = (x >= 0).sum(1)
        packed = nn.utils.rnn.pack_padded_sequence(self.emb(x), lengths, batch_first=True)
        return self.out(nn.utils.rnn.pad_packed_sequence(self.rnn(packed)[0], batch_first=True)[0])
    """,
    "other error the second time": f"""
        self.calls = getattr(self, "calls", 0) + 1
        if x.device.type != "cpu":
            x = self.emb(x) + torch.zeros(2) if self.calls % 2 else undefined
{FORWARD}
    """,
}
LOGITS = Message("logits", {"last_only": False}, (TOKENS.numpy().astype(np.uint8),))


def handed_in(hand_in: HandIn, code: str) -> None:
    """The whole model and its code."""
    hand_in.script("rnn_lm.py", code)
    hand_in.save(hand_in.trained(code, "rnn_lm"))


def loaded(hand_in: HandIn, device: str) -> tuple[LanguageModel, Message]:
    model = LanguageModel(str(hand_in.folder))
    request = {"file": MODEL, "device": device, "seed": 1, "characters": ""}
    return model, model.load(Message("load_model", request, (FREQ,)))


def where(model: LanguageModel) -> object:
    return model.place(Message("model_place", {})).fields["device"]


@pytest.mark.parametrize("code", ON_CPU_ALONE.values(), ids=ON_CPU_ALONE.keys())
def test_model_that_makes_tensors_on_the_cpu(hand_in: HandIn, code: str) -> None:
    expected = outputs_of(hand_in.trained())
    handed_in(hand_in, MODEL_CODE.replace(FORWARD, code))
    model, reply = loaded(hand_in, GPU)
    assert (reply.op, where(model)) == ("loaded", GPU)
    for _ in range(2):
        assert torch.equal(torch.from_numpy(model.logits(LOGITS).arrays[0]), expected)
        assert where(model) == "cpu"


def test_model_that_can_only_be_loaded_on_the_cpu(hand_in: HandIn) -> None:
    looks = """
    def __setstate__(self, state):
        super().__setstate__(state)
        self.emb.weight.detach().numpy()
    """
    handed_in(hand_in, MODEL_CODE + looks)
    model, reply = loaded(hand_in, GPU)
    assert (reply.op, where(model)) == ("loaded", "cpu")
    assert model.place(Message("model_place", {})).fields["moved"]
    assert model.logits(LOGITS).arrays[0].shape == (2, 3, V + 3)


def test_other_errors_stay_where_they_are(hand_in: HandIn) -> None:
    handed_in(hand_in, MODEL_CODE.replace(FORWARD, RAISES))
    model, _ = loaded(hand_in, GPU)
    with pytest.raises(ValueError, match="mine"):
        model.logits(LOGITS)
    assert where(model) == GPU


def test_error_of_both_is_that_of_the_cpu(hand_in: HandIn) -> None:
    code = f"        x.numpy()\n        raise ValueError(x.device.type)\n{FORWARD}"
    handed_in(hand_in, MODEL_CODE.replace(FORWARD, code))
    model, _ = loaded(hand_in, GPU)
    with pytest.raises(ValueError, match="cpu"):
        model.logits(LOGITS)


def test_report_says_where_it_was_run(sandbox: Sandbox, hand_in: HandIn) -> None:
    handed_in(hand_in, MODEL_CODE.replace(FORWARD, ON_CPU_ALONE["state"]))
    vocabulary = Vocabulary("abcde", FREQ)
    with Grading(Request(hand_in.folder), sandbox, Silent().progress) as grading:
        workers = ModelWorkers(
            lambda: grading.new_student("q7"), vocabulary, ModelSource(GPU, 1), Clock(60.0)
        )
        with workers.fresh() as load:
            loading = load().loading
    assert loading.device == "cpu"
    assert ON_THE_CPU in loading.notes


def sentences() -> tuple[np.ndarray, np.ndarray]:
    lengths = np.random.default_rng(1).integers(1, 9, 40)
    ids = np.random.default_rng(2).integers(0, V, lengths.sum()).astype(np.uint8)
    return ids, lengths.astype(np.int32)


def begun(hand_in: HandIn, device: str) -> tuple[Trainer, Message]:
    trainer = Trainer(str(hand_in.folder), 1 << 26)
    fields = {
        "device": device,
        "seed": 1,
        "epochs": 1,
        "batch_size": 4,
        "learning_rate": 0.01,
        "validation_fraction": 0.1,
        "characters": "",
    }
    return trainer, trainer.begin(Message("train_begin", fields, (FREQ, *sentences())))


def test_full_gpu_is_no_reason_to_move() -> None:
    redirection = Redirection(torch.device(GPU))
    redirection.on = True
    assert redirection.misplaced(RuntimeError("on the same device"))
    assert not redirection.misplaced(torch.OutOfMemoryError("CUDA out of memory"))


@pytest.mark.parametrize(
    "code",
    [
        MODEL_CODE.replace(FORWARD, ON_CPU_ALONE["state"]),
        MODEL_CODE.replace(FORWARD, ON_CPU_ALONE["mixed result"]),
    ],
    ids=["state", "result"],
)
def test_training_goes_to_the_cpu_too(hand_in: HandIn, code: str) -> None:
    hand_in.script("rnn_lm.py", code)
    weights = []
    for device in ("cpu", GPU):
        trainer, reply = begun(hand_in, device)
        assert reply.op == "training"
        assert trainer.more(Message("train_more", {"seconds": 1e9})).fields["done"]
        assert trainer._threads is not None
        weights.append(trainer.end(Message("train_end", {"seconds": 60.0})).arrays[0].tobytes())
    assert weights[0] == weights[1]


def test_training_that_fails_otherwise_fails(hand_in: HandIn) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE.replace(FORWARD, RAISES))
    trainer, _ = begun(hand_in, GPU)
    with pytest.raises(ValueError, match="mine"):
        trainer.more(Message("train_more", {"seconds": 1e9}))
