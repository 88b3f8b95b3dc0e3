"""Reads and writes outside through symbolic links in its scratch folder."""

import contextlib
from pathlib import Path

import attack_targets as targets
from attack_kit import attempt, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for name, goal in (("file", targets.CANARY), ("folder", targets.OUTSIDE), ("up", "..")):
        link = Path(name)
        with contextlib.suppress(OSError):
            link.symlink_to(goal)
        if not link.is_symlink():
            continue
        attempt(f"read {name}", link.read_bytes)
        attempt(f"list {name}", lambda p: list(p.iterdir()), link)
        attempt(f"write {name}", link.write_text, "overwritten")
        attempt(f"make in {name}", (link / "made").write_text, "made")
    return zeros(init_state, input_data)
