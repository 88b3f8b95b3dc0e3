"""Which hand-ins have code in common, for a person to look at. It changes no points.

A source is read as its syntax tree, in which names, constants, comments, docstrings, annotations,
imports and layout do not count. Of every run of RUN nodes a hash is taken, and of every WINDOW
neighbouring hashes the least is kept: whatever two sources share for RUN + WINDOW - 1 nodes leaves
at least one mark in both. (Schleimer, Wilkerson and Aiken: Winnowing: local algorithms for document
fingerprinting, SIGMOD 2003.)

Short exercises with one right answer are alike by nature. Of 377 pairs of independent right answers
to this one the most alike have 0.18 of their marks in common; copies under other names, in another
order, with other constants and with docstrings at once have 0.80 at least; with one function of the
five replaced by somebody else's, 94 of 100 are still over THRESHOLD (``benchmarks/similarity.py``).
"""

from __future__ import annotations

import ast
import builtins
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Literal

import numpy as np
from scipy.sparse import csr_matrix

from grader.rows import Row

MAX_COMPARED = 100_000
"""Characters: a parsed file takes a thousand times its size, and no exercise is as long."""
MAX_MARKS = 256
RUN = 12
WINDOW = 6
LEAST_NODES = 60
"""Less is too little to say anything."""
LEAST_MARKS = 8
"""Of a file, after what is common has been taken away."""
LEAST_BYTES = 1 << 10
"""Of a file that is no code. An empty file, settings such as ``{"seed": 0}`` and an empty notebook,
of which Jupyter writes some 600 bytes, are the same by nature; the smallest model that torch saves
is larger."""
THRESHOLD = 0.4
COMMON_SHARE = 1 / 3
"""What more of a course than this share has comes from the course, or from the exercise."""
LEAST_COURSE = 10
CODE = ".py"

Fingerprint = tuple[int, ...]
_SKIPPED = (ast.Import, ast.ImportFrom, ast.expr_context, ast.Pass, ast.alias)
_NO_CODE = frozenset({"annotation", "returns", "type_comment", "type_params"})
_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True)
class Group:
    """Hand-ins of which a file is alike, each to at least one other of them."""

    names: tuple[str, ...]
    """Of the arrivals, sorted."""
    file: str
    kind: Literal["identical", "near-identical"]
    similarity: float
    """The share of marks in common, of the pair that has least among those that are linked."""
    widespread: bool = False
    """So many have it that it may come from the course."""
    same: tuple[tuple[str, ...], ...] = ()
    """Of a near-identical group: those of them whose files are the same."""


def fingerprint(source: str) -> Fingerprint:
    """The marks of a source, sorted; at most MAX_MARKS, of more the least.

    Empty for what is no Python, is too short, or too long or too deep to be read: the parser has
    bounds of its own for the latter (SyntaxError, RecursionError, MemoryError), and the tree is
    walked without recursion.
    """
    if len(source) > MAX_COMPARED:
        return ()
    try:
        with warnings.catch_warnings():  # of a student's backslashes
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    words = list(_words(tree))
    if len(words) < LEAST_NODES:
        return ()
    hashes = [_hash(words[k : k + RUN]) for k in range(len(words) - RUN + 1)]
    marks = {min(hashes[k : k + WINDOW]) for k in range(max(1, len(hashes) - WINDOW + 1))}
    return tuple(sorted(marks)[:MAX_MARKS])


def groups(rows: Sequence[Row], given: Iterable[Fingerprint] = ()) -> tuple[Group, ...]:
    """Groups of hand-ins with the same file, or with one that is nearly the same.

    Files are compared with those of the same name. Marks of the files that the course gives do not
    count, and, where there are enough hand-ins to tell a habit from a group, neither does for
    near-identical files what many share. Files that are no code, such as a model, are compared by
    their bytes alone; a file of code without marks of its own is not compared at all. What several
    students have handed in together counts once, and who is in a near-identical group is in no
    second one for the same file. The largest groups come first.
    """
    rows = _uploads(rows)
    known = _marks_of(given)
    same = list(_identical(rows, known))
    near = [
        replace(group, same=tuple(sorted(each.names for each in same if _within(each, group))))
        for group in _near(rows, known | _habits(rows))
    ]
    same = [each for each in same if not any(_within(each, group) for group in near)]
    return tuple(sorted([*same, *near], key=lambda g: (-len(g.names), g.kind, g.file, g.names)))


def of_one_file(groups: Iterable[Group]) -> frozenset[tuple[str, ...]]:
    """The hand-ins, group by group, that have a file that is the same, but for the course's own.

    Those that share several files are there once.
    """
    return frozenset(
        names
        for group in groups
        if not group.widespread
        for names in ([group.names] if group.kind == "identical" else group.same)
    )


def common_marks(rows: Sequence[Row], given: Iterable[Fingerprint] = ()) -> int:
    """How many marks ``groups`` leaves out because many hand-ins share them."""
    return len(_habits(_uploads(rows)) - _marks_of(given))


def _within(same: Group, near: Group) -> bool:
    """Whether a group need not be told of beside another. What may be the course's is."""
    return same.file == near.file and not same.widespread and {*same.names} <= {*near.names}


def _uploads(rows: Sequence[Row]) -> list[Row]:
    """A row for each upload: a group's members have handed in one together."""
    return list({row.arrival.submission_id or (i,): row for i, row in enumerate(rows)}.values())


def _marks_of(fingerprints: Iterable[Fingerprint]) -> frozenset[int]:
    return frozenset(mark for marks in fingerprints for mark in marks)


def _habits(rows: Sequence[Row]) -> frozenset[int]:
    """Marks that many hand-ins share."""
    if len(rows) < LEAST_COURSE:
        return frozenset()
    counts = Counter(
        mark for row in rows for mark in set().union(*map(set, row.fingerprints.values()))
    )
    return frozenset(mark for mark, count in counts.items() if count > COMMON_SHARE * len(rows))


def similarity(one: frozenset[int], other: frozenset[int]) -> float:
    """The share of all marks of two files that both have."""
    return len(one & other) / len(one | other) if one or other else 0.0


def _words(tree: ast.Module) -> Iterator[str]:
    """The kinds of the nodes in the order of the text, without what a copy would change first.

    Of names only those stay that are not the file's own: functions of Python and of libraries.
    """
    nodes = _nodes(tree)
    defined = {n.name for n in nodes if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    names |= defined | {n.arg for n in nodes if isinstance(n, ast.arg)}
    parts = {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    parts |= defined
    foreign = _BUILTINS - names
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr not in parts:
            yield node.attr
        elif isinstance(node, ast.Name) and node.id in foreign:
            yield node.id
        else:
            # An annotated assignment is an assignment.
            yield type(node).__name__.removeprefix("Ann")


def _nodes(tree: ast.Module) -> list[ast.AST]:
    """The nodes that count, in the order of the text."""
    nodes: list[ast.AST] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        children: list[ast.AST] = []
        for field in node._fields:
            value = None if field in _NO_CODE else getattr(node, field, None)
            if isinstance(value, ast.AST):
                children.append(value)
            elif isinstance(value, list):
                children += (item for item in value if isinstance(item, ast.AST))
        waiting += (
            child
            for child in reversed(children)
            if not isinstance(child, _SKIPPED) and not _is_docstring(child)
        )
    return nodes


def _is_docstring(node: ast.AST) -> bool:
    """A string that stands alone, wherever: it does nothing."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _hash(words: Sequence[str]) -> int:
    return int.from_bytes(blake2b(" ".join(words).encode(), digest_size=4).digest(), "big")


def _marks(row: Row, file: str, common: frozenset[int]) -> frozenset[int]:
    """What of a file's marks says something; nothing where that is too little."""
    marks = frozenset(row.fingerprints.get(file, ())) - common
    return marks if len(marks) >= LEAST_MARKS else frozenset()


def _identical(rows: Sequence[Row], given: frozenset[int]) -> Iterator[Group]:
    same: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        for file, digest in row.files.items():
            if not file.endswith(CODE) or _marks(row, file, given):
                same[file, digest].append(row)
    for (file, _), having in same.items():
        widespread = len(rows) >= LEAST_COURSE and len(having) > COMMON_SHARE * len(rows)
        if len(having) > 1:
            names = tuple(sorted(row.arrival.name for row in having))
            yield Group(names, file, "identical", 1.0, widespread)


def _near(rows: Sequence[Row], common: frozenset[int]) -> Iterator[Group]:
    for file in sorted({file for row in rows for file in row.fingerprints}):
        marks = [(row, _marks(row, file, common)) for row in rows]
        having = [(row, own) for row, own in marks if own]
        for linked, least in _linked([own for _, own in having]):
            members = [having[i][0] for i in linked]
            if len({row.files.get(file, row.arrival.name) for row in members}) > 1:
                names = tuple(sorted(row.arrival.name for row in members))
                yield Group(names, file, "near-identical", round(least, 3))


def _linked(marks: Sequence[frozenset[int]]) -> Iterator[tuple[list[int], float]]:
    """Numbers of files that are linked by pairs over the threshold, and the least of the pairs."""
    pairs = list(_pairs(marks))
    leader = list(range(len(marks)))

    def lead(i: int) -> int:
        while leader[i] != i:
            leader[i] = i = leader[leader[i]]
        return i

    for i, j, _ in pairs:
        leader[lead(i)] = lead(j)
    least: dict[int, float] = {}
    for i, _, share in pairs:
        least[lead(i)] = min(share, least.get(lead(i), 1.0))
    for head, share in least.items():
        yield [i for i in range(len(marks)) if lead(i) == head], share


def _pairs(marks: Sequence[frozenset[int]]) -> Iterator[tuple[int, int, float]]:
    """Pairs over the threshold. All sizes of what two have in common come from one product."""
    places = {mark: i for i, mark in enumerate(sorted(frozenset().union(*marks)))}
    if not places:
        return
    sizes = np.array([len(own) for own in marks])
    columns = [places[mark] for own in marks for mark in own]
    which = np.repeat(np.arange(len(marks)), sizes)
    ones = np.ones(len(columns), dtype=np.int32)
    has = csr_matrix((ones, (which, columns)), shape=(len(marks), len(places)))
    both = (has @ has.T).tocoo()
    for i, j, shared in zip(both.row, both.col, both.data, strict=True):
        share = shared / (sizes[i] + sizes[j] - shared)
        if i < j and share >= THRESHOLD:
            yield int(i), int(j), float(share)
