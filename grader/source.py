"""Reads a student's source, without running it, for calls of torch's own layers."""

from __future__ import annotations

import ast
from collections import ChainMap, Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from grader.main_guard import as_imported
from grader.scopes import (
    FUNCTIONS,
    LeftOut,
    Names,
    in_scope,
    names_given,
    names_of,
    says_only_what_it_is,
    walk,
)

RECURRENT_LAYERS = frozenset(
    "RNN GRU LSTM RNNBase RNNCell GRUCell LSTMCell rnn_tanh rnn_relu gru lstm rnn_tanh_cell "
    "rnn_relu_cell gru_cell lstm_cell gru_impl lstm_impl rnn_tanh_input rnn_relu_input".split()
)
ATTENTION_LAYERS = frozenset(
    "MultiheadAttention Transformer TransformerEncoder TransformerEncoderLayer TransformerDecoder "
    "TransformerDecoderLayer scaled_dot_product_attention multi_head_attention_forward "
    "_native_multi_head_attention _transformer_encoder_layer_fwd flex_attention math_attention "
    "_math_attention_inner".split()
)
"""Names below the package ``torch`` that are the layer to be written, or hold it."""
OTHER_LAYERS = (
    "torch._decomp.",
    "torch._inductor.fx_passes.fuse_attention.",
    "torch.ao.nn.",
    "torch.nn.quantized.",
    "torch.nn.quantizable.",
    "torch.onnx.",
    "torch.ops.onnx.",
    "torch.ops.quantized.",
)
"""Where torch has its layers a second time, under whatever names."""
SWITCHED_OFF = "frames"
"""Stands among the layers that ran out of sight where the code has ended the watch for frames."""
BROKEN = "profiler"
"""Stands there where torch's profiler or modes no longer see what they saw before the import."""
RECORDED = "recording"
"""Stands there where code ran that torch has written, from what it saw run earlier, or that came
compiled."""
OPERATORS = "operators"
"""Stands there where a student's code called operators of torch's by ``torch.ops``, or as it had
them from a record of what ran earlier."""
MAX_SOURCE = 200_000
"""Characters, or bytes, of a file: a parsed one takes a thousand times its size."""
MAX_ALL_SOURCE = 2_000_000
"""Characters of all files of a hand-in: to parse so many takes a second."""
MAX_PARTS = 40
"""Of a dotted name; torch's have ten at most. Each place of a longer chain is looked at alone."""
_NO_PYTHON = (SyntaxError, ValueError)
TOO_DEEP = (RecursionError, MemoryError)
"""What Python raises for source that is nested deeper than can be parsed here, though perhaps not
deeper than a worker compiles."""
_PARTS = "the parts of {}"
_FILLS = frozenset({"update", "setdefault", "__setitem__"})
"""Methods that put something into what they are called on, under a name. A list often only keeps
what came, the function's own results and torch's to compare them with."""
_LOOK_UP = frozenset({"resolve_name", "import_module"})
Aliases = Mapping[str, str]
"""The full names that names stand for."""
_IMPORTS = (ast.Import, ast.ImportFrom)
_LAYER_CLASSES = frozenset(n for n in RECURRENT_LAYERS | ATTENTION_LAYERS if n[0].isupper())


@dataclass(frozen=True)
class LayerCall:
    """A place in the source that names one of torch's layers."""

    name: str
    line: int


def torch_layers_used(
    source: str | bytes, function: str, layers: frozenset[str]
) -> list[LayerCall]:
    """The places that ``function`` reaches, through the file's own names, and that name a layer.

    A layer that only other code of the file uses, such as a test, is not found. Source that is no
    Python gives an empty list: it cannot run either. So does what ``can_be_searched`` denies.
    """
    return _layers_used(_read(source) or {}, function, layers)


def can_be_searched(source: str | bytes) -> bool:
    """Whether the source is neither too long nor nested too deep to be read."""
    return _read(source) is not None


def parsed(source: str | bytes) -> ast.Module | None:
    """The source as a tree; None for what is no Python, nested too deep, or too long to be read."""
    try:
        return tree_of(source)
    except TOO_DEEP:
        return None


def tree_of(source: str | bytes) -> ast.Module | None:
    """The source as a tree; None for what is no Python.

    Raises RecursionError or MemoryError for what is too long or nested too deep.
    """
    if len(source) > MAX_SOURCE:
        raise MemoryError
    try:
        return ast.parse(source)
    except _NO_PYTHON:
        return None


@dataclass(frozen=True)
class _Definition:
    """What a top-level statement says: names of the module, places that name parts of torch."""

    global_names: frozenset[str]
    torch_names: tuple[LayerCall, ...]
    fills: frozenset[str]
    """What it puts something into: names that are not its own."""


@lru_cache(maxsize=1)
def _read(source: str | bytes) -> dict[str, list[_Definition]] | None:
    """The definitions of each name; a file is read once for the three questions that ask.

    None where it is too long or nested too deep.
    """
    try:
        tree = tree_of(source)
        return {} if tree is None else _definitions(tree)
    except TOO_DEEP:
        return None


def _definitions(tree: ast.Module) -> dict[str, list[_Definition]]:
    left_out = says_only_what_it_is(tree)
    aliases = _aliases_of_the_module(tree, left_out)
    definitions: dict[str, list[_Definition]] = {}
    filling: list[tuple[ast.stmt, _Definition]] = []
    run: set[str] = set()
    for statement in as_imported(tree).body:
        if isinstance(statement, _IMPORTS):
            continue
        names = names_of(statement, left_out)
        # One for all of them: a statement may give a value to thousands of names.
        definition = _definition(list(walk(statement, left_out)), names, aliases)
        for name in names.given:
            definitions.setdefault(name, []).append(definition)
        if definition.fills:
            filling.append((statement, definition))
        if not isinstance(statement, FUNCTIONS):
            run |= names.looked_up
    imported = _imported_names(ast.walk(tree)).keys() if filling else set()
    for statement, definition in filling:
        # What nobody calls at the import, such as a comparison, has put nothing there.
        if not isinstance(statement, FUNCTIONS) or statement.name in run:
            for name in definition.fills - imported:
                definitions.setdefault(_PARTS.format(name), []).append(definition)
    return definitions


def _filled(nodes: Iterable[ast.AST]) -> Iterator[ast.Name]:
    """The names of what gets a part, as in ``made["it"] = ...`` or ``made.update(...)``."""
    for node in nodes:
        match node:
            case ast.Subscript(value=whole, ctx=ast.Store()):
                pass
            case ast.Attribute(value=whole, ctx=ast.Store()):
                pass
            case ast.Call(func=ast.Attribute(value=whole, attr=way)) if way in _FILLS:
                pass
            case _:
                continue
        while isinstance(whole, (ast.Attribute, ast.Subscript)):
            whole = whole.value
        if isinstance(whole, ast.Name):
            yield whole


def _definition(nodes: Sequence[ast.AST], names: Names, known: Aliases) -> _Definition:
    """What the statement of these nodes says, and does with ``names``."""
    used = {node.id for node in nodes if isinstance(node, ast.Name)} - names.own
    imported = {name: known[name] for name in used if name in known} | _imported_names(nodes)
    aliases = imported | _other_words(nodes, imported)
    calls = (
        LayerCall(dotted, node.lineno)
        for node in nodes
        if isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.Subscript))
        and (dotted := _dotted_name(node, aliases)).startswith("torch.")
    )
    filled = set(_filled(nodes))
    # Who only puts something in, to look at it later, has nothing of what others put there.
    taken = {node.id for node in nodes if isinstance(node, ast.Name) and node not in filled}
    parts = {_PARTS.format(name) for name in names.looked_up & taken}
    return _Definition(
        global_names=frozenset(names.looked_up | parts),
        torch_names=tuple(dict.fromkeys(calls)),
        fills=frozenset(node.id for node in filled) - names.own,
    )


def _layers_used(
    definitions: dict[str, list[_Definition]], function: str, layers: frozenset[str]
) -> list[LayerCall]:
    found: dict[LayerCall, None] = {}
    reached, waiting, seen = {function}, [function], set()
    while waiting:
        for definition in definitions.get(waiting.pop(), ()):
            if id(definition) in seen:
                continue
            seen.add(id(definition))
            calls = definition.torch_names
            found |= {call: None for call in calls if _is_layer(call.name, layers)}
            waiting += definition.global_names - reached
            reached |= definition.global_names
    return sorted(found, key=lambda call: call.line)


def _is_layer(dotted: str, layers: frozenset[str]) -> bool:
    return dotted.split(".")[-1] in layers or dotted.startswith(OTHER_LAYERS)


def _aliases_of_the_module(tree: ast.Module, left_out: LeftOut) -> Aliases:
    """What its imports call parts of torch, those within its functions left out.

    A function or class of the file is its own, whatever is imported by its name above it; of a star
    import that is so with whatever the file gives the name to. Another word for a part of torch, as
    ``F = torch.nn.functional``, is one where it is for nothing else.
    """
    here = list(in_scope(tree.body, left_out))
    times = Counter(name for node in here for name in names_given(node))
    imports = [list(_imports_outside_functions(statement)) for statement in tree.body]
    starred = _from_stars(chain(*imports))
    imported = {name: full for name, full in starred.items() if name not in times}
    for statement, of_it in zip(tree.body, imports, strict=True):
        imported |= _imported_names(of_it)
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            imported.pop(statement.name, None)
    return imported | _other_words(here, imported, times)


def _imports_outside_functions(statement: ast.stmt) -> Iterator[ast.AST]:
    """The imports of a statement; those within a function where it makes something known to all."""
    waiting: deque[ast.AST] = deque([statement])
    while waiting:
        node = waiting.popleft()
        if isinstance(node, _IMPORTS):
            yield node
        elif isinstance(node, FUNCTIONS):
            inner = list(ast.walk(node))
            if any(isinstance(part, ast.Global) for part in inner):
                yield from (part for part in inner if isinstance(part, _IMPORTS))
        elif isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
            # Expressions import nothing.
            waiting.extend(ast.iter_child_nodes(node))


def _imported_names(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """What each name stands for that one of the nodes imports.

    Where that differs from place to place, the last one counts.
    """
    names = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            module = f"{'.' * node.level}{node.module or ''}"
            for alias in node.names:
                if alias.name != "*":
                    names[alias.asname or alias.name] = f"{module}.{alias.name}"
    return names


def _from_stars(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """The layers that a star import of torch's gives.

    Only classes: a name such as gru is more likely the student's own.
    """
    modules = (
        node.module
        for node in nodes
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    )
    from_torch = [module for module in modules if module and module.split(".")[0] == "torch"]
    return {name: f"{module}.{name}" for module in from_torch for name in _LAYER_CLASSES}


def _other_words(
    nodes: Iterable[ast.AST], known: Aliases, times: Mapping[str, int] | None = None
) -> dict[str, str]:
    """What each name stands for that is set to a part of torch, as in ``nn = torch.nn``.

    With ``times``, which counts how often a name is given a value, only where it is each time.
    """
    words: dict[str, str] = {}
    aliases = ChainMap(words, dict(known))
    count: Counter[str] = Counter()
    for node in nodes:
        match node:
            case ast.Assign(targets=targets, value=value):
                pass
            case (
                ast.AnnAssign(target=target, value=value)
                | ast.NamedExpr(target=target, value=value)
            ):
                targets = [target]
            case _:
                continue
        dotted = _dotted_name(value, aliases)
        if dotted.split(".")[0] == "torch":
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            words.update(dict.fromkeys(names, dotted))
            count.update(names)
    return words if times is None else {n: w for n, w in words.items() if count[n] == times[n]}


def _dotted_name(node: ast.AST | None, aliases: Aliases) -> str:
    """The full name that an expression such as ``nn.GRU`` stands for, or ''."""
    parts: list[str] = []
    # Not by recursion: a line without meaning may be nested deeper than that goes.
    while node is not None and not isinstance(node, ast.Name) and len(parts) < MAX_PARTS:
        if looked_up := _looked_up(node):
            return ".".join([looked_up, *reversed(parts)])
        node, part = _taken_apart(node)
        parts.append(part)
    if not isinstance(node, ast.Name) or node.id not in aliases:
        return ""
    return ".".join([aliases[node.id], *reversed(parts)])


def _looked_up(node: ast.AST) -> str:
    """What is found by its full name, as by ``pkgutil.resolve_name("torch.nn:GRU")``, or ''."""
    match node:
        case ast.Call(
            func=ast.Name(id=way) | ast.Attribute(attr=way),
            args=[ast.Constant(value=str(name)), *_],
        ) if way in _LOOK_UP:
            return name.replace(":", ".")
    return ""


def _taken_apart(node: ast.AST) -> tuple[ast.AST | None, str]:
    """What an attribute is taken from, and the attribute; None for another expression."""
    match node:
        case ast.Attribute(value=value, attr=attribute):
            return value, attribute
        case ast.Call(
            func=ast.Name(id="getattr"), args=[value, ast.Constant(value=str(attribute)), *_]
        ):
            return value, attribute
        # The module's names by its dictionary; any other key is no attribute.
        case ast.Subscript(
            value=ast.Call(func=ast.Name(id="vars"), args=[value])
            | ast.Attribute(value=value, attr="__dict__"),
            slice=ast.Constant(value=str(attribute)),
        ):
            return value, attribute
    return None, ""
