"""Hand-ins whose function for q6 hides torch's own layer, and what they must earn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from grader.model import CheckResult, Outcome, Report
from tests.conftest import Grade
from tests.questions.test_own_work import RIGHT

IN_PLAIN_SIGHT = """
import numpy as np
import torch
attention = getattr(torch.nn.functional, "scaled_dot_product_" + "attention")
def layer(Wq, Wk, Wv, Wo, x):
    q, k, v = (torch.stack([x @ torch.from_numpy(w) for w in ws], 1) for ws in (Wq, Wk, Wv))
    heads = attention(q, k, v)
    return torch.cat(list(heads.unbind(1)), -1).numpy() @ Wo
"""
"""Multi-head attention whose middle is torch's, by a name that the source does not show."""
PYTHONS_STEPS = (
    IN_PLAIN_SIGHT
    + """
import torch._inductor.fx_passes.fuse_attention as patterns
steps_of = getattr(patterns, "_sfdp_" + "pattern_1")
attention = lambda q, k, v: steps_of(q, k, v, q.shape[-1] ** 0.5)
"""
)
"""The same by what torch has written in Python, which no operator is."""


def graded(
    grading: Grade, folder: Path, code: str, files: Mapping[str, str] | None = None
) -> tuple[Report, CheckResult]:
    for name, text in {"implementation.py": f"{RIGHT}\n{code}", **(files or {})}.items():
        (folder / name).write_text(text, encoding="utf-8")
    report = grading(folder, "q6")
    [check] = [check for check in report.questions[0].checks if check.name == "own_work"]
    return report, check


def assert_earns_nothing(report: Report, check: CheckResult) -> None:
    assert report.score == 0
    assert check.outcome is Outcome.FORBIDDEN
    assert "mha uses torch's scaled_dot_product_attention" in check.message
    assert {c.name: c.passed for c in report.questions[0].checks}["notebook_case"]
    assert check.output == ""
