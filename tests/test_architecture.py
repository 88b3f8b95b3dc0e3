"""Imports point only downward, files stay small, and each job is done in one place."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "grader"
MAX_LINES = 400

# A module may import from lower rows, and its own package: the first row that its name begins with
# is its place. The sandbox and the worker are one layer, whose parts know each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("grader.measures", "grader.encoded", "grader.modes", "grader.own_builtins"),
    ("grader.model",),
    ("grader.errors",),
    ("grader.rows",),
    ("grader.wire", "grader.rubric", "grader.excerpt", "grader.catalogue"),
    (
        "grader.handed_in.naming",
        "grader.regular",
        "grader.main_guard",
        "grader.scopes",
        "grader.unfinished",
    ),
    ("grader.remedies", "grader.effort"),
    ("grader.roster", "grader.similarity"),
    ("grader.archive", "grader.compare", "grader.source", "grader.wrong_part"),
    ("grader.wrong_shape",),
    ("grader.sandbox.spec", "grader.sandbox.installed", "grader.sandbox.stack"),
    ("grader.handed_in.listing", "grader.handed_in.notebook_outputs", "grader.means"),
    ("grader.claims", "grader.explain", "grader.defined_elsewhere"),
    ("grader.oracle", "grader.precision", "grader.worker"),
    ("grader.sandbox",),
    ("grader.handed_in",),
    ("grader.intake",),
    ("grader.answers", "grader.raised"),
    ("grader.stopped",),
    ("grader.student",),
    ("grader.language_model", "grader.checking", "grader.doctor"),
    ("grader.own_work",),
    ("grader.grading",),
    ("grader.plugin", "grader.questions", "grader.reports"),
    ("grader.engine", "grader.asked", "grader.destination"),
    ("grader.batch",),
    ("grader.console", "grader.exit_codes"),
    ("grader.commands", "grader.api"),
    ("grader.pytest_reports",),
    ("grader.pytest_option", "grader.cli"),
    ("grader.__main__",),
)
ROOT_MODULE = "grader"
"""Of the package itself anything may import the version; the rest is for other programs."""


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# given/ is no part of the program: it is put beside a student's code.
FILES = {
    module_name(file): file for file in sorted(PACKAGE.rglob("*.py")) if file.parent.name != "given"
}
TREES = {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in FILES.items()}


def imports(name: str) -> Iterator[str]:
    """The modules of the program that a module imports, wherever in its text."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in FILES)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} has a relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in FILES:
                    yield inner
                elif node.module in FILES:
                    yield str(node.module)


def layer(name: str) -> int:
    places = [
        (len(prefix), row)
        for row, prefixes in enumerate(LAYERS)
        for prefix in prefixes
        if name == prefix or name.startswith(f"{prefix}.")
    ]
    assert places, f"{name} has no place in the table of layers"
    return max(places)[1]


def package(name: str) -> str:
    return ".".join(name.split(".")[:2])


def edges() -> set[tuple[str, str]]:
    return {(name, to) for name in FILES for to in imports(name)}


def test_every_module_has_a_place() -> None:
    assert {"grader.model", "grader.cli", "grader.worker.main"} <= FILES.keys()
    for name in FILES.keys() - {ROOT_MODULE}:
        layer(name)


def test_every_place_has_a_module() -> None:
    for prefix in (prefix for prefixes in LAYERS for prefix in prefixes):
        assert any(name == prefix or name.startswith(f"{prefix}.") for name in FILES), prefix


def test_imports_point_downward() -> None:
    upward = [
        f"{name} imports {to}"
        for name, to in sorted(edges())
        if ROOT_MODULE not in (name, to)
        and package(name) != package(to)
        and layer(to) >= layer(name)
    ]
    assert upward == []


def test_there_are_no_import_cycles() -> None:
    graph: dict[str, set[str]] = {name: set() for name in FILES}
    for name, to in edges():
        if name not in (to, ROOT_MODULE):
            graph[name].add(to)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"these import each other: {' <- '.join(error.args[1])}")


def test_package_itself_imports_nothing_before_it_is_asked_to() -> None:
    code = "import sys, grader; print([m for m in sys.modules if m.startswith('grader.')])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize("folder", ["grader", "reference", "tests", "benchmarks"])
def test_files_are_small(folder: str) -> None:
    lines = {
        file.relative_to(ROOT): file.read_text(encoding="utf-8").count("\n")
        for file in (ROOT / folder).rglob("*.py")
    }
    assert len(lines) > 3
    assert [file for file, count in lines.items() if count > MAX_LINES] == []


def calls(name: str) -> Iterator[str]:
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def users(*functions: str) -> set[str]:
    return {name for name in FILES for call in calls(name) if call in functions}


def imported_names(name: str) -> set[str]:
    """The top-level packages that a module imports, wherever in its text."""
    found = set()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).split(".")[0])
    return found


def test_only_the_console_prints() -> None:
    printing = users("print", "sys.stdout.write", "typer.echo")
    assert printing == {"grader.console"}


def test_only_the_worker_unpickles() -> None:
    assert users("torch.load") == {"grader.worker.saved_file"}
    unpickling = {"pickle", "marshal", "shelve"}
    assert {name for name in FILES if imported_names(name) & unpickling} == users("torch.load")


def test_only_the_cluster_needs_dask() -> None:
    using = {name for name in FILES if imported_names(name) & {"dask", "distributed"}}
    assert using == {f"grader.batch.cluster{part}" for part in ("", "_client", "_worker")}
    importing = {name for name, to in edges() if to in using and name not in using}
    # Where it is chosen, and not before.
    assert importing == {"grader.batch.executors"}


def test_only_the_worker_imports_a_module_by_name() -> None:
    by_name = users("importlib.import_module", "__import__", "exec", "eval")
    assert all(name.startswith("grader.worker.") for name in by_name), by_name


def test_nothing_is_validated_by_assert() -> None:
    asserting = {
        name for name, tree in TREES.items() for n in ast.walk(tree) if isinstance(n, ast.Assert)
    }
    assert asserting == set()


def test_reports_are_made_of_the_records_alone() -> None:
    """Of one hand-in's or a course's; what a course is compared with are records as well."""
    reports = {(name, to) for name, to in edges() if name.startswith("grader.reports.")}
    others = {to for _, to in reports if not to.startswith("grader.reports.")}
    of_one, of_many = {"grader.model", "grader.measures"}, {"grader.rows"}
    lists = {"grader.roster.reading", "grader.roster.columns", "grader.roster.matching"}
    assert others == of_one | of_many | lists | {"grader.similarity"}
