"""The committed corpus is what its generator makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

COMMITTED = ROOT / "fixtures" / "corpus"


def test_corpus_is_made_again_byte_for_byte(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fixtures.generate", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["test.csv", "train.csv"]
    for name in ("train.csv", "test.csv"):
        assert (tmp_path / name).read_bytes() == (COMMITTED / name).read_bytes()
