"""Reads a student's source, without running it, for calls of torch's own layers."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from grader.scopes import (
    SCOPES,
    LeftOut,
    as_imported,
    in_scope,
    looked_up,
    own_names,
    says_only_what_it_is,
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
_LOOK_UP = frozenset({"resolve_name", "import_module"})
_PUTS = frozenset({"append", "extend", "insert", "add", "update", "setdefault"})
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


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
    """What a top-level statement says: names of the module, and places that name parts of torch."""

    global_names: frozenset[str]
    torch_names: tuple[LayerCall, ...]


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
    module = as_imported(tree)
    # What the file defines itself is its own, whatever an import called so before.
    own = {part.name for part in in_scope(module, left_out) if isinstance(part, _NAMED)}
    aliases = {name: full for name, full in _aliases(ast.walk(tree)).items() if name not in own}
    definitions: dict[str, list[_Definition]] = {}
    for statement in module.body:
        if defined := set(_names_defined(statement, left_out)):
            # One for all of them: a statement may give a value to thousands of names.
            definition = _Definition(
                frozenset(looked_up(statement, left_out)),
                tuple(dict.fromkeys(_torch_names(statement, aliases, left_out))),
            )
            for name in defined:
                definitions.setdefault(name, []).append(definition)
    return definitions


def _names_defined(statement: ast.stmt, left_out: LeftOut) -> Iterator[str]:
    """The names that a statement of the module gives a value, or puts something into.

    Those that it imports are not among them.
    """
    for node in [statement, *in_scope(statement, left_out)]:
        if isinstance(node, _NAMED):
            yield node.name
        if isinstance(statement, _NAMED):
            return
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                yield name
            case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store()):
                yield name
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=way)) if way in _PUTS:
                yield name


def _torch_names(scope: ast.AST, around: dict[str, str], left_out: LeftOut) -> Iterator[LayerCall]:
    """The places within a statement, or a part of it, that name something of torch's.

    ``around`` says what names stand for where a scope has none of its own that is called so.
    """
    nodes = list(in_scope(scope, left_out))
    # A method does not see the names of its class.
    has_own = isinstance(scope, SCOPES) and not isinstance(scope, ast.ClassDef)
    own = own_names(scope, left_out) if has_own else set()
    around = {name: full for name, full in around.items() if name not in own}
    aliases = around | _aliases(nodes, around)
    for node in nodes:
        if isinstance(node, SCOPES):
            yield from _torch_names(node, aliases, left_out)
        elif isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)):
            dotted = _dotted_name(node, aliases)
            if dotted.startswith("torch."):
                yield LayerCall(dotted, node.lineno)


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


def is_placeholder(node: ast.stmt) -> bool:
    """Whether a statement of a function is a text, ``pass``, or what says that it is to be done."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, (ast.Pass, ast.Raise))


def _is_layer(dotted: str, layers: frozenset[str]) -> bool:
    return dotted.split(".")[-1] in layers or dotted.startswith(OTHER_LAYERS)


def _aliases(nodes: Iterable[ast.AST], known: Mapping[str, str] = {}) -> dict[str, str]:
    """What each name stands for that is imported there, or is another word for a part of torch.

    Where that differs from place to place, the last one counts.
    """
    names: dict[str, str] = {}
    for node in nodes:
        match node:
            case ast.Import(names=imported):
                for one in imported:
                    top = one.name.split(".")[0]
                    names[one.asname or top] = one.name if one.asname else top
            case ast.ImportFrom(module=str(module), names=imported, level=0):
                for one in imported:
                    if one.name == "*" and module.split(".")[0] == "torch":
                        names |= {n: f"{module}.{n}" for n in RECURRENT_LAYERS | ATTENTION_LAYERS}
                    else:
                        names[one.asname or one.name] = f"{module}.{one.name}"
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                dotted = _dotted_name(value, {**known, **names})
                if dotted.split(".")[0] == "torch":
                    names[name] = dotted
    return names


def _dotted_name(node: ast.AST | None, aliases: Mapping[str, str]) -> str:
    """The full name that an expression such as ``nn.GRU`` stands for, or ''."""
    parts: list[str] = []
    # Not by recursion: a line without meaning may be nested deeper than that goes.
    while node is not None and not isinstance(node, ast.Name) and len(parts) < MAX_PARTS:
        if found := _found_by_name(node):
            return ".".join([found, *reversed(parts)])
        node, part = _taken_apart(node)
        parts.append(part)
    if not isinstance(node, ast.Name) or node.id not in aliases:
        return ""
    return ".".join([aliases[node.id], *reversed(parts)])


def _found_by_name(node: ast.AST) -> str:
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


def is_unfinished(node: ast.stmt) -> bool:
    """Whether it is a function that makes nothing and returns nothing."""
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        return False
    return all(map(_leaves_undone, node.body))


def _leaves_undone(node: ast.stmt) -> bool:
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return node.value is None or _is_none(node.value)
    if isinstance(node, ast.Return):
        # A variable: of what is assigned there, all is None.
        return node.value is None or _is_none(node.value, ast.Name)
    return is_placeholder(node)


def _is_none(value: ast.expr, *others: type[ast.expr]) -> bool:
    """Whether it is None, or several of it; ``others`` are taken for None, too."""
    if isinstance(value, ast.Tuple):
        return all(_is_none(item, *others) for item in value.elts)
    return isinstance(value, others) or (isinstance(value, ast.Constant) and value.value is None)
