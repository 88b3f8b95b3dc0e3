"""A model is loaded or trained as it was asked for, within the limits that were asked for."""

from __future__ import annotations

from pathlib import Path

from grader.doctor import Sandbox
from grader.engine import grade
from grader.grading import Request
from grader.language_model.assessment import ModelRequest
from grader.model import Outcome
from grader.modes import ModelMode
from grader.plugin import Silent

NEVER_BUILT = """
import torch.nn as nn

class SentenceModel(nn.Module):
    def __init__(self, freq):
        super().__init__()
        while True:
            pass
"""


def test_timeout_bounds_the_building_of_a_model_to_train(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "rnn_lm.py").write_text(NEVER_BUILT)
    request = Request(
        tmp_path,
        only=frozenset({"q7"}),
        timeout_s=0.5,
        model=ModelRequest(mode=ModelMode.TRAIN),
    )
    [question] = grade(request, sandbox, Silent()).questions
    [check] = [check for check in question.checks if check.name == "model_runs"]
    assert check.outcome is Outcome.TIMEOUT
    assert check.message.startswith("Building SentenceModel(freq) took more than 0.5 s.")
