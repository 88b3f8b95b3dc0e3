"""The watch sees layers below every mode, and does no harm where torch's profiler is missing."""

from __future__ import annotations

import sys
import threading

import pytest
import torch

from grader.source import SWITCHED_OFF
from grader.worker.watch import Watch

GRU = torch.nn.GRU(3, 2)
ARRAY = torch.ones(4, 1, 3)


def test_layer_is_seen_in_any_thread() -> None:
    with Watch() as watch:
        thread = threading.Thread(target=GRU, args=(ARRAY,))
        thread.start()
        thread.join()
    assert watch.names == {"gru"}


def test_arithmetic_is_no_layer() -> None:
    with Watch() as watch:
        torch.tanh(ARRAY @ ARRAY.mT).softmax(-1)
    assert watch.names == set()


def test_nothing_of_a_pause_is_seen() -> None:
    with Watch() as watch, watch.pause():
        GRU(ARRAY)
    assert watch.names == set()


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with Watch():
        GRU(ARRAY)
        print("own words", file=sys.stderr)
    assert capfd.readouterr() == ("", "own words\n")


def test_end_of_the_watch_is_noticed() -> None:
    with Watch() as watch:
        sys.setprofile(None)
    assert watch.names == {SWITCHED_OFF}


def test_where_there_is_no_profiler_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise RuntimeError("no profiler here")

    monkeypatch.setattr("grader.worker.watch._started_profile", missing)
    with Watch() as watch:
        GRU(ARRAY)
    assert watch.names == set()


def test_older_torch_watches_its_own_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    config = torch._C._profiler._ExperimentalConfig

    def older() -> object:
        return config()

    monkeypatch.setattr(torch._C._profiler, "_ExperimentalConfig", older)
    with Watch() as watch:
        GRU(ARRAY)
    assert watch.names == {"gru"}
