"""What hostile hand-ins are made of, and what they are after: files, secrets and listeners."""

from __future__ import annotations

import ast
import os
import pickle
import random
import secrets
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.doctor import Sandbox
from grader.engine import grade
from grader.grading import Request
from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE, TRAIN_FILE, Corpus
from grader.model import Report
from grader.plugin import Silent
from tests.conftest import ROOT

ATTACKS = Path(__file__).with_name("attacks")
KIT = ATTACKS / "kit" / "attack_kit.py"
HONEST = ROOT / "submissions" / "alice" / "implementation.py"
CONTROL = "q2"
"""Answered rightly by every hand-in here, and the score for it must stay."""
CONTROL_CODE = "\n\nfrom honest import rnn  # noqa\n"
QUESTION_OF = {
    "gru": "q3",
    "init_gru_with_rnn": "q4",
    "init_gru_with_long_term_memory": "q5",
    "mha": "q6",
}
DEFAULT_PICKLE = "crnn_lm\nSentenceModel\n)R."
"""Calls the class: no code of an attack runs here when its model file is written."""
SECRET_NAME = "GRADER_TEST_SECRET"


@dataclass(frozen=True)
class World:
    """What all attacks share: a sandbox, things to steal, and listeners to call."""

    base: Path
    sandbox: Sandbox
    secret: str
    tcp: socket.socket
    udp: socket.socket
    abstract: socket.socket
    abstract_datagram: socket.socket
    datagram: socket.socket

    @property
    def server_pid(self) -> int:
        return self.sandbox.server._process.pid

    def received(self) -> list[str]:
        """Names of the listeners that got anything."""
        return [
            name
            for name in ("tcp", "udp", "abstract", "abstract_datagram", "datagram")
            if _got_something(getattr(self, name))
        ]

    def grade(
        self, folder: Path, only: set[str], timeout_s: float, data: Path, seed: int | None = None
    ) -> Report:
        request = Request(
            folder,
            data=data,
            rubric=self.base / "rubric.toml",
            only=frozenset(only),
            timeout_s=timeout_s,
            seed=seed,
            device="cpu",
        )
        return grade(request, self.sandbox, Silent())


@dataclass(frozen=True)
class Attack:
    """A hand-in in its folder, and the targets that it was told of."""

    folder: Path
    outside: Path
    token: str
    questions: set[str]
    data: Path
    seed: int | None


def hand_in(world: World, file: Path) -> Attack:
    folder = Path(tempfile.mkdtemp(prefix=f"{file.stem}-", dir=world.base))
    outside = folder / "outside"
    outside.mkdir()
    # Whoever runs may read and write here: only the sandbox stands in the way.
    outside.chmod(0o777)
    canary = outside / "canary.txt"
    canary.write_text(world.secret)
    canary.chmod(0o666)
    handed_in = folder / "handin"
    handed_in.mkdir()
    token = secrets.token_hex(12)
    shutil.copy(KIT, handed_in)
    shutil.copy(HONEST, handed_in / "honest.py")
    targets = _targets(world, outside, token)
    lines = [f"{key} = {value!r}\n" for key, value in targets.items()]
    (handed_in / "attack_targets.py").write_text("".join(lines))
    source = file.read_text()
    constants, functions = _parts(source)
    for path, content in constants.get("FILES", {}).items():
        (handed_in / path).parent.mkdir(exist_ok=True)
        (handed_in / path).write_text(content)
    if file.parent == ATTACKS:
        (handed_in / "implementation.py").write_text(source + CONTROL_CODE)
        questions = {QUESTION_OF[f] for f in functions if f in QUESTION_OF} or {"q3"}
    else:
        (handed_in / "implementation.py").write_text(CONTROL_CODE)
        (handed_in / "rnn_lm.py").write_text(source)
        saved = constants.get("PICKLE", DEFAULT_PICKLE)
        for key in ("OUTSIDE", "CANARY", "CORPUS"):
            saved = saved.replace(f"{{{key.lower()}}}", targets[key])
        _write_model(handed_in / "rnn_lm.sav", saved, constants.get("PADDING", 0))
        questions = {"q7"}
    for path, (start, repeated, times) in constants.get("FILES_REPEATED", {}).items():
        (handed_in / path).write_text(start + repeated * times)
    data = world.base / constants["CORPUS"] if "CORPUS" in constants else EMBEDDED_CORPUS
    return Attack(handed_in, outside, token, {CONTROL, *questions}, data, constants.get("SEED"))


def _targets(world: World, outside: Path, token: str) -> dict[str, Any]:
    characters = Corpus.open(EMBEDDED_CORPUS).vocabulary.characters
    return {
        "TOKEN": token,
        "OUTSIDE": str(outside),
        "CANARY": str(outside / "canary.txt"),
        "SECRET_NAME": SECRET_NAME,
        "CORPUS": str(EMBEDDED_CORPUS),
        "PROJECT": str(ROOT),
        "HOME": str(Path.home()),
        "PIDS": (os.getpid(), world.server_pid),
        "TCP": world.tcp.getsockname()[1],
        "UDP": world.udp.getsockname()[1],
        "ABSTRACT": world.base.name,
        "DATAGRAM_PATH": str(world.base / "datagram"),
        # A student has both from train.csv.
        "CHARACTERS": characters,
        "CLASSES": len(characters) + 3,
    }


def _parts(source: str) -> tuple[dict[str, Any], set[str]]:
    """The constants that this module reads from an attack, and the functions that it defines."""
    constants, functions = {}, set()
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef):
            functions.add(statement.name)
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            if name in ("FILES", "FILES_REPEATED", "PICKLE", "CORPUS", "SEED"):
                constants[name] = ast.literal_eval(statement.value)
            elif name == "PADDING_MB":
                constants["PADDING"] = ast.literal_eval(statement.value) << 20
    return constants, functions


def _write_model(file: Path, saved: str, padding: int) -> None:
    """What ``torch.save`` wrote before it used zip files, around a pickle of our own."""
    magic, protocol = 0x1950A86A20F9469CFC6C, 1001
    system = {"protocol_version": protocol, "little_endian": True, "type_sizes": {}}
    before = b"".join(pickle.dumps(part, 2) for part in (magic, protocol, system))
    file.write_bytes(before + saved.encode() + pickle.dumps([], 2) + bytes(padding))


def write_many_sentences(folder: Path) -> None:
    """A corpus whose test set is much larger than the sample that is probed."""
    folder.mkdir()
    shutil.copy(EMBEDDED_CORPUS / TRAIN_FILE, folder)
    rng = random.Random(0)
    words = ["".join(rng.choices("abcdefgh", k=rng.randint(5, 9))) for _ in range(4000)]
    (folder / TEST_FILE).write_text("text\n" + "\n".join(words) + "\n")


def listener(family: socket.AddressFamily, kind: socket.SocketKind, where: str) -> socket.socket:
    made = socket.socket(family, kind)
    made.bind((where, 0) if family == socket.AF_INET else where)
    if kind == socket.SOCK_STREAM:
        made.listen()
    elif where.startswith("/"):
        Path(where).chmod(0o777)
    made.setblocking(False)
    return made


def _got_something(listener: socket.socket) -> bool:
    """Whether there was anything, all of which is taken now."""
    got = False
    while True:
        try:
            if listener.type == socket.SOCK_STREAM:
                listener.accept()[0].close()
            else:
                listener.recv(100)
        except BlockingIOError:
            return got
        got = True
