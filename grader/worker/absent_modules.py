"""Imports a student's module though it imports packages that are not here, if it can do without.

Colab has pandas, TensorFlow and much else. A line that imports one of them, and nothing that is
graded uses it, must not cost a hand-in its points.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import linecache
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FrameType, FunctionType, ModuleType
from typing import Any

import numpy as np

MOST = 20
NEWEST, NEWEST_VERSION = (99,), "99.0"
"""What Matplotlib is told of an IPython that it finds imported: it helps older ones."""
SILENT = frozenset({"google", "IPython"})
"""Of notebooks: what a student calls there, such as ``drive.mount``, may be left undone."""
PURE: Mapping[tuple[str, str], Callable[..., Any]] = {
    # They compile, and what is compiled returns the same.
    ("numba", "jit"): lambda function: function,
    ("numba", "njit"): lambda function: function,
    ("numba", "prange"): range,
    ("numba", "vectorize"): np.vectorize,
    ("jax", "jit"): lambda function: function,
    # They look at the types of what a function is given.
    ("beartype", "beartype"): lambda function: function,
    ("jaxtyping", "jaxtyped"): lambda function: function,
    ("typeguard", "typechecked"): lambda function: function,
}
"""What can be done without the package. A decorator may be given arguments of its own first."""


class AbsentModules(MetaPathFinder, Loader):
    """Stands in for the modules in ``names``, which code may import but not use."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def import_module(self, name: str, folder: Path) -> ModuleType:
        """Import a module of ``folder``; what it cannot find is asked for here the next time.

        An import that the student's code itself can do without, in a ``try``, never gets here.
        """
        while True:
            try:
                return importlib.import_module(name)
            except ModuleNotFoundError as error:
                if not self.stand_in_for(error):
                    raise
                forget_modules_of(folder)

    def is_of_one(self, error: BaseException) -> bool:
        """Whether code has used what one of the modules would have had."""
        return isinstance(error, ModuleNotFoundError) and error.name in self.names

    @staticmethod
    def stands_in(value: object) -> bool:
        """Whether it is what stands in for something that a module would have had."""
        return isinstance(value, _Absent)

    def stand_in_for(self, error: ModuleNotFoundError) -> bool:
        """Whether the same import may do better from now on."""
        absent = error.name or ""
        if absent.split(".")[0] not in sys.modules:
            absent = absent.split(".")[0]
        # Else the package is here, and a part of it is not: google, and not google.colab.
        if not absent or absent in {*self.names, *sys.modules} or len(self.names) == MOST:
            return False
        if not self.names:
            sys.meta_path.append(self)
        self.names.append(absent)
        return True

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A module of one of the packages, or None."""
        if not any(f"{fullname}.".startswith(f"{name}.") for name in self.names):
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty module, in which everything is."""
        absent = (name for name in self.names if f"{spec.name}.".startswith(f"{name}."))
        return _AbsentModule(spec.name, next(absent))

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


class _AbsentModule(ModuleType):
    def __init__(self, name: str, absent: str) -> None:
        super().__init__(name)
        self._absent = absent

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":  # for a star: the names that it would bring are not known
            raise _not_found(self._absent)
        if name == "__version__":  # which libraries read, too
            return NEWEST_VERSION
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "version_info":
            return NEWEST
        pure = PURE.get((self.__name__, name))
        if pure is not None:
            return range if pure is range else _decorator(pure)
        return _Absent(self._absent)


class _Absent:
    """Anything in a module that is not here."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._is_silent = package.split(".")[0] in SILENT

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """A call of a module's own lets its import go on, and so does a decorator: what that was to
        decorate fails when called, and what the call returned when it is used."""
        decorated = arguments[0] if len(arguments) == 1 and not options else None
        if isinstance(decorated, FunctionType) and not self._is_silent:
            return _failing(decorated, self._package)
        if self._is_silent or _is_described(sys._getframe(1)):
            return self
        raise _not_found(self._package)

    def __repr__(self) -> str:
        return f"<of {self._package}, which is not installed here>"

    def _described(self, *_: Any) -> Any:
        """Of a type in an annotation, or of a constant at the top: nothing has come of it yet."""
        if _is_described(sys._getframe(1)):
            return self
        raise _not_found(self._package)

    def __bool__(self) -> bool:
        """As of what IPython's ``get_ipython()`` returns where there is no shell."""
        return False

    def __instancecheck__(self, _instance: object) -> bool:
        """Libraries look for modules that are imported, to ask whether a value is one of theirs."""
        return False

    def __subclasscheck__(self, _subclass: type) -> bool:
        return False

    def _fail(self, *_: Any) -> Any:
        raise _not_found(self._package)

    __getitem__ = __or__ = __ror__ = __neg__ = __pow__ = __rpow__ = __truediv__ = __rtruediv__ = (
        _described
    )
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __matmul__ = __rmatmul__ = (
        _described
    )
    __mro_entries__ = __iter__ = __len__ = __setitem__ = __contains__ = __float__ = __int__ = _fail
    __array__ = __enter__ = __exit__ = __lt__ = __le__ = __gt__ = __ge__ = _fail


def _decorator(pure: Callable[..., Any]) -> Callable[..., Any]:
    """The decorator, which may also be given what it is told of the function, such as its types."""

    def decorator(*arguments: Any, **options: Any) -> Any:
        if arguments and isinstance(arguments[0], FunctionType):
            return pure(arguments[0])
        return pure

    return decorator


def _failing(function: FunctionType, package: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def failing(*_: Any, **__: Any) -> Any:
        raise _not_found(package)

    return failing


def _is_described(caller: FrameType) -> bool:
    """Whether what runs there is in no function, or is a decorator or a function's annotations."""
    code, at = caller.f_code, caller.f_lineno
    if not code.co_flags & inspect.CO_OPTIMIZED:
        return True
    line = linecache.getline(code.co_filename, at).lstrip()
    return at != code.co_firstlineno and line.startswith(("@", "def ", "async def "))


def _not_found(name: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(f"No module named {name!r}", name=name)


def forget_modules_of(folder: Path) -> None:
    """Import anew what stopped half-way, and whatever it had imported of its own."""
    for name, module in [*sys.modules.items()]:
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and Path(file).is_relative_to(folder):
            del sys.modules[name]
