"""Pictures of what was measured: each figure's spread, and the series."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from benchmarks.suite.record import Figure, Result, Series

FORMATS = ("png", "svg")


def plot(result: Result, folder: Path) -> list[Path]:
    """Draw a result into a folder; returns the files."""
    files = []
    by_unit: dict[str, list[Figure]] = defaultdict(list)
    for figure in result.figures:
        if len(figure.values) > 1 and figure.unit:
            by_unit[figure.unit].append(figure)
    for unit, figures in by_unit.items():
        files += _spreads(result.name, unit, figures, folder)
    for number, series in enumerate(result.series):
        files += _lines(f"{result.name}-{number}", series, folder)
    return files


def _spreads(name: str, unit: str, figures: list[Figure], folder: Path) -> list[Path]:
    from matplotlib.figure import Figure as Picture

    picture = Picture(figsize=(8, 1 + 0.6 * len(figures)), layout="constrained")
    axes = picture.add_subplot()
    for place, figure in enumerate(reversed(figures)):
        axes.plot(figure.values, [place] * len(figure.values), "o", alpha=0.5)
    axes.set_yticks(range(len(figures)), [_short(f.what) for f in reversed(figures)])
    axes.set_ylim(-0.5, len(figures) - 0.5)
    axes.set_xlim(left=0)
    axes.set_xlabel(unit)
    axes.set_title(name)
    return _saved(picture, folder, f"{name}-{unit}")


def _lines(name: str, series: Series, folder: Path) -> list[Path]:
    from matplotlib.figure import Figure as Picture

    picture = Picture(figsize=(7, 4.5), layout="constrained")
    axes = picture.add_subplot()
    for label, points in series.lines.items():
        axes.plot(*zip(*points, strict=True), marker="o", label=label)
    axes.set(xlabel=series.x_label, ylabel=series.y_label, title=series.title)
    axes.set_ylim(bottom=0)
    axes.legend()
    return _saved(picture, folder, name)


def _saved(picture: object, folder: Path, name: str) -> list[Path]:
    files = [folder / f"{name}.{kind}" for kind in FORMATS]
    for file in files:
        picture.savefig(file)  # type: ignore[attr-defined]
    return files


def _short(text: str, width: int = 48) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
