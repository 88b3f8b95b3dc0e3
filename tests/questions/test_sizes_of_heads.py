"""One head, and heads of width one, are asked for as well; they cost nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks.as_student import QUESTIONS
from benchmarks.student_code import SOURCES, compiled, mistaken
from benchmarks.styles import styles

[Q6] = [question for question in QUESTIONS if question.id == "q6"]
SEED = 7
JOINED = "torch.cat(heads, dim=2)"


def failing(code: Callable[..., Any]) -> list[tuple[str, bool]]:
    """The checks that the code does not pass, and whether they are graded."""
    return [(check.name, check.graded) for check in Q6.rejecting(code, SEED)]


@pytest.mark.parametrize(
    ("new", "check"),
    [
        ("torch.cat([*torch.stack(heads).squeeze(0)], dim=2)", "one_head"),
        ("torch.cat([h if d > 1 else 0 * h for h in heads], dim=2)", "width_of_one"),
    ],
)
def test_code_that_is_wrong_for_these_alone_is_told_so(new: str, check: str) -> None:
    code = compiled(SOURCES["q6"].replace(JOINED, new), "mha")
    assert failing(code) == [*failing(mistaken("q6")), (check, False)]


def test_right_code_is_right_for_these_too() -> None:
    for style in styles(np.random.default_rng(SEED))["mha"].values():
        assert failing(style) == []
