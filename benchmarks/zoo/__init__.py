"""Many small models, right and wrong in known ways, to measure what finds the wrong ones."""

from __future__ import annotations

from collections import Counter

from benchmarks.zoo.correct import correct_models
from benchmarks.zoo.record import ZooModel
from benchmarks.zoo.wrong import wrong_models


def zoo() -> list[ZooModel]:
    """All records, the correct ones first; no two have the same name."""
    models = [*correct_models(), *wrong_models()]
    twice = [name for name, n in Counter(model.name for model in models).items() if n > 1]
    if twice:
        raise ValueError(f"two models have the same name: {twice}")
    return models
