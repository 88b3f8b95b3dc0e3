"""What a benchmark gave, in the form that is kept, plotted and shown in the README."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One figure of a benchmark."""

    what: str
    text: str
    """The value in words, with its spread."""
    command: str
    """What measures it again."""
    values: tuple[float, ...] = ()
    """As measured, in their order."""
    unit: str = ""
    goal: str = ""
    reached: bool | None = None
    """Whether the goal is reached; None where there is none, or it was not measured."""


@dataclass(frozen=True)
class Series:
    """Points that are worth a picture of their own."""

    title: str
    x_label: str
    y_label: str
    lines: dict[str, list[tuple[float, float]]]
    """Points (x, y) by what they are of."""


@dataclass(frozen=True)
class Result:
    """All that one benchmark gave in one run."""

    name: str
    machine: dict[str, str]
    figures: tuple[Figure, ...] = ()
    series: tuple[Series, ...] = ()
    quick: bool = False
    seconds: float = 0.0
    passed_over: str = ""
    """Why it was not run."""
    failed: str = ""
    """What it said when it ended without figures, or with a wrong one."""

    def to_json(self) -> str:
        """For ``from_json``; what is at its default is left out."""
        default = asdict(Result("", {}))
        values = {key: value for key, value in asdict(self).items() if value != default[key]}
        return json.dumps(values, indent=1) + "\n"

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Result:
        """The result of which ``to_json`` gave the text."""
        figures = [Figure(**{**f, "values": tuple(f["values"])}) for f in values.get("figures", ())]
        series = [
            Series(**{**s, "lines": {n: [(x, y) for x, y in p] for n, p in s["lines"].items()}})
            for s in values.get("series", ())
        ]
        return cls(**{**values, "figures": tuple(figures), "series": tuple(series)})


def read(file: Path) -> Result:
    """The result in one file of a run's folder."""
    return Result.from_json(json.loads(file.read_text("utf-8")))
