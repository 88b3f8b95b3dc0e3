"""Finds the classes that a model is made of in what was handed in.

They are looked for in ``rnn_lm.py``, then in other Python files, then in notebooks; but what was
saved as a notebook's own class is looked for there first. A file's code is run only when something
that it defines is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grader.worker.absent_modules import AbsentModules
from grader.worker.code_source import MAIN, CodeSource
from grader.worker.constructions import Arguments, first_argument
from grader.worker.devices import is_of_devices
from grader.worker.older_torch import RENAMED
from grader.worker.saved_file import CannotLoad
from grader.worker.why_not_built import hidden_class, relative_import

MODULE = "rnn_lm"
MODEL_CLASS = "SentenceModel"
COURSE_LENGTHS = {"max_len": 100, "min_len": 32}
"""What the notebook's variables of these names hold with the course's data."""
MOST_CALLS = 10
"""Calls whose arguments are tried: each builds a model."""
WRITERS = ("dill", "cloudpickle", "joblib")
"""Packages that write files as torch.save does, with functions of their own in them."""
COMPILER = ("torch._dynamo", "torch._inductor", "torch._functorch")
"""Where the parts of a compiled model live. It is run without them."""


class ModelCode:
    """The code of the hand-in in ``folder``, as far as its model needs it.

    ``freq`` and ``device`` are what the notebook's variables of these names hold, and
    ``characters`` what ``str_voc`` does.
    """

    def __init__(
        self, folder: Path, freq: np.ndarray, device: torch.device, characters: str = ""
    ) -> None:
        begin = len(freq)
        given = {"freq": freq, "BEGIN_ID": begin, "END_ID": begin + 1, "PAD_ID": begin + 2}
        given |= {"device": device, "str_voc": characters, "vocabulary": list(characters)}
        given |= COURSE_LENGTHS
        self._absent = AbsentModules()
        scripts = sorted(folder.rglob("*.py"), key=_model_code_first)
        notebooks = sorted(folder.rglob("*.ipynb"), key=_model_code_first)
        self._sources = [
            CodeSource(file, folder, given, self._absent) for file in (*scripts, *notebooks)
        ]
        self._taken: dict[str, CodeSource] = {}
        self._preferred: CodeSource | None = None

    @property
    def notes(self) -> list[str]:
        """What a student may want to know about where the classes came from."""
        taken = [
            f"the class {name} came from {source.label}"
            for name, source in self._taken.items()
            if source.module != MODULE
        ]
        absent = [f"what is imported and not installed here: {', '.join(self._absent.names)}"]
        notes = [note for source in self._sources for note in source.notes]
        return [*taken, *(absent if self._absent.names else []), *notes]

    def find(self, module: str, name: str, default: Callable[[str, str], Any]) -> Any:
        """What a pickle names; ``default`` is pickle's own way, which imports the module.

        Raises CannotLoad when it is nowhere, and what the student's files raise when they are run.
        """
        if (module, name) in RENAMED:
            return RENAMED[module, name]
        if (module, name) == ("torch.nn.parallel.distributed", "DistributedDataParallel"):
            return torch.nn.DataParallel  # its own way to unpickle asks for the other machines
        if (module, name) == ("torch._dynamo.eval_frame", "OptimizedModule"):
            return Compiled
        if module.startswith(COMPILER) or name.startswith("_TorchCompile"):
            return Ignored
        if module != MAIN and not any(source.module == module for source in self._sources):
            for place in (module, *_moved(module)):
                try:
                    found = default(place, name)
                except (ImportError, AttributeError):
                    continue
                if not self._absent.stands_in(found):
                    return found
            if module.split(".")[0] == "torch":
                raise CannotLoad(
                    f"The file needs {module}.{name}, which torch {torch.__version__} does not "
                    "have: it was saved by another version. Save the weights alone, with "
                    'torch.save(model.state_dict(), "rnn_lm.sav").'
                )
        return self._found(module, name)

    def places_of(self, name: str) -> Iterator[CodeSource]:
        """The files that may define a class, in the order in which they are asked."""
        places = [s for s in self._sources if s.module == MODULE or s.defines(name)]
        yield from dict.fromkeys([*self._copies_with_its_names(name), *places])

    def calls_of(self, name: str, builds: Callable[..., Any]) -> list[Arguments]:
        """With what beside freq the hand-in's code calls the class ``name``, which is ``builds``.

        Notebooks come first, and the last call of a file: earlier ones are likelier to be trials.
        """
        first = first_argument(builds)
        distinct: dict[str, Arguments] = {}
        for source in reversed(self._sources):
            for arguments in reversed(source.calls_of(name, first)):
                distinct.setdefault(arguments.as_call(name), arguments)
        return [*distinct.values()][:MOST_CALLS]

    def took(self, name: str, source: CodeSource) -> None:
        """Note where a class that was found by other means came from."""
        self._taken[name] = source

    def fits(self, model: object) -> bool:
        """Whether the class that was found for a model seems to be the one it was made from."""
        source = self._taken.get(type(model).__name__)
        return source is None or (has_forward(model) and not source.misses(model))

    def turn_to_each(self, name: str) -> Iterator[None]:
        """For each other file that defines the class: ``find`` asks it first; then as before."""
        taken = self._taken.copy()
        for source in self._sources:
            if source is not taken.get(name) and source.defines(name):
                self._preferred = source
                yield
        self._preferred, self._taken = None, taken

    def why_unknown(self, error: BaseException) -> str:
        """What kept a name from being known that a file does define; '' where that is not it."""
        name = error.name if isinstance(error, NameError) else None
        for source in self._sources:
            if name and (words := relative_import(name, source.notes)):
                return words
            if name and source.notes and source.gives(name):
                return (
                    f"{source.label} does define {name}, but not all of it can be run here: "
                    f"{'; '.join(source.notes)}. Let the class do without what fails there: freq "
                    "tells the number of characters, len(freq)"
                )
        return ""

    def mistake_in(self, name: str, error: BaseException | None = None) -> str:
        """A slip in the class ``name`` of the hand-in that shows elsewhere; '' for none.

        ``error`` is what came of building it, if that was tried.
        """
        found = (
            f"Look at the class {name} in {source.label}: {mistake}"
            for source in self._sources
            if (mistake := source.mistake_in(name, error))
        )
        return next(found, "")

    def stub(self, name: str) -> str:
        """That the class ``name`` was found, and its ``forward`` does nothing; '' otherwise."""
        source = self._taken.get(name)
        if source is None or not source.is_unfinished(name):
            return ""
        return (
            f"The class {name} of {source.label} is still as it was given: its forward does "
            "nothing. Write the model there, and hand in the file that you trained with."
        )

    def nowhere(self, name: str, module: str = MAIN) -> str:
        """That nothing defines a class, in a student's words."""
        package = module.split(".")[0]
        if package in WRITERS:
            return (
                f"The model was saved with {package}, which is not installed where this is graded. "
                'Save it as the notebook does, with torch.save(model, "rnn_lm.sav"), and without '
                f"pickle_module={package}; and have its class in {MODULE}.py."
            )
        others = self._other_modules() if name == MODEL_CLASS else []
        likely = others if len(others) == 1 else get_close_matches(MODEL_CLASS, others, 1)
        advice = f"Put the class into {MODULE}.py and hand it in too."
        if likely:
            advice = (
                f"Did you rename it? {MODULE}.py defines {likely[0]}, which must be called {name}."
            )
        elif others:
            advice = (
                f"{MODULE}.py defines {', '.join(others[:-1])} and {others[-1]}: if one of them is "
                f"the model, it must be called {name}. Otherwise put the class there, too."
            )
        if package in self._absent.names:
            advice = (
                f"{package} is neither in the hand-in nor installed where this is graded: hand in "
                f"{package}.py, too, if it is a file of yours, or put the class into {MODULE}.py."
            )
        for source in self._sources:
            if hidden := hidden_class(source.tree, name):
                return (
                    f"The model needs the class {name}, which {source.label} has {hidden}. Move it "
                    "to the top level of the file, at the left margin."
                )
        saved_as = "" if module == MAIN else f" The saved model names it {module}.{name}."
        return (
            f"The model needs the class {name}, and nothing in the hand-in defines it: neither "
            f"{MODULE}.py nor another Python file nor a notebook. {advice}{saved_as}"
        )

    @property
    def keys_of_weights(self) -> frozenset[str]:
        """The names under which code of the hand-in finds weights in what it has loaded."""
        return frozenset(key for source in self._sources for key in source.keys_of_weights)

    def _other_modules(self) -> list[str]:
        """The classes of ``rnn_lm.py`` that may be the model under another name."""
        return [
            name
            for source in self._sources
            if source.module == MODULE
            for name, value in source.namespace.items()
            if isinstance(value, type) and issubclass(value, torch.nn.Module)
            if source.defines(name)
        ]

    def _found(self, module: str, name: str) -> Any:
        outer, *inner = name.split(".")
        failure: Exception | None = None
        for source in self._in_order(module, outer):
            if not (source.defines(outer) or source.module in (module, MODULE)):
                continue
            try:
                namespace = source.namespace
            except Exception as error:
                if is_of_devices(error):
                    raise
                failure = failure or error
                continue
            if outer in namespace and not self._absent.stands_in(namespace[outer]):
                self._taken[outer] = source
                return reduce(getattr, inner, namespace[outer])
        if failure is None and name == StrData.__name__:
            return StrData
        raise failure or CannotLoad(self.nowhere(name, module))

    def _in_order(self, module: str, name: str) -> list[CodeSource]:
        likely = [s for s in self._sources if s.module == module]
        if module == MAIN:
            likely += self._copies_with_its_names(name)
            if not self._was_that_of_rnn_lm(name):
                likely += [s for s in self._notebooks if s.is_whole(name)]
        first = [self._preferred] if self._preferred else []
        return list(dict.fromkeys([*first, *likely, *self._sources]))

    @property
    def _ours(self) -> CodeSource | None:
        return next((source for source in self._sources if source.module == MODULE), None)

    @property
    def _notebooks(self) -> list[CodeSource]:
        return [source for source in self._sources if source.is_notebook]

    def _copies_with_its_names(self, name: str) -> list[CodeSource]:
        """Notebooks with the very class of rnn_lm.py where names that it reads are there alone.

        It was copied from there without the notebook's variables, so that it only works there.
        """
        ours = self._ours
        text = ours.text_of(name) if ours else ""
        copies = [source for source in self._notebooks if text and source.text_of(name) == text]
        try:
            if ours is None or not copies or ours.is_whole(name):
                return []
        except Exception:  # it is told of where the file is asked for its class
            return []
        return [source for source in copies if source.is_whole(name)]

    def _was_that_of_rnn_lm(self, name: str) -> bool:
        """Whether a class of ``__main__`` may be rnn_lm.py's, though a notebook has one, too.

        A program's own classes have that name, and those of a file that a notebook runs; and where
        a notebook's is the same, further notebooks have older ones.
        """
        ours = self._ours
        if ours is None or ours.is_unfinished(name):
            return False
        texts = {notebook.text_of(name) for notebook in self._notebooks}
        is_run = ours.is_program or any(notebook.runs_rnn_lm for notebook in self._notebooks)
        return is_run or ours.text_of(name) in texts


class StrData:
    """Stands in for the notebook's data set, which a checkpoint may hold beside the model."""


class Compiled(torch.nn.Module):
    """Stands in for what ``torch.compile`` returns."""

    def __init__(self, original: torch.nn.Module, *_: Any) -> None:
        super().__init__()
        self._orig_mod = original


class Ignored:
    """Stands in for any part of torch's compiler."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __setstate__(self, _state: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Ignored()

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self


def _model_code_first(file: Path) -> tuple[bool, int, Path]:
    return file.name != f"{MODULE}.py", len(file.parts), file


def _moved(module: str) -> Iterator[str]:
    """Where NumPy of another major version has the module."""
    for old, new in (("numpy.core", "numpy._core"), ("numpy._core", "numpy.core")):
        if module == old or module.startswith(f"{old}."):
            yield module.replace(old, new, 1)


def has_forward(model: object) -> bool:
    """Whether its class, if it is a module's, says what the module computes."""
    return getattr(type(model), "forward", None) is not torch.nn.Module.forward
