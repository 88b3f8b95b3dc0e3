"""Hands in modules with the names of libraries, and files that tools read unasked."""

from attack_kit import zeros

FILES = {
    "torch.py": "import attack_targets\nopen(attack_targets.OUTSIDE + '/shadow', 'w')\n",
    "numpy.py": "import attack_targets\nopen(attack_targets.OUTSIDE + '/shadow', 'w')\n",
    "__future__.py": "import attack_targets\nopen(attack_targets.OUTSIDE + '/early', 'w')\n",
    "enum.py": "import attack_targets\nopen(attack_targets.OUTSIDE + '/early', 'w')\n",
    "signal.py": "import attack_targets\nopen(attack_targets.OUTSIDE + '/early', 'w')\n",
    "types.py": "import attack_targets\nopen(attack_targets.OUTSIDE + '/early', 'w')\n",
    "typing.py": "import attack_targets\nopen(attack_targets.OUTSIDE + '/early', 'w')\n",
    "json.py": "dumps = loads = lambda *a, **k: '{}'\n",
    "socket.py": "socket = None\n",
    "pytest.py": "import attack_targets\nopen(attack_targets.OUTSIDE + '/shadow', 'w')\n",
    "conftest.py": "import attack_targets\nopen(attack_targets.OUTSIDE + '/conftest', 'w')\n",
    "sitecustomize.py": "import attack_targets\nopen(attack_targets.OUTSIDE + '/site', 'w')\n",
    "grader/__init__.py": "raise SystemExit(0)\n",
    "test_q3_gru.py": "QUESTION = None\ndef test_all(): pass\n",
    "pytest.ini": "[pytest]\naddopts = --exitfirst\n",
    "scipy/__init__.py": "raise SystemExit(0)\n",
}


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    return zeros(init_state, input_data)
