"""Torch's profiler, by what was taken hold of before any student code was imported.

It is begun and ended by torch's C functions: whatever a student's code puts in the place of torch's
classes and modules, these stay what they were. What was begun anew meanwhile, in whatever thread,
says itself when that was.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

_NOT_THERE = (AttributeError, TypeError, RuntimeError, AssertionError, ImportError)
"""What comes of a profiler that another torch, or this machine, does not have."""
_ZERO = torch.zeros(1)
_FIRST, LAST = "special_airy_ai", "special_bessel_j0"
"""Two small functions of torch's that no layer calls: where they are not seen, nothing is."""
_first, _last = torch.special.airy_ai, torch.special.bessel_j0
_autograd = torch._C._autograd
_is_on: Any = getattr(_autograd, "_profiler_enabled", None)
_prepare: Any = getattr(_autograd, "_prepare_profiler", None)
_enable: Any = getattr(_autograd, "_enable_profiler", None)
_disable: Any = getattr(_autograd, "_disable_profiler", None)
_Seen: Any = getattr(_autograd, "_ProfilerResult", None)
_events: Any = getattr(_Seen, "events", None)
_began: Any = getattr(_Seen, "trace_start_ns", None)
_Event: Any = getattr(_autograd, "_KinetoEvent", None)
_name: Any = getattr(_Event, "name", None)
_scope: Any = getattr(_Event, "scope", lambda _: None)
_LABEL = 7
"""The scope of what someone has called so himself, by ``record_function``."""
_COMPILED = frozenset({2, 6, 8, 9})
"""The scopes of functions of TorchScript, and of its other runtimes."""
_now = time.time_ns


def switches() -> tuple[object, ...]:
    """The functions by which the profiler is begun and ended, as far as this torch has them."""
    return tuple(function for function in (_enable, _disable) if function is not None)


def call_last() -> None:
    """Call the function ``LAST``, for whoever looks on to see it."""
    _last(_ZERO)


@dataclass(frozen=True)
class Ran:
    """What the profiler saw, by name."""

    operators: set[str]
    compiled: set[str]
    """The functions that TorchScript ran, among the operators, too."""


class Profiler:
    """Begins and ends torch's profiler in all threads; tried once as soon as it is made.

    ``works`` says whether that went well. What works then and not later was switched off.
    """

    def __init__(self) -> None:
        self._settings: Any = None
        self._begun_by = 0
        try:
            self._settings = _settings()
        except _NOT_THERE:
            self.works = False
            return
        self.begin()
        self.works = self.end() is not None

    def begin(self) -> None:
        """Look on from now; a profiler that is on already is ended."""
        try:
            with _quietly():
                if _is_on():
                    _disable()
                _prepare(*self._settings)
                _enable(*self._settings)
                self._begun_by = _now()
        except _NOT_THERE:
            return  # The end tells.
        _first(_ZERO)

    def end(self) -> Ran | None:
        """What ran since ``begin``; None where not all of that was seen."""
        try:
            call_last()
            with _quietly():
                seen = _disable()
            events = [(_name(event), _scope(event)) for event in _events(seen)]
            is_this_one = _began(seen) <= self._begun_by
        except _NOT_THERE:
            return None
        names = {name for name, scope in events if scope != _LABEL}
        if not is_this_one or not {f"aten::{_FIRST}", f"aten::{LAST}"} <= names:
            return None
        return Ran(names, {name for name, scope in events if scope in _COMPILED})


def _settings() -> tuple[Any, Any]:
    """What the profiler is begun with."""
    config = torch._C._profiler._ExperimentalConfig
    try:
        threads = config(profile_all_threads=True)
    except TypeError:  # An older torch looks at this thread alone.
        threads = config()
    made = torch.autograd.profiler.profile(use_kineto=True, experimental_config=threads)
    return made.config(), made.kineto_activities


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep what the profiler prints out of what the student's code prints."""
    try:
        kept = os.dup(2)
    except OSError:
        yield
        return
    read, write = os.pipe()
    os.dup2(write, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        for fd in (read, write, kept):
            os.close(fd)
