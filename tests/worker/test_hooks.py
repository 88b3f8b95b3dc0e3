"""Hooks see every thread; what student code sets is set only where nothing is watched."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
import _thread, cProfile, sys, threading, time
from grader.worker.hooks import Hooks
hooks = Hooks()
hooks.install()
seen = set()
def called(frame, event, argument):
    seen.add(frame.f_code.co_name)
def in_thread(start):
    done = []
    start(lambda: done.append(step()))
    while not done:
        time.sleep(0.001)
def step():
    return 1
def by_thread(work):
    threading.Thread(target=work).start()
def by_raw_thread(work):
    _thread.start_new_thread(work, ())
"""


def printed(code: str) -> str:
    """What a process of its own prints: hooks are installed for good."""
    program = PROGRAM + textwrap.dedent(code)
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return run.stdout.strip()


@pytest.mark.parametrize("start", ["by_thread", "by_raw_thread"])
def test_every_thread_is_watched(start: str) -> None:
    code = f"""
    in_thread({start})
    print("step" in seen)
    hooks.begin(called)
    in_thread({start})
    print("step" in seen)
    """
    assert printed(code).split() == ["False", "True"]


def test_thread_that_ends_its_hooks_is_watched() -> None:
    code = """
    ready, go = threading.Event(), threading.Event()
    def work():
        sys.setprofile(None)
        threading.current_thread()
        ready.set()
        go.wait()
        step()
    thread = threading.Thread(target=work)
    threading.setprofile(lambda *_: None)
    thread.start()
    ready.wait()
    hooks.begin(called)
    go.set()
    thread.join()
    print("step" in seen)
    """
    assert printed(code) == "True"


def test_what_is_set_where_nothing_is_watched() -> None:
    code = """
    own = []
    sys.setprofile(lambda frame, *_: own.append(frame.f_code.co_name))
    step()
    sys.setprofile(None)
    sys.settrace(lambda frame, *_: own.append(frame.f_code.co_name))
    step()
    sys.settrace(None)
    profile = cProfile.Profile()
    profile.runcall(step)
    print(own.count("step") >= 2, any("step" in str(one.code) for one in profile.getstats()))
    """
    assert printed(code) == "True True"


def test_while_a_call_is_watched_nothing_is_set() -> None:
    code = """
    hooks.begin(called)
    sys.setprofile(print)
    sys.settrace(print)
    profile = cProfile.Profile()
    profile.runcall(step)
    [one] = profile.getstats()
    print(one.code)
    """
    assert printed(code) == "nothing: it was watched by the grader"


def test_watch_is_not_handed_on() -> None:
    code = """
    from grader.worker import hooks as module
    hooks.begin(called)
    module._set_profile(called)
    module._set_trace(lambda *_: None)
    print(sys.getprofile(), sys.gettrace())
    """
    assert printed(code) == "None None"


def test_no_handler_of_a_signal_is_called_in_the_watching_function() -> None:
    code = """
    import signal
    places = []
    signal.signal(signal.SIGALRM, lambda number, frame: places.append(frame.f_code.co_name))
    def called(frame, event, argument):
        signal.raise_signal(signal.SIGALRM)
    def within():
        signal.raise_signal(signal.SIGALRM)
    hooks.begin(called)
    called(None, None, None)
    within()
    hooks.end()
    called(None, None, None)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    within()
    print(places)
    """
    assert printed(code) == "['within', 'called']"


def test_handler_that_was_given_is_what_is_asked_for() -> None:
    code = """
    import signal
    def handle(number, frame): ...
    first = signal.signal(signal.SIGALRM, handle)
    print(first is signal.SIG_DFL, signal.getsignal(signal.SIGALRM) is handle)
    print(signal.signal(signal.SIGALRM, signal.SIG_IGN) is handle)
    print(signal.getsignal(signal.SIGALRM) is signal.SIG_IGN)
    """
    assert printed(code) == "True True\nTrue\nTrue"


@pytest.mark.parametrize(("first", "is_on"), [("enable", True), ("disable", False)])
def test_no_garbage_is_collected_while_a_call_is_watched(first: str, is_on: bool) -> None:
    code = f"""
    import gc
    phases = []
    gc.callbacks.append(lambda phase, _: phases.append(phase))
    gc.{first}()
    hooks.begin(called)
    gc.set_threshold(1)
    before = len(phases)
    kept = [[] for _ in range(1000)]
    print(len(phases) - before)
    gc.collect()
    print(len(phases) - before)
    hooks.end()
    print(gc.isenabled())
    hooks.begin(called)
    gc.enable()
    kept += [[] for _ in range(1000)]
    print(len(phases) - before > 2, gc.isenabled())
    hooks.end()
    print(gc.isenabled())
    """
    assert printed(code).split() == ["0", "2", str(is_on), str(is_on), "False", "True"]


def test_no_audit_hook_is_added() -> None:
    assert printed("sys.addaudithook(print)\nsys.audit('something')") == ""


def test_what_no_thread_can_run_is_said_as_ever() -> None:
    code = """
    try:
        _thread.start_new_thread(3, ())
    except TypeError as error:
        print(error)
    """
    assert "must be callable" in printed(code)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python has no sys.monitoring")
def test_nothing_of_its_own_is_called_by_monitoring() -> None:
    code = """
    sys.monitoring.use_tool_id(3, "own")
    sys.monitoring.register_callback(3, sys.monitoring.events.LINE, print)
    sys.monitoring.register_callback(3, sys.monitoring.events.LINE, lambda *_: print("line"))
    sys.monitoring.set_events(3, sys.monitoring.events.LINE)
    step()
    """
    assert printed(code) == ""


def test_profile_that_is_on_waits_while_a_call_is_watched() -> None:
    code = """
    times = []
    profile = cProfile.Profile.__base__(lambda: times.append(1) or 0.0)
    profile.enable()
    sys.setprofile(None) if sys.version_info < (3, 12) else None
    hooks.begin(called)
    begun = len(times)
    step()
    print(len(times) - begun < 4)
    before = len(times)
    step()
    step()
    print(len(times) == before)
    hooks.end()
    profile.disable()
    """
    assert printed(code).split() == ["True", "True"]
