"""What ``implementation.py`` may import and use because the notebook's environment has it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import Handing
from tests.student_support import ARRAY, GOOD, array, assert_still_answers, failure


@pytest.mark.parametrize("module", ["grader", "grader/__init__"])
def test_module_of_the_graders_name_is_the_students_own(hand_in: Handing, module: str) -> None:
    code = "from grader import twice\ndef rnn(x): return twice(x)\n" + GOOD
    student = hand_in(code, {f"{module}.py": "def twice(x): return 2 * x\n"})
    assert array(student.call("rnn", (ARRAY,), 0)) == (2 * ARRAY).tolist()
    assert_still_answers(student)


def test_names_that_numpy_has_dropped_are_there(hand_in: Handing) -> None:
    student = hand_in(
        "import numpy as np\ndef rnn(x): return np.float_(np.product(x + np.Inf > 0)) * np.mat(x)\n"
    )
    assert array(student.call("rnn", (ARRAY,), 0)) == ARRAY.tolist()


def test_array_of_one_value_is_a_number(hand_in: Handing) -> None:
    """As for students' NumPy, though it warns of it."""
    student = hand_in("def rnn(x):\n    x[0, 0] = x[:1, :1] + 1\n    return x * float(x[:1, :1])\n")
    assert array(student.call("rnn", (np.ones((1, 1)),), 0)) == [[4]]


def test_what_a_notebook_has_built_in_is_there(hand_in: Handing) -> None:
    lines = (
        "get_ipython().run_line_magic('matplotlib', 'inline')",
        "get_ipython().system('pip install numpy')",
        "display('a table')",
    )
    assert_still_answers(hand_in("\n".join((*lines, GOOD))))


def test_bars_of_a_notebook_are_those_of_a_terminal(hand_in: Handing) -> None:
    code = """
from tqdm import tqdm_notebook
import tqdm.notebook
for _ in tqdm.notebook.tqdm(range(3), desc="at import"): pass
from tqdm.notebook import *
def rnn(x): return sum(x for _ in trange(3)) + sum(x for _ in tqdm_notebook([1]))
"""
    assert array(hand_in(code).call("rnn", (ARRAY,), 0)) == (4 * ARRAY).tolist()


OF_ANOTHER_MACHINE = """
from __future__ import annotations
import os, subprocess, torch
os.chdir("/content/drive/MyDrive")
with open("train.csv") as file:
    text = file.read()
words = text.split()
print(torch.cuda.get_device_name(0), len(words))
subprocess.run(["nvidia-smi"])
factor: Undefined = 2
def rnn(x: NotKnown): return display() or factor * x
def gru(x): return len(words) * x
"""


def test_line_that_only_works_elsewhere_costs_only_what_needs_it(hand_in: Handing) -> None:
    """Scripts made from notebooks go to folders of Colab's, and print the name of the GPU."""
    student = hand_in(OF_ANOTHER_MACHINE + GOOD)
    assert_still_answers(student)
    assert array(student.call("rnn", (ARRAY,), 0)) == (2 * ARRAY).tolist()
    assert student.lines_passed_over == (4, 5, 7, 8, 9)
    told = failure(student, "gru").message
    assert "NameError: name 'words' is not defined" in told
    assert "Line 7 was passed over before, when it failed with NameError: name" in told


@pytest.mark.parametrize(
    "line",
    [
        "name = input('Your name: ')",
        "assert torch.cuda.is_available(), 'use a GPU'",
        "assert device.type == 'cuda'",
        "if not torch.cuda.is_available(): raise RuntimeError('use a GPU')",
        "if torch.cuda.device_count() == 0: raise Exception('use a GPU')",
        "if not torch.cuda.is_available(): raise SystemExit('use a GPU')",
        "if not torch.cuda.is_available(): raise ValueError('use a GPU')",
        "torch.cuda.set_device(0)",
        "torch.mps.empty_cache()",
        "stream = torch.cuda.Stream()",
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (1 << 20, 1 << 20))",
        "import os; os.environ['PROJECT_HOME']",
        "import os; os.add_dll_directory('C:/cuda')",
        "import locale; locale.setlocale(locale.LC_ALL, 'xx_XX.UTF-8')",
        "import asyncio; asyncio.WindowsSelectorEventLoopPolicy()",
        "import psutil; print(psutil.Process().memory_info())",
        "import sqlite3; sqlite3.connect('/no/such.db')",
        "(lambda: torch.cuda.set_device(0))()",
    ],
)
def test_line_that_asks_for_a_machine(hand_in: Handing, line: str) -> None:
    code = f"import torch\ndevice = torch.device('cpu')\n{line}\n{GOOD}"
    student = hand_in(code)
    assert_still_answers(student)
    assert student.lines_passed_over == (3,)


@pytest.mark.parametrize(
    "line",
    [
        "raise RuntimeError('no')",
        "if True: raise Exception('no')",
        "if True: raise SystemExit('no')",
        "raise KeyError('no')",
        "def f(x='cuda'):\n    raise ValueError('no')\nf()",
    ],
)
def test_what_code_raises_by_itself_ends_the_import(hand_in: Handing, line: str) -> None:
    assert "('no')" in str(failure(hand_in(f"{line}\n{GOOD}")).traceback)


def test_function_that_computes_on_a_gpu_computes_here(hand_in: Handing) -> None:
    code = """
import torch
def rnn(x):
    two = torch.full((1,), 2.0, dtype=torch.float64, device="cuda")
    return (torch.from_numpy(x).cuda() * two).cpu().numpy()
"""
    student = hand_in(code)
    for _ in range(2):
        assert array(student.call("rnn", (ARRAY,), 0)) == (2 * ARRAY).tolist()


def test_attempt_without_a_gpu_leaves_the_arguments_to_the_next_one(hand_in: Handing) -> None:
    code = """
import torch
def rnn(x):
    y = torch.from_numpy(x)
    y *= 2
    return y.cuda().cpu().numpy()
"""
    answer = hand_in(code).call("rnn", (ARRAY,), 0)
    assert array(answer) == (2 * ARRAY).tolist()
    assert answer.changed_arguments


def test_what_torch_would_compile_runs_as_it_is_written(hand_in: Handing) -> None:
    code = "import torch\n@torch.compile(fullgraph=True)\ndef twice(x): return 2 * x\n"
    student = hand_in(f"{code}def rnn(x): return twice(torch.from_numpy(x)).numpy()\n")
    assert array(student.call("rnn", (ARRAY,), 0)) == (2 * ARRAY).tolist()


def test_what_such_a_line_would_have_given_is_passed_over_too(hand_in: Handing) -> None:
    code = """
if True:
    open("no such")
    import math
    def half(x): return x / 2
two = math.sqrt(4)
one = half(two)
"""
    student = hand_in(code + GOOD)
    assert_still_answers(student)
    assert student.lines_passed_over == (2, 6, 7)


def test_own_modules_see_what_was_imported_in_the_end(hand_in: Handing) -> None:
    code = """
import steps
open("no such")
def act(x): return 2 * x
def rnn(x): return steps.run(x)
"""
    steps = "import implementation\ndef run(x): return implementation.act(x)\n"
    student = hand_in(code, {"steps.py": steps})
    assert array(student.call("rnn", (ARRAY,), 0)) == (2 * ARRAY).tolist()


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("words = text", "NameError"),
        ("assert False", "AssertionError"),
    ],
)
def test_mistake_beside_such_a_line_still_ends_the_import(
    hand_in: Handing, line: str, error: str
) -> None:
    code = f"open('no such')\n{line}\n{GOOD}"
    told = failure(hand_in(code), "rnn").message
    assert f"implementation.py raised {error}" in told
    assert "Line 1 was passed over before, when it failed with FileNotFoundError" in told


@pytest.mark.parametrize(
    "line",
    ["from reads import rnn", "class rnn: text = open('no such')", "def rnn(x=open('no')): ..."],
)
def test_what_is_defined_from_what_is_not_here_costs_only_itself(
    hand_in: Handing, line: str
) -> None:
    student = hand_in(f"{line}\n{GOOD}", {"reads.py": "open('no such')\ndef rnn(x): return x\n"})
    assert_still_answers(student)
    told = failure(student, "rnn").message
    assert told.startswith("rnn(...) raised FileNotFoundError: [Errno 2] No such file")
    assert "(line 1 of " in told


def test_own_code_is_found_in_the_current_folder(hand_in: Handing) -> None:
    code = """
        exec(open("steps.py").read())
        def rnn(x): return two * x
        def gru(x): return open("steps.py", "w").write("of its own") * x
    """
    student = hand_in(code, {"steps.py": "two = 2\n"})
    assert array(student.call("rnn", (ARRAY,), 0)) == (2 * ARRAY).tolist()
    assert array(student.call("gru", (ARRAY,), 0)) == (10 * ARRAY).tolist()
    assert (student.submission.folder / "steps.py").read_text() == "two = 2\n"


def test_own_module_in_another_case(hand_in: Handing) -> None:
    code = "from Steps import two\nimport nOWHERE\ndef rnn(x): return two * x\n"
    student = hand_in(code, {"steps.py": "two = 2\n", "Nowhere.py": "", "nowhere.py": ""})
    assert array(student.call("rnn", (ARRAY,), 0)) == (2 * ARRAY).tolist()
    assert student.absent_modules == ("nOWHERE",)


@pytest.mark.parametrize(
    "line",
    [
        "signal = np.zeros(3) @ np.ones(4)",
        "resource = {}; budget = resource['x']",
        "def load(hub): return hub[3]\nhub = [1]\nload(hub)",
    ],
)
def test_variable_that_is_called_like_a_machines_part_is_none(hand_in: Handing, line: str) -> None:
    student = hand_in(f"import numpy as np\n{line}\n{GOOD}")
    assert "Error" in failure(student).message


def test_what_stands_in_for_a_module_is_still_the_machines(hand_in: Handing) -> None:
    line = "try:\n    import no_such.pyplot as plt\nexcept ImportError:\n    plt = None"
    assert_still_answers(hand_in(f"{line}\nplt.figure()\n{GOOD}"))


@pytest.mark.parametrize(
    "line",
    [
        "subprocess.check_call([sys.executable, '-m', 'pip', 'install', 'einops'])",
        "subprocess.run('pip3 install -q einops', shell=True, check=True)",
        "assert subprocess.call(args=['/usr/bin/pip', 'install', 'einops']) == 0",
        "subprocess.check_output(('pip', 'install', 'einops')).decode()",
        "'ok' in subprocess.check_output(['pip', 'install', 'einops'], text=True)",
        "subprocess.run(['pip', 'install', 'x'], capture_output=True).stdout.decode()",
        "subprocess.run(['pip', 'install', 'x'], stdout=-1, encoding='utf8').stdout.split()",
        "subprocess.getoutput('pip install einops').split()",
    ],
)
def test_what_pip_is_to_install_is_left_undone(hand_in: Handing, line: str) -> None:
    student = hand_in(f"import subprocess, sys\n{line}\n{GOOD}")
    assert_still_answers(student)


@pytest.mark.parametrize("command", ["['pip', 'list']", "'install pipes'", "['ls']", "3"])
def test_other_programs_are_not_started(hand_in: Handing, command: str) -> None:
    student = hand_in(f"import subprocess\ndef rnn(x): subprocess.run({command})\n")
    assert "Error" in failure(student, "rnn").message


def test_code_has_a_name_for_its_user(hand_in: Handing) -> None:
    code = "import getpass, os\nassert os.environ['USER'] == getpass.getuser()\n"
    assert_still_answers(hand_in(code + GOOD))
