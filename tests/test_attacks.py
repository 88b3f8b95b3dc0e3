"""Hostile hand-ins, each of which must earn nothing, reach nothing and leave nothing behind.

An attack is a file in ``attacks/``, which becomes the ``implementation.py`` of a hand-in, or in
``attacks/models/``, which becomes its ``rnn_lm.py``. What it needs to know, such as the ports of
the listeners here, is in ``attack_targets.py`` beside it. One that gets through prints a token
that the report must not hold; one that does not return zeros or nothing has to earn its gain.
"""

from __future__ import annotations

import hashlib
import io
import os
import resource
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psutil
import pytest
from rich.console import Console

from grader.doctor import Sandbox
from grader.engine import grade
from grader.grading import Request
from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE, Corpus
from grader.model import Outcome, QuestionResult, Report
from grader.modes import IsolationMode
from grader.plugin import Silent
from grader.reports.junit import to_junit
from grader.reports.terminal import to_terminal
from tests.attack_world import (
    ATTACKS,
    CONTROL,
    HONEST,
    SECRET_NAME,
    Attack,
    World,
    hand_in,
    listener,
    write_many_sentences,
)
from tests.conftest import ROOT

IN_FUNCTIONS = sorted(file.stem for file in ATTACKS.glob("*.py"))
IN_MODELS = sorted(file.stem for file in (ATTACKS / "models").glob("*.py"))
PROTECTED = (ROOT / "grader", EMBEDDED_CORPUS, HONEST.parent)

NO_IMPORT = {"exit_at_import", "sys_exit_at_import", "endless_import", "import_time_claims"}
"""Attacks that end or spoil the import itself: the control question goes down with them."""
SLOW_MODELS = {"sleeps": 2.0, "slow_drip": 3.0}
CALL_S = 2.0
MODEL_S = 20.0
LONGEST_S = 150.0
"""A grader that hangs takes for ever, and one beside other work some 30 s."""
MOST_MEMORY = 300 << 20
"""By which the grader itself may grow while it grades one hand-in: a reply has up to 64 MB."""
LIMITS = """
[limits]
timeouts = 1
memory_mb = 500
scratch_mb = 32
file_mb = 16
[limits.questions.q7]
why = "small enough for a test"
memory_mb = 700
"""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        base = Path(tempfile.mkdtemp(prefix="attacks-"))
        stack.callback(shutil.rmtree, base, ignore_errors=True)
        base.chmod(0o711)
        # Everything that gradings make is found below this folder alone.
        patch.setattr(tempfile, "tempdir", str(base))
        secret = secrets.token_hex(12)
        patch.setenv(SECRET_NAME, secret)
        (base / "rubric.toml").write_text(LIMITS)
        write_many_sentences(base / "many_sentences")
        name = f"\0{base.name}"
        yield World(
            base,
            stack.enter_context(Sandbox(IsolationMode.BEST_EFFORT, EMBEDDED_CORPUS / TEST_FILE)),
            secret,
            tcp=stack.enter_context(listener(socket.AF_INET, socket.SOCK_STREAM, "127.0.0.1")),
            udp=stack.enter_context(listener(socket.AF_INET, socket.SOCK_DGRAM, "127.0.0.1")),
            abstract=stack.enter_context(listener(socket.AF_UNIX, socket.SOCK_STREAM, name)),
            abstract_datagram=stack.enter_context(
                listener(socket.AF_UNIX, socket.SOCK_DGRAM, f"{name}-datagram")
            ),
            datagram=stack.enter_context(
                listener(socket.AF_UNIX, socket.SOCK_DGRAM, str(base / "datagram"))
            ),
        )


@pytest.fixture(scope="module")
def control(world: World) -> dict[str, str]:
    """How each check of the control question ends for an honest hand-in."""
    folder = world.base / "control"
    folder.mkdir()
    shutil.copy(HONEST, folder)
    world.sandbox.isolation()
    report = world.grade(folder, {CONTROL}, MODEL_S, EMBEDDED_CORPUS)
    assert report.score == report.questions[0].max_score
    return _outcomes(report.questions[0])


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    return list(Corpus.open(EMBEDDED_CORPUS).test_sentences())


def test_number_of_attacks() -> None:
    assert len(IN_FUNCTIONS) + len(IN_MODELS) >= 65


@pytest.mark.parametrize("name", IN_FUNCTIONS)
def test_functions(name: str, world: World, control: dict[str, str], sentences: list[str]) -> None:
    attack = hand_in(world, ATTACKS / f"{name}.py")
    report = _contained(world, attack, CALL_S, sentences)
    expected = control if name not in NO_IMPORT else None
    _assert_no_gain(report, expected)


@pytest.mark.parametrize("name", IN_MODELS)
def test_models(name: str, world: World, control: dict[str, str], sentences: list[str]) -> None:
    attack = hand_in(world, ATTACKS / "models" / f"{name}.py")
    report = _contained(world, attack, SLOW_MODELS.get(name, MODEL_S), sentences)
    _assert_no_gain(report, control)


def test_without_isolation_the_canary_is_reached(world: World) -> None:
    """The attacks do work: it is the isolation that keeps them from it."""
    attack = hand_in(world, ATTACKS / "reads_the_canary.py")
    with Sandbox(IsolationMode.OFF, EMBEDDED_CORPUS / TEST_FILE) as off:
        request = Request(attack.folder, only=frozenset({"q3"}))
        text = _text_of(grade(request, off, Silent()))
    assert world.secret in text
    assert attack.token in text


def test_hostile_current_folder(world: World) -> None:
    """A hand-in's modules are not the grader's when it is run from inside the hand-in."""
    attack = hand_in(world, ATTACKS / "shadow_modules.py")
    shutil.rmtree(attack.folder / "grader")  # Python itself would run this one
    done = subprocess.run(
        [sys.executable, "-m", "grader", ".", "--only", "q2", "--out", str(world.base / "out")],
        cwd=attack.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Total: 3 / 3" in done.stdout, done.stderr
    assert sorted(path.name for path in attack.outside.iterdir()) == ["canary.txt"]


def _contained(world: World, attack: Attack, timeout_s: float, sentences: list[str]) -> Report:
    """Grade the attack; everything but its score is looked at here."""
    outside, project = _state_of(attack.outside), _state_of(*PROTECTED)
    world.received()
    peak = _peak_memory()
    report = world.grade(attack.folder, attack.questions, timeout_s, attack.data, attack.seed)
    text = _text_of(report)
    assert attack.token not in text
    assert world.secret not in text
    assert not [sentence for sentence in sentences if sentence in text]
    assert not world.received()
    assert _state_of(attack.outside) == outside
    assert _state_of(*PROTECTED) == project
    assert not _processes_left(world)
    assert not list(world.sandbox.folder.iterdir())
    assert report.duration_s < LONGEST_S
    assert _peak_memory() - peak < MOST_MEMORY
    return report


def _assert_no_gain(report: Report, control: dict[str, str] | None) -> None:
    failures = [
        (question.id, check.name, check.message)
        for question in report.questions
        for check in question.checks
        if check.outcome is Outcome.HARNESS_ERROR
    ]
    assert not failures
    for question in report.questions:
        if question.id != CONTROL:
            assert question.score == 0, question.id
        elif control is not None:
            assert _outcomes(question) == control
            assert question.score == question.max_score


def _outcomes(question: QuestionResult) -> dict[str, str]:
    return {check.name: str(check.outcome) for check in question.checks}


def _processes_left(world: World) -> list[psutil.Process]:
    """Processes of gradings that have ended: the server's, and those that got away from it."""
    children = psutil.Process(world.server_pid).children(recursive=True)
    _, left = psutil.wait_procs(children, timeout=5)
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(f"{world.base}/"):
                left.append(process)
        except (psutil.Error, OSError):  # a folder that is too deep to be told
            continue
    return list(left)


def _peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _state_of(*folders: Path) -> dict[str, tuple[int, int, int, str]]:
    """Mode, owner, time and content of all files, without what Python itself writes."""
    state = {}
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            if "__pycache__" in path.parts:
                continue
            status = path.lstat()
            content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
            digest = hashlib.sha256(content).hexdigest()
            changed = status.st_mtime_ns if content else 0
            state[str(path)] = (status.st_mode, status.st_uid, changed, digest)
    return state


def _text_of(report: Report) -> str:
    """Every text that a reader may meet: each must be well-formed, and clean where it is shown."""
    xml = to_junit(report)
    ElementTree.fromstring(xml)
    written = io.StringIO()
    Console(file=written, width=200).print(to_terminal(report, verbose=True))
    assert "\x1b" not in written.getvalue()
    json = report.model_dump_json()
    assert Report.model_validate_json(json).score == report.score
    return "\n".join([xml, written.getvalue(), json, *_strings(report.model_dump())])


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _strings(item)
