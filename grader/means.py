"""Reads a hand-in's source, without running it, for means by which a layer could run unseen."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from unicodedata import normalize

from grader.main_guard import as_imported, may_change_its_name, without_script
from grader.source import MAX_ALL_SOURCE, TOO_DEEP, parsed, tree_of

Source = str | bytes
Sources = tuple[tuple[str, Source], ...]
"""A hand-in's Python files: the name that each is imported by, and what is in it."""
RARE = frozenset(
    "grader setprofile settrace getprofile gettrace _lsprof monitoring addaudithook set_threshold "
    "_getframe _current_frames get_objects get_referrers get_referents walk_stack walk_tb "
    "f_globals f_builtins f_back f_locals tb_frame gi_frame cr_frame ag_frame __closure__ "
    "cell_contents __globals__ __self__ __func__ jit fx make_fx symbolic_trace exec runpy codeop "
    "marshal TorchDispatchMode _python_dispatch __torch_dispatch__ __torch_function__ "
    "run_decompositions get_decompositions core_aten_decompositions currentframe getargvalues "
    "getouterframes getinnerframes".split()
)
"""Names by which code may come to the watch, or be made from other code: homework has seldom a use
for them, so that staff are told of them in any case."""
OUT_OF_SIGHT = RARE | frozenset(
    "threading _thread concurrent multiprocessing ctypes overrides _C DisableTorchFunction "
    "DisableTorchFunctionSubclass compile modules fork forkpty register_at_fork posix_spawn "
    "posix_spawnp execl execle execlp execlpe execv execve execvp execvpe spawnl spawnle spawnlp "
    "spawnlpe spawnv spawnve spawnvp spawnvpe inspect importlib __import__ eval builtins "
    "__builtins__ asyncio profiler library load_library _op_dk decompose redispatch _op pydoc "
    "zipimport setitimer __code__ CodeType FunctionType __reduce__ __reduce_ex__ get_field".split()
)
"""Names of what could run a layer without its being seen, or lead to the watch itself."""
EVERYONES = frozenset({"os", "sys", "gc"})
"""Modules of such means that much honest code imports: only what is taken from them counts, and
handing one of them on, after which nobody knows."""
BY_NAME = frozenset(
    "getattr setattr vars globals locals __dict__ __getattribute__ attrgetter methodcaller "
    "pkgutil resolve_name pickle timeit".split()
)
"""By which code may come to what it does not name, as in ``getattr(torch, "s" + "ys")``, or names
in a string alone. Without them, and without the names above, a string is nothing but a text."""
_TOO_LONG = "a file that is too long, or nested too deep, to be read"
_UNREADABLE = "a file that is imported and cannot be read"
_DICTIONARY = frozenset({"__dict__", "__getattribute__"})
_TEXT_OF_ITS_OWN = "code"
"""A module that runs text; as a name it is anything."""
_IMPORTED_BY_US = "implementation"
_DOTTED = re.compile(r"\w+(?:[.:]\w+)+")
_RARE = re.compile(rf"\b(?:{'|'.join(sorted(RARE))})\b")
_LINE = re.compile(rb"\r\n?|\n")


def text_of(raw: bytes) -> Source:
    """What Python reads in a file: where it may say in what coding it is, the bytes themselves."""
    if any(b"coding" in line for line in _LINE.split(raw, 2)[:2]):
        return raw
    return raw.decode("utf-8-sig", "replace")


@lru_cache(maxsize=1)
def means_in(sources: Sources) -> str:
    """By what, of one of the files, a layer could run without its being seen; '' for nothing.

    One that is too long or nested too deep to be read is such, and so is one that is imported and
    no Python to this reader, or too many of them. A hand-in is read once for the three questions
    that ask.
    """
    if sum(len(source) for _, source in sources) > MAX_ALL_SOURCE:
        return _TOO_LONG
    imported, unread, trees = {_IMPORTED_BY_US}, set(), []
    for name, source in sources:
        try:
            tree = tree_of(source)
        except TOO_DEEP:
            return _TOO_LONG
        if tree is None:
            unread.add(name)
        else:
            trees.append(tree)
            imported.update(_imports(tree))
    by_text = any(map(_ways, trees))
    if not by_text and not any(map(may_change_its_name, trees)):
        trees = list(map(without_script, trees))
    for tree in trees:
        if found := _means(tree, by_text) or _handed_on(tree, by_text):
            return found
    return _UNREADABLE if not imported.isdisjoint(unread) else ""


@lru_cache(maxsize=1)
def rare_in(sources: Sources) -> str:
    """Which of the ``RARE`` names one of the files has, apart from texts; '' for none."""
    trees = [tree for _, s in sources if _may_have_rare(s) and (tree := parsed(s))]
    nodes = (node for tree in trees for node in _used(as_imported(tree)))
    names = (
        name for node in nodes if not isinstance(node, ast.Constant) for name in _names_in(node)
    )
    parts = (part for name in names for part in name.split("."))
    return next((part for part in parts if part in RARE), "")


def _may_have_rare(source: Source) -> bool:
    # As Python reads names: some letters that are no ASCII as others that are.
    return isinstance(source, bytes) or _RARE.search(normalize("NFKC", source)) is not None


def _means(tree: ast.Module, by_text: bool) -> str:
    nodes = (node for node in _used(tree) if _may_name(node, by_text))
    parts = (part for node in nodes for name in _names_in(node) for part in name.split("."))
    return next((part for part in parts if part in OUT_OF_SIGHT), "")


def _may_name(node: ast.AST, by_text: bool) -> bool:
    """A text does where names are looked up ``by_text``, and where it is a dotted name, which many
    functions look up; else a word is a word."""
    match node:
        case ast.Constant(value=str(text)):
            return by_text or _DOTTED.fullmatch(text) is not None
    return True


def _ways(tree: ast.Module) -> set[ast.AST]:
    """Where the file names one of ``BY_NAME``."""
    return {node for node in ast.walk(tree) if not BY_NAME.isdisjoint(_own_name(node))}


def _own_name(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name) | ast.alias(name=name):
            yield name


def _used(tree: ast.Module) -> Iterator[ast.AST]:
    """All but what only has the name of one of the means."""
    others: set[ast.AST] = set()
    has_res = any(map(_imports_compile_of_re, tree.body))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="modules") as method):
                others.add(method)  # A model's, as is eval: Python's own are not called.
            # Each is a name for much else; of torch or Python it has another one before it.
            case ast.Attribute(attr="eval") | ast.Name(id="modules" | "fx" | "jit" | "grader"):
                others.add(node)
            case ast.Attribute(value=ast.Name(id="self"), attr="fx"):
                others.add(node)
            case ast.Attribute(value=ast.Name(id="re"), attr="compile"):
                others.add(node)
            case ast.ImportFrom(module="numba" | "jax", names=names):
                others.update(one for one in names if one.name == "jit")
            case ast.ImportFrom(module="re", names=names):
                others.update(one for one in names if one.name == "compile")
            case ast.Name(id="compile") if has_res:
                others.add(node)
        if node not in others:
            yield node


def _imports_compile_of_re(statement: ast.stmt) -> bool:
    match statement:
        case ast.ImportFrom(module="re", names=names):
            return any(one.name == "compile" and one.asname is None for one in names)
    return False


def _names_in(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=aliases) if any(one.name == _TEXT_OF_ITS_OWN for one in aliases):
            yield "codeop"  # which that module is made of
        case ast.ImportFrom(module="code"):
            yield "codeop"
        case ast.ImportFrom(module=str(name)):
            yield name
        case ast.Constant(value=str(name)):
            yield name
        case _:
            yield from _own_name(node)


def _handed_on(tree: ast.Module, by_text: bool) -> str:
    """Which one of ``EVERYONES`` is used for more than a name that is taken from it; '' for none.

    ``import os as system``, too, and ``torch.os``; not a variable that is called so.
    """
    modules, bases = set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.alias(name=name, asname=other) if name.split(".")[0] in EVERYONES:
                modules.add(other or name.split(".")[0])
            case ast.ImportFrom(module=str(name), names=[ast.alias(name="*")]) if name in EVERYONES:
                return name
            case ast.Attribute(value=base, attr=name) if name not in _DICTIONARY:
                bases.add(base)
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) if name in modules and node not in bases:
                return name
            case ast.Attribute(attr=name) if name in EVERYONES and node not in bases:
                return name
            case ast.Constant(value=str(name)) if _may_name(node, by_text) and (
                found := EVERYONES.intersection(name.split("."))
            ):
                return min(found)
    return ""


def _imports(tree: ast.Module) -> Iterator[str]:
    """The parts of all names by which a file may import another one."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for name in [getattr(node, "module", None) or "", *(one.name for one in node.names)]:
                yield from name.split(".")


@lru_cache(maxsize=1)
def may_make_up_names(sources: Sources) -> bool:
    """Whether one of the files looks something up by a name that is perhaps written nowhere."""
    return any(_makes_up_names(tree) for _, source in sources if (tree := parsed(source)))


def _makes_up_names(tree: ast.Module) -> bool:
    written: set[ast.AST] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=way, args=[_, ast.Constant(), *_]):
                written.add(way)
            case ast.Subscript(value=ast.Call(func=way) | way, slice=ast.Constant()):
                written.add(way)
    return not _ways(tree) <= written
