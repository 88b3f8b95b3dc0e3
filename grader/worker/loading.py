"""Loads the trained model, in every form in which it is handed in.

A file holds the whole model, wrapped or not, or its weights, alone or in a checkpoint; it was made
on another machine, by another torch, from a class that may be in any file of the hand-in.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from torch import nn

from grader.worker import saved_file
from grader.worker.checkpoints import Weights, model_or_weights
from grader.worker.constructions import ALONE, Arguments, first_argument
from grader.worker.devices import Redirection, move_remembered_devices
from grader.worker.model_code import MODEL_CLASS, ModelCode, has_forward
from grader.worker.older_torch import complete, older_recurrent_layers
from grader.worker.saved_file import CannotLoad
from grader.worker.state_dicts import fill
from grader.worker.why_not_built import did_you_mean

T = TypeVar("T")

QUANTISED = "layers are quantised with one scale for a whole batch, by quantize_dynamic"
"""A note that the grader knows again: a prediction then depends on the rest of its batch."""
DEVICE = "device"
DYNAMIC = "torch.ao.nn.quantized.dynamic"
OTHER_SHAPES = " in the file, "
"""In what is said of weights that do not fit by their size."""
CHECKPOINT = "the saved checkpoint"
TOKENS = 3
"""BEGIN, END and PAD, beside the characters."""
_OF_FREQ = re.compile(r"freq|char|voc|tok|size|class", re.IGNORECASE)
"""In the names of what is told by ``freq``."""
A_SIZE = re.compile(r"voc.*size|size.*voc|n(?:um)?_?(?:tok|voc|char|class)", re.IGNORECASE)
"""In the name of an argument that is a number of tokens."""
NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Loaded:
    """A model on its device, and what had to be done to get it there.

    It is in ``eval()`` mode, or in that in which it was saved, where that is asked for.
    """

    model: Any
    notes: list[str]
    training: bool = True
    """Whether it was saved in ``train()`` mode, as the notebook leaves it."""

    @property
    def parameters(self) -> int:
        """How many numbers the model learns; 0 for what is no module of torch's."""
        return sum(parameter.numel() for parameter in self._learnt)

    @property
    def finite(self) -> bool:
        """Whether none of these numbers is known to be NaN or infinite."""
        with suppress(RuntimeError, ValueError):  # not every kind of number can be asked
            return all(bool(parameter.isfinite().all()) for parameter in self._learnt)
        return True

    @property
    def _learnt(self) -> list[nn.Parameter]:
        return [*self.model.parameters()] if isinstance(self.model, nn.Module) else []


class ModelLoader:
    """Loads models made from the code of one hand-in. All of it runs student code.

    Each method raises CannotLoad, which says why in a student's words, or whatever the code raises.
    """

    def __init__(
        self,
        folder: Path,
        freq: np.ndarray,
        redirection: Redirection,
        characters: str = "",
        *,
        as_saved: bool = False,
    ) -> None:
        """``freq`` has the counts of the ``characters``; ``as_saved``: leave a model's mode alone.

        Otherwise it is put into ``eval()`` mode.
        """
        self._code = ModelCode(folder, freq, redirection.device, characters)
        self._freq = freq
        self._redirection = redirection
        self._as_saved = as_saved
        self._model: Any = None

    def load(self, file: Path) -> Loaded:
        """Load the file that was handed in."""

        def read() -> tuple[Any, list[str]]:
            saved = saved_file.read(file, self._redirection.device, self._code.find)
            return model_or_weights(saved, file.name, self._code.keys_of_weights)

        with self._explaining():
            model, notes = self._best_fit(read)
            return self._finished(model, notes)

    def load_weights(self, raw: bytes) -> Loaded:
        """Load a ``state_dict`` that ``torch.save`` wrote into ``raw``, after training here."""
        weights = saved_file.from_bytes(raw, self._redirection.device, self._code.find)
        with self._explaining():
            return self._finished(Weights(weights), [])

    def new_model(self) -> nn.Module:
        """``SentenceModel(freq)``, untrained, of ``rnn_lm.py`` if it is there."""
        with self._explaining():
            model = self._first(self._build)
        if stub := self._code.stub(MODEL_CLASS):
            raise CannotLoad(stub)
        if not has_forward(model) and (mistake := self._code.mistake_in(MODEL_CLASS)):
            raise CannotLoad(f"{MODEL_CLASS} has no forward. {mistake}.")
        return model

    def explain(self, error: BaseException) -> None:
        """Add to an exception of the model's what kept a name from being known, if anything."""
        why = self._code.why_unknown(error) or did_you_mean(error, self._model)
        if not why and isinstance(error, NotImplementedError):
            why = self._code.mistake_in(type(self._model).__name__)
        if why:
            error.add_note(why)

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except NameError as error:
            self.explain(error)
            raise

    def _best_fit(self, read: Callable[[], tuple[Any, list[str]]]) -> tuple[Any, list[str]]:
        """What was read, with its class from the first file whose class seems to be the one."""
        with older_recurrent_layers():
            first = self._redirection.run(read)
            if not self._code.fits(first[0]):
                for _ in self._code.turn_to_each(type(first[0]).__name__):
                    another = self._redirection.run(read)
                    if self._code.fits(another[0]):
                        return another
        return first

    def _finished(self, model: Any, notes: list[str]) -> Loaded:
        device = self._redirection.device
        self._model = model
        if isinstance(model, Weights):
            self._model, more = self._built_from(model)
            model = self._model
            notes = [*notes, *more]
        if isinstance(model, nn.Module):
            added = complete(model)
            if added:
                some = ", ".join(added[:6]) + (", …" if len(added) > 6 else "")
                notes = [
                    *notes,
                    f"attributes that a later torch expects got their defaults: {some}",
                ]
            if any(type(module).__module__.startswith(DYNAMIC) for module in model.modules()):
                notes = [*notes, QUANTISED]
            move_remembered_devices(model, device)
        self._redirection.run(lambda: model.to(device) if hasattr(model, "to") else None)
        training = getattr(model, "training", True) is not False
        if not self._as_saved:
            model.eval()
        if self._redirection.on:
            notes = [*notes, f"devices that the code names were redirected to {device}"]
        return Loaded(model, [*self._code.notes, *notes], training)

    def _built_from(self, weights: Weights) -> tuple[nn.Module, list[str]]:
        """``SentenceModel(freq)`` with the weights, from the first file whose class takes them.

        Where they fit only with sizes that the checkpoint tells of, or the hand-in's own code, it
        is built with those.
        """

        def build(model_class: Any, name: str, arguments: Arguments) -> tuple[nn.Module, list[str]]:
            model = self._build(model_class, name, arguments)
            try:
                notes = fill(model, weights.tensors, len(self._freq), name)
            except CannotLoad as error:
                is_of_sizes = not arguments and OTHER_SHAPES in str(error)
                defaults = _defaults_of(model_class) if is_of_sizes else ""
                raise CannotLoad(f"{error}{defaults}") from error
            return model, [*_told(arguments), *notes]

        return self._first(build, weights.options)

    def _first(
        self, make: Callable[[Any, str, Arguments], T], options: Mapping[str, Any] = NO_OPTIONS
    ) -> T:
        """What ``make`` returns for the first ``SentenceModel`` for which it does not raise: a
        class, or anything else that is called with freq and returns the model.

        It is made with freq alone if possible, then with ``options`` of a checkpoint, then with the
        arguments that the hand-in's own code gives.

        Where it raises for each, the first exception is raised again, with a word on the second.
        """
        failures: list[tuple[str, Exception]] = []
        for source in self._code.places_of(MODEL_CLASS):
            try:
                model_class = self._redirection.run(partial(source.get, MODEL_CLASS))
                if isinstance(model_class, nn.Module) or not callable(model_class):
                    continue
                name = f"{MODEL_CLASS} of {source.label}"
                made = self._with_arguments(partial(make, model_class, name), model_class, options)
            except Exception as error:
                failures.append((source.label, error))
            else:
                self._code.took(MODEL_CLASS, source)
                return made
        if not failures:
            raise CannotLoad(self._code.nowhere(MODEL_CLASS))
        (_, first), *others = failures
        if not others:
            raise first
        label, second = others[0]
        kind = "" if isinstance(second, CannotLoad) else f"{type(second).__name__}: "
        also = f"Nor could {MODEL_CLASS} of {label} be used: {kind}{str(second)[:300]}"
        if isinstance(first, CannotLoad):
            raise CannotLoad(f"{first} {also}")
        first.add_note(also)
        raise first

    def _with_arguments(
        self, make: Callable[[Arguments], T], model_class: Any, options: Mapping[str, Any]
    ) -> T:
        try:
            return make(ALONE)
        except Exception as error:
            told = Arguments((), _taken_by(model_class, options), CHECKPOINT)
            calls = self._code.calls_of(MODEL_CLASS, model_class)
            for arguments in self._tried([*([told] if told else []), *calls], model_class):
                with suppress(Exception):  # the first one says more of what is wrong
                    return make(arguments)
            if calls:
                call, place = calls[0].as_call(MODEL_CLASS), calls[0].told_by
                also = f"Nor does it go as {call}, as in {place}."
                if isinstance(error, CannotLoad):
                    raise CannotLoad(f"{error} {also}") from error
                error.add_note(also)
            raise

    def _tried(self, told: Iterable[Arguments], model_class: Any) -> Iterator[Arguments]:
        """Each of the arguments as it is, then with freq, and then with the number of tokens where
        the first argument is called like one; in the end that alone."""
        name = first_argument(model_class)
        tokens = len(self._freq) + TOKENS if A_SIZE.search(name) else None
        for arguments in told:
            sizes = dict.fromkeys((arguments.size, None, *([tokens] if tokens else [])))
            yield from (replace(arguments, size=size) for size in sizes)
        if tokens:
            yield Arguments(size=tokens, told_by=f"the name {name}")

    def _build(self, model_class: Any, class_name: str, arguments: Arguments = ALONE) -> nn.Module:
        values, options = arguments.positional, arguments.named
        first = self._freq if arguments.size is None else arguments.size
        takes = "its __init__" if isinstance(model_class, type) else "it"
        advice = (
            "Give the other arguments default values, hand in the notebook that builds it, or save "
            'the whole model with torch.save(model, "rnn_lm.sav").'
        )
        try:
            signature = inspect.signature(model_class)
            if not signature.parameters:
                advice = (
                    "It takes no argument, and must take one, freq, even where it needs none: "
                    "def __init__(self, freq)."
                )
            wants = signature.parameters.get(DEVICE)
            if wants is not None and wants.default is wants.empty and DEVICE not in options:
                # The notebook's own global of that name, most of the time.
                with suppress(TypeError):
                    on_device = {**options, DEVICE: self._redirection.device}
                    signature.bind(first, *values, **on_device)
                    options = on_device
            signature.bind(first, *values, **options)
        except TypeError as error:
            raise CannotLoad(
                f"{class_name} is built as {MODEL_CLASS}(freq), with nothing else, as in the "
                f"homework's notebook, and {takes} does not take that ({error}). {advice}"
            ) from None
        except ValueError:  # no signature can be told: the call itself will
            pass
        try:
            model = self._redirection.run(lambda: model_class(first, *values, **options))
        except Exception as error:
            if mistake := self._code.mistake_in(MODEL_CLASS, error):
                error.add_note(mistake)
            elif not _is_of_code(error):
                error.add_note(
                    f"{class_name} was called as the homework's notebook does it, "
                    f"{MODEL_CLASS}(freq), where freq is an integer array with the count of each "
                    "character; if it needs their number, len(freq) is that, and there are three "
                    "tokens more"
                )
            raise
        if not isinstance(model, nn.Module):
            gives = "is" if isinstance(model_class, type) else "returns"
            raise CannotLoad(
                f"{class_name} {gives} no torch.nn.Module, so no weights can be put into it."
            )
        return model


def _is_of_code(error: Exception) -> bool:
    """Whether it would be raised whatever the class is built with: the name of a helper is
    unknown, say, and not one of a size."""
    if isinstance(error, NameError):
        return len(error.name or "") > 1 and _OF_FREQ.search(error.name or "") is None
    return isinstance(error, (ImportError, OSError))


def _taken_by(model_class: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options that are arguments, beside freq, of what builds the model."""
    try:
        _, *others = inspect.signature(model_class).parameters.values()
    except (TypeError, ValueError):  # no signature can be told, or there is no argument
        return {}
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    names = {argument.name for argument in others if argument.kind in by_name}
    return {name: value for name, value in options.items() if name in names}


def _defaults_of(model_class: Any) -> str:
    """That a model was built with its class's default values, where there are any; or ''."""
    try:
        _, *others = inspect.signature(model_class).parameters.values()
    except (TypeError, ValueError):  # no signature can be told, or there is no argument
        return ""
    sizes = [a for a in others if type(a.default) in (int, float, bool)]
    values = ", ".join(f"{a.name}={a.default}" for a in sizes)
    if not values:
        return ""
    return f" It was built with its default values, {values}: those must be the ones of training."


def _told(arguments: Arguments) -> list[str]:
    if not arguments:
        return []
    return [f"it was built as {arguments.as_call(MODEL_CLASS)}, as {arguments.told_by} says"]
