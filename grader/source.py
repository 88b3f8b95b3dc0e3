"""Reads a student's source, without running it, for calls of torch's own layers."""

from __future__ import annotations

import ast
from collections import ChainMap, Counter, deque
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from grader.main_guard import as_imported

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
_ANNOTATION = "an annotation"
_TYPE_TESTS = frozenset({"isinstance", "issubclass", "type"})
_NAMES = (
    ast.Name, ast.Attribute, ast.Load, ast.Tuple, ast.List, ast.Set, ast.BinOp, ast.BitOr,
)  # fmt: skip
"""What a type is said by, where nothing is called."""
_READS_ANNOTATIONS = frozenset(
    "__annotations__ __annotate__ annotationlib get_annotations get_type_hints inspect signature "
    "__signature__ fields __dataclass_fields__ singledispatch singledispatchmethod".split()
)
"""Names of what gives code the class that an annotation names."""
_LOOK_UP = frozenset({"resolve_name", "import_module"})
Aliases = MutableMapping[str, str]
"""The full names that names stand for."""
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
    except TOO_DEEP:
        return None
    if tree is None:
        return {}
    left_out = _says_only_what_it_is(tree)
    statements = [list(_walk(statement, left_out)) for statement in as_imported(tree).body]
    names = [set(_names_defined(nodes)) for nodes in statements]
    aliases = _aliases_of_the_module(tree, set().union(*names))
    definitions: dict[str, list[_Definition]] = {}
    for defined, nodes in zip(names, statements, strict=True):
        if defined:
            # One for all of them: a statement may give a value to thousands of names.
            definition = _definition(nodes, _aliases(nodes, aliases))
            for name in defined:
                definitions.setdefault(name, []).append(definition)
    return definitions


def _says_only_what_it_is(tree: ast.Module) -> frozenset[str]:
    """Which of annotations and Python's tests of types give the code no class that they name."""
    bound, used = set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name):
                used.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias(name=name, asname=other):
                used.update(name.split("."))
                bound.add(other or name)
    annotations = {_ANNOTATION} if _READS_ANNOTATIONS.isdisjoint(used) else set()
    return frozenset(annotations | (_TYPE_TESTS - bound))


def _walk(statement: ast.stmt, left_out: frozenset[str]) -> Iterator[ast.AST]:
    """All nodes of a statement, itself first, without the types that ``left_out`` tells of."""
    waiting: deque[ast.AST] = deque([statement])
    while waiting:
        node = waiting.popleft()
        yield node
        if isinstance(node, ast.arg) and _ANNOTATION in left_out:
            continue
        type_ = _type_in(node, left_out)
        waiting.extend(part for part in ast.iter_child_nodes(node) if part is not type_)


def _type_in(node: ast.AST, left_out: frozenset[str]) -> ast.expr | None:
    """The part of a node that only says of which type something is."""
    match node:
        case ast.FunctionDef(returns=type_) | ast.AnnAssign(annotation=type_) if (
            _ANNOTATION in left_out
        ):
            return type_
        case ast.Call(func=ast.Name(id=name), args=[_, type_]) if name in left_out:
            return type_ if _only_names(type_) else None
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="type"), args=[_]), comparators=[type_]
        ) if "type" in left_out:
            return type_ if _only_names(type_) else None
    return None


def _only_names(type_: ast.expr) -> bool:
    return all(isinstance(node, _NAMES) for node in ast.walk(type_))


def _definition(nodes: Sequence[ast.AST], aliases: Aliases) -> _Definition:
    calls = (
        LayerCall(dotted, node.lineno)
        for node in nodes
        if isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.Subscript))
        and (dotted := _dotted_name(node, aliases)).startswith("torch.")
    )
    return _Definition(frozenset(_global_names(nodes)), tuple(dict.fromkeys(calls)))


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


def _aliases_of_the_module(tree: ast.Module, own: set[str]) -> Aliases:
    """What its imports call parts of torch, those within its functions left out.

    What the file defines itself, the names of ``own``, is its own, whatever is called so besides;
    but another word for a part of torch, as ``F = torch.nn.functional``, is one.
    """
    outside = list(_outside_functions(tree))
    imported = {name: full for name, full in _imported_names(outside).items() if name not in own}
    times = Counter(_names_given(outside))
    words = _other_words(outside, imported)
    return imported | {name: full for name, full in words.items() if times[name] == 1}


def _names_given(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name


def _outside_functions(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes of the module; of a function only where it imports something for all."""
    waiting: deque[ast.AST] = deque(tree.body)
    while waiting:
        node = waiting.popleft()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))
        elif any(isinstance(inner, ast.Global) for inner in ast.walk(node)):
            imports = (ast.Import, ast.ImportFrom)
            yield from (inner for inner in ast.walk(node) if isinstance(inner, imports))


def _aliases(nodes: Sequence[ast.AST], known: Aliases) -> Aliases:
    """What the names stand for that a statement of these nodes imports, or sets to parts of torch,
    and all others that are ``known``."""
    imported = ChainMap(_imported_names(nodes), known)
    return ChainMap(_other_words(nodes, imported), imported)


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
                if alias.name == "*" and module.split(".")[0] == "torch":
                    # Only classes: a name such as gru is more likely the student's own.
                    names.update({n: f"{module}.{n}" for n in _LAYER_CLASSES})
                else:
                    names[alias.asname or alias.name] = f"{module}.{alias.name}"
    return names


def _other_words(nodes: Iterable[ast.AST], known: Aliases) -> dict[str, str]:
    """What each name stands for that is set to a part of torch, as in ``nn = torch.nn``."""
    words: dict[str, str] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                dotted = _dotted_name(value, ChainMap(words, known))
                if dotted.split(".")[0] == "torch":
                    words[name] = dotted
    return words


def _global_names(nodes: Sequence[ast.AST]) -> set[str]:
    """The names that a statement looks up in the module, so without a function's own variables.

    A script that a student left at the end of the file often uses the same names, such as
    ``outputs``, for what torch's layer gives. The statement is the first of its nodes.
    """
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    if not isinstance(nodes[0], (ast.FunctionDef, ast.AsyncFunctionDef)):
        return names
    own = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {n.name for n in nodes[1:] if isinstance(n, ast.FunctionDef)}
    shared = {name for n in nodes if isinstance(n, ast.Global) for name in n.names}
    return names - (own - shared)


def _names_defined(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The names that a statement of these nodes, itself the first, gives a value."""
    statement = nodes[0]
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
    elif not isinstance(statement, (ast.Import, ast.ImportFrom)):
        for node in nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


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
