"""Keeps the watch for frames on in every thread, whatever student code does with Python's hooks.

Python has one hook for profiling in each thread, and looks at nothing while a function that traces
or an audit hook runs. So before any student code is imported, that by which such hooks are set is
replaced: while a call is watched it does nothing, and in threads it never does. Honest code that
measures, traces or debugs itself gives the same answers then.

Nor does Python look at what runs within the watching function itself. So while a call is watched
it collects no garbage of its own accord, and no handler of a signal is called there.
"""

from __future__ import annotations

import _thread
import gc
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from types import BuiltinFunctionType, FrameType
from typing import Any

Called = Callable[[FrameType, str, object], None]
_set_profile, _set_trace, _this_thread = sys.setprofile, sys.settrace, threading.get_ident
_gc_is_on, _gc_on, _gc_off = gc.isenabled, gc.enable, gc.disable
_signals: Any = import_module("_signal")
"""By which ``signal.signal`` sets handlers."""
_STARTS = ("start_new_thread", "start_new", "start_joinable_thread")
_monitoring: Any = getattr(sys, "monitoring", None)
_set_events: Any = getattr(_monitoring, "set_events", None)
_PROFILER = 2
"""By which number Python's events, since 3.12, go to a profile such as cProfile's."""
_NOT_MEASURED = "nothing: it was watched by the grader"


class Hooks:
    """Gives each event of every thread to ``called``, where that is set.

    Of the main thread, which is the one that makes this, only what others set is kept away.
    """

    def __init__(self) -> None:
        self.called: Called | None = None
        self._waiting = 0
        self._collects = False
        self._main = _this_thread()

    def install(self) -> None:
        """Replace what student code would set hooks and start threads by, for good."""
        for module, prefix in ((_thread, ""), (threading, "_")):
            for name in _STARTS:
                if start := getattr(module, prefix + name, None):
                    setattr(module, prefix + name, self._starting(start))
        setters = {"setprofile": _set_own_profile, "settrace": _set_trace}
        setters |= {"_setprofileallthreads": _set_own_profile, "_settraceallthreads": _set_trace}
        for name, set_hook in setters.items():
            if hasattr(sys, name):
                setattr(sys, name, self._setting(set_hook))
        # What is on is this watch.
        sys.getprofile = sys.gettrace = lambda: None
        self._quiet_signals(_signals)
        gc.enable = self._collecting()
        sys.addaudithook(_refuse_others)
        if sys.version_info >= (3, 12):
            self._quiet_monitoring(sys.monitoring)
        with suppress(ImportError):
            self._quiet_profiles()

    def begin(self, called: Called) -> None:
        """Look on from now; a profile that is on waits until the end."""
        if _monitoring and _monitoring.get_tool(_PROFILER) is not None:
            self._waiting = _monitoring.get_events(_PROFILER)
            _set_events(_PROFILER, 0)
        self._collects = _gc_is_on()
        _gc_off()
        self.called = called

    def end(self) -> None:
        self.called = None
        if self._collects:
            _gc_on()
        if self._waiting and _monitoring.get_tool(_PROFILER) is not None:
            _set_events(_PROFILER, self._waiting)
        self._waiting = 0

    def _may_be_set(self) -> bool:
        return self.called is None and _this_thread() == self._main

    def _setting(self, set_hook: Callable[[Any], None]) -> Callable[[Any], None]:
        def set_own(function: Any, /) -> None:
            if self._may_be_set():
                set_hook(function)

        return set_own

    def _quiet_signals(self, signals: Any) -> None:
        """Leave out the calls that would come in the midst of the watching function.

        What was given as a handler is what is asked for later, and not what stands in for it.
        """
        set_handler, get_handler = signals.signal, signals.getsignal
        given: dict[Any, Any] = {}

        def as_given(handler: Any) -> Any:
            return given.get(handler, handler)

        def set_own(number: int, handler: Any, /) -> Any:
            def handle(number: int, frame: FrameType | None) -> Any:
                if self.called is None or not _is_within(frame, self.called):
                    return handler(number, frame)
                return None

            stands_in = handle if callable(handler) else handler
            before = as_given(set_handler(number, stands_in))
            given[stands_in] = handler
            return before

        signals.signal = set_own
        signals.getsignal = lambda number, /: as_given(get_handler(number))

    def _collecting(self) -> Callable[[], None]:
        # Not a method: that would hand this object out.
        def collect_later() -> None:
            if self.called is None:
                _gc_on()
            else:
                self._collects = True

        return collect_later

    def _starting(self, start: Callable[..., Any]) -> Callable[..., Any]:
        def start_watched(function: Any, *rest: Any, **named: Any) -> Any:
            def run(*args: Any, **kwargs: Any) -> Any:
                _set_profile(self._in_a_thread)
                return function(*args, **kwargs)

            return start(run if callable(function) else function, *rest, **named)

        return start_watched

    def _in_a_thread(self, frame: FrameType, event: str, argument: object) -> None:
        called = self.called
        if called is not None:
            called(frame, event, argument)

    def _quiet_monitoring(self, monitoring: Any) -> None:
        """Leave Python no function of a student's to call for an event."""
        register = monitoring.register_callback

        def register_own(tool: int, event: int, callback: Any, /) -> Any:
            # Such are those of cProfile.
            is_pythons = type(callback) is BuiltinFunctionType and self._may_be_set()
            return register(tool, event, callback if is_pythons else None)

        monitoring.register_callback = register_own

    def _quiet_profiles(self) -> None:
        """Let ``cProfile`` leave the watch on; what it then prints says that it saw nothing."""
        import _lsprof
        import cProfile

        kind: Any = cProfile.Profile
        enable, disable, stats = kind.enable, kind.disable, kind.getstats
        nothing = _lsprof.profiler_entry((_NOT_MEASURED, 1, 0, 0.0, 0.0, None))

        def on(profile: Any, *args: Any, **kwargs: Any) -> None:
            if self._may_be_set():
                enable(profile, *args, **kwargs)

        def off(profile: Any) -> None:
            if self._may_be_set():
                disable(profile)

        def seen(profile: Any) -> Any:
            return stats(profile) or [nothing]

        kind.enable, kind.disable, kind.getstats = on, off, seen


def _set_own_profile(function: Any) -> None:
    """Set a student's hook, which is told of what Python tells, and not of what is called here."""
    here = sys._getframe(0).f_code, sys._getframe(1).f_code

    def told(frame: FrameType, event: str, argument: object) -> None:
        if frame.f_code not in here:
            function(frame, event, argument)

    _set_profile(None if function is None else told)


def _is_within(frame: FrameType | None, called: Called) -> bool:
    code = getattr(called, "__code__", None)
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None


def _refuse_others(event: str, _: object) -> None:
    """Python takes no further audit hook then, and says nothing of it."""
    if event == "sys.addaudithook":
        raise RuntimeError
