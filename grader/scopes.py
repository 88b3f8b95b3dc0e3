"""Which names of a student's source are a function's own, and which it looks up in the module.

The source is read as its syntax tree and not run. What only says of which type something is, and
gives the code no class, is left out where ``says_only_what_it_is`` tells so.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

LeftOut = frozenset[str]
"""``_ANNOTATION``, and the names of Python's tests of types."""
NOTHING_LEFT_OUT: LeftOut = frozenset()
_ANNOTATION = "an annotation"
_TYPE_TESTS = frozenset({"isinstance", "issubclass", "type"})
_READS_ANNOTATIONS = frozenset(
    "__annotations__ __annotate__ annotationlib get_annotations get_type_hints inspect signature "
    "__signature__ fields __dataclass_fields__ singledispatch singledispatchmethod".split()
)
"""Names of what gives code the class that an annotation names."""
_NAMES = (
    *(ast.Name, ast.Attribute, ast.Load, ast.Constant),
    *(ast.Tuple, ast.List, ast.Set, ast.BinOp, ast.BitOr),
)
"""What a type is said by, where nothing is called."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (*FUNCTIONS, ast.Lambda, ast.ClassDef, *_COMPREHENSIONS)
_WITH_TYPES = (*FUNCTIONS, ast.AnnAssign, ast.Call, ast.Compare)
_BINDING = (
    *(ast.arg, ast.alias, ast.ExceptHandler),
    *(ast.MatchAs, ast.MatchStar, ast.MatchMapping),
)
"""What gives a value to a name, beside names themselves, functions and classes."""


def says_only_what_it_is(tree: ast.Module) -> LeftOut:
    """Which of annotations and Python's tests of types give the code no class that they name."""
    bound, used = set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name):
                used.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound.add(name)
            case ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias(name=name, asname=other):
                used.update(name.split("."))
                bound.add(other or name)
    annotations = {_ANNOTATION} if _READS_ANNOTATIONS.isdisjoint(used) else set()
    return frozenset(annotations | (_TYPE_TESTS - bound))


def walk(statement: ast.AST, left_out: LeftOut) -> Iterator[ast.AST]:
    """All nodes of a statement, itself first, without the types that ``left_out`` tells of."""
    waiting = deque([statement])
    while waiting:
        node = waiting.popleft()
        yield node
        waiting.extend(_parts(node, left_out))


def in_scope(nodes: Iterable[ast.AST], left_out: LeftOut) -> Iterator[ast.AST]:
    """The nodes that are run in the scope that these stand in: of functions and the like within
    them, what is run where they are made, such as default values."""
    waiting = deque(nodes)
    while waiting:
        node = waiting.popleft()
        yield node
        if isinstance(node, _SCOPES):
            waiting.extend(_around(node, left_out))
        else:
            waiting.extend(_parts(node, left_out))


@dataclass(frozen=True)
class Names:
    """What a statement of a module does with names."""

    given: set[str]
    """Names of the module that it gives a value."""
    own: set[str]
    """Of a function: the names that are local to it."""
    looked_up: set[str]
    """Those that it looks up in the module, so without a function's own variables.

    A script that a student left at the end of the file often uses the same names, such as
    ``outputs``, for what torch's layer gives."""


def names_of(statement: ast.AST, left_out: LeftOut) -> Names:
    """The names of a statement of a module."""
    if not isinstance(statement, FUNCTIONS):
        here = _names([statement], left_out)
        return Names(here.own, set(), here.used | here.declared)
    inner = _names(_within(statement, left_out), left_out)
    around = _names(_around(statement, left_out), left_out)
    return Names({statement.name}, inner.own, inner.free | around.free)


def names_given(node: ast.AST) -> Iterator[str]:
    """The name to which a node gives a value, or of which it makes a function or class."""
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        yield node.name


@dataclass
class _Scope:
    """The names of one scope."""

    own: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    """Those that are looked up in it, or from scopes within."""
    declared: set[str] = field(default_factory=set)
    """Those that it, or a scope within, looks up in the module by a ``global``."""

    given_outside: set[str] = field(default_factory=set)
    """Of a comprehension: those that it gives a value by :=, in the scope around."""

    @property
    def free(self) -> set[str]:
        """Those that are looked up outside of it."""
        return (self.used - self.own) | self.declared


def _names(nodes: Iterable[ast.AST], left_out: LeftOut) -> _Scope:
    """The names of the scope that these nodes stand in."""
    scope = _Scope()
    of_module: set[str] = set()
    shared: set[str] = set()
    for node in in_scope(nodes, left_out):
        scope.own.update(names_given(node))
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                scope.used.add(node.id)
        elif isinstance(node, _SCOPES):
            inner = _names(_within(node, left_out), left_out)
            # A class's methods do not see its names.
            scope.used |= inner.used if isinstance(node, ast.ClassDef) else inner.used - inner.own
            scope.declared |= inner.declared
            if isinstance(node, _COMPREHENSIONS):
                scope.own |= inner.given_outside
                scope.given_outside |= inner.given_outside
        elif isinstance(node, ast.AugAssign):
            scope.used.update(names_given(node.target))
        elif isinstance(node, ast.NamedExpr):
            scope.given_outside.add(node.target.id)
        elif isinstance(node, _BINDING):
            scope.own.update(_bound(node))
        elif isinstance(node, ast.Global):
            of_module.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            shared.update(node.names)
    scope.own -= of_module | shared
    scope.declared |= scope.used & of_module
    return scope


def _bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case ast.alias(name=name, asname=other):
            yield other or name.split(".")[0]


def _around(scope: ast.AST, left_out: LeftOut) -> list[ast.AST]:
    """What of a function, class or comprehension is run in the scope that it stands in."""
    match scope:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            types = [] if _ANNOTATION in left_out else _annotations(scope)
            defaults = [*scope.args.defaults, *filter(None, scope.args.kw_defaults)]
            return [*getattr(scope, "decorator_list", ()), *defaults, *types]
        case ast.ClassDef(decorator_list=decorators, bases=bases, keywords=keywords):
            return [*decorators, *bases, *keywords]
        case _ if isinstance(scope, _COMPREHENSIONS):
            return [scope.generators[0].iter]
    return []


def _annotations(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[ast.AST]:
    types = [argument.annotation for argument in _all_arguments(function.args)]
    types.append(getattr(function, "returns", None))
    return [type_ for type_ in types if type_ is not None]


def _within(scope: ast.AST, left_out: LeftOut) -> list[ast.AST]:
    """What of it is run in its own scope, its arguments among that."""
    match scope:
        case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
            return [*_bare_arguments(scope.args), *body]
        case ast.Lambda(args=arguments, body=body):
            return [*_bare_arguments(arguments), body]
        case ast.ClassDef(body=body):
            return [*body]
        case _ if isinstance(scope, _COMPREHENSIONS):
            first = scope.generators[0]
            parts = [part for part in _parts(scope, left_out) if part is not first]
            return [*parts, first.target, *first.ifs]
    return []


def _bare_arguments(arguments: ast.arguments) -> list[ast.AST]:
    return [ast.arg(arg=one.arg, annotation=None) for one in _all_arguments(arguments)]


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    several = (arguments.vararg, arguments.kwarg)
    named = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return [*named, *(one for one in several if one is not None)]


def _parts(node: ast.AST, left_out: LeftOut) -> Iterable[ast.AST]:
    """The parts of a node, without what only says of which type something is."""
    if isinstance(node, ast.arg) and _ANNOTATION in left_out:
        return ()
    type_ = _type_in(node, left_out) if isinstance(node, _WITH_TYPES) else None
    parts = ast.iter_child_nodes(node)
    return parts if type_ is None else (part for part in parts if part is not type_)


def _type_in(node: ast.AST, left_out: LeftOut) -> ast.expr | None:
    match node:
        case (
            ast.FunctionDef(returns=type_)
            | ast.AsyncFunctionDef(returns=type_)
            | ast.AnnAssign(annotation=type_)
        ) if _ANNOTATION in left_out:
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
