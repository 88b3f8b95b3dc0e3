"""Which names of a student's source are a function's own, and which it looks up in the module.

The source is read as its syntax tree and not run. What only says of which type something is, and
gives the code no class, is left out where ``says_only_what_it_is`` tells so.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator

LeftOut = frozenset[str]
"""``_ANNOTATION``, and the names of Python's tests of types."""
_ANNOTATION = "an annotation"
_TYPE_TESTS = frozenset({"isinstance", "issubclass", "type"})
_READS_ANNOTATIONS = frozenset(
    "__annotations__ __annotate__ annotationlib get_annotations get_type_hints inspect signature "
    "__signature__ fields __dataclass_fields__ singledispatch singledispatchmethod".split()
)
"""Names of what gives code the class that an annotation names."""
SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
_NAMES = (
    *(ast.Name, ast.Attribute, ast.Load),
    *(ast.Tuple, ast.List, ast.Set, ast.BinOp, ast.BitOr),
)
"""What a type is said by, where nothing is called."""


def says_only_what_it_is(tree: ast.Module) -> LeftOut:
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


def in_scope(scope: ast.AST, left_out: LeftOut) -> Iterator[ast.AST]:
    """The nodes of a module, a function or the like; those within it without their parts."""
    waiting = deque(_parts(scope, left_out))
    while waiting:
        node = waiting.popleft()
        yield node
        if not isinstance(node, SCOPES):
            waiting.extend(_parts(node, left_out))


def own_names(scope: ast.AST, left_out: LeftOut) -> set[str]:
    """The names that are local to a function, or to another scope."""
    own, shared = set(), set()
    for node in in_scope(scope, left_out):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                own.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                own.add(name)
            case ast.ClassDef(name=name):
                own.add(name)
            case ast.alias(name=name, asname=other):
                own.add(other or name.split(".")[0])
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                shared.update(names)
    return own - shared


def looked_up(statement: ast.AST, left_out: LeftOut) -> set[str]:
    """The names that a statement looks up in the module, so without a function's own variables.

    A script that a student left at the end of the file often uses the same names, such as
    ``outputs``, for what torch's layer gives.
    """
    nodes = list(in_scope(statement, left_out))
    direct = {node.id for node in nodes if isinstance(node, ast.Name)}
    within = {
        name for node in nodes if isinstance(node, SCOPES) for name in looked_up(node, left_out)
    }
    if isinstance(statement, ast.ClassDef):
        # Its methods do not see its names.
        return (direct - own_names(statement, left_out)) | within
    if isinstance(statement, SCOPES):
        return (direct | within) - own_names(statement, left_out)
    return direct | within


def as_imported(tree: ast.Module) -> ast.Module:
    """The module without what runs in a script alone: a hand-in is imported.

    That is what stands under ``if __name__ == "__main__":``, where the file does not change the
    name, or ask for it in another way.
    """
    body = [part for statement in tree.body for part in _imported(statement)]
    if body == tree.body or changes_its_name(tree):
        return tree
    return ast.Module(body=body, type_ignores=[])


def changes_its_name(tree: ast.Module) -> bool:
    """Whether the code may give a module another name, so that it runs like a script."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id="__name__", ctx=ast.Store() | ast.Del()):
                return True
            case ast.Attribute(attr="__name__", ctx=ast.Store()) | ast.alias(asname="__name__"):
                return True
            case ast.Name(id="runpy") | ast.alias(name="runpy"):
                return True
            case ast.Constant(value=str(text)) if "__name__" in text:
                return True
    return False


def _imported(statement: ast.stmt) -> list[ast.stmt]:
    if isinstance(statement, ast.If) and _is_of_a_script(statement.test):
        return statement.orelse
    return [statement]


def _is_of_a_script(test: ast.expr) -> bool:
    match test:
        case ast.Compare(
            left=ast.Name(id="__name__"),
            ops=[ast.Eq()],
            comparators=[ast.Constant(value="__main__")],
        ):
            return True
        case ast.Compare(
            left=ast.Constant(value="__main__"),
            ops=[ast.Eq()],
            comparators=[ast.Name(id="__name__")],
        ):
            return True
    return False


def _parts(node: ast.AST, left_out: LeftOut) -> Iterator[ast.AST]:
    """The parts of a node, without the types that ``left_out`` tells of."""
    types: list[ast.AST] = []
    match node:
        case ast.arg() if _ANNOTATION in left_out:
            return
        case ast.FunctionDef(returns=type_) | ast.AnnAssign(annotation=type_) if (
            type_ and _ANNOTATION in left_out
        ):
            types = [type_]
        case ast.Call(func=ast.Name(id=name), args=[_, type_]) if name in left_out:
            types = [type_]
        case ast.Compare(left=ast.Call(func=ast.Name(id="type"), args=[_]), comparators=others) if (
            "type" in left_out
        ):
            types = [*others]
    left = {type_ for type_ in types if all(isinstance(n, _NAMES) for n in ast.walk(type_))}
    # An annotation is not run at all, or gives nothing.
    left.update(type_ for type_ in types if not isinstance(node, (ast.Call, ast.Compare)))
    for part in ast.iter_child_nodes(node):
        if part not in left:
            yield part
