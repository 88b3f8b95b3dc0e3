"""Definitions are taken out of notebooks, and nothing else of them is run."""

from __future__ import annotations

import ast
from typing import Any

import pytest
import torch

from grader.worker.notebook_code import (
    cell_code,
    defined_names,
    notebook_tree,
    run_definitions,
    trains_when_run,
)
from tests.worker.loading_support import HandIn


def names_after(hand_in: HandIn, *cells: str, **given: Any) -> dict[str, Any]:
    """What is defined once the cells' definitions have run."""
    hand_in.notebook("a.ipynb", *cells)
    namespace = dict(given)
    run_definitions(notebook_tree(hand_in.folder / "a.ipynb"), namespace, "a.ipynb")
    return {
        name: value for name, value in namespace.items() if name not in ("__builtins__", *given)
    }


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("x = 3", 3),
        ("x = len(freq) * 2 ** 3 - 1", 31),
        ("x, y = 1, 2", 1),
        ("x: int = 5", 5),
        ("x = y = {'a': [1, (2, 3)]}", {"a": [1, (2, 3)]}),
        ("x = freq[0] if freq else None", 1),
        ("x = f'{freq[1]}'", "2"),
        ("if len(freq) > 3:\n    x = 1\nelse:\n    x = 2", 1),
        ("try:\n    import no_such_package as x\nexcept ImportError:\n    x = None", None),
        ("%load_ext autoreload\nx = 1", 1),
        ("x = 1\n!pip install x", 1),
        ("if True:\n    !ls\nx = 1", 1),
        ("files = !ls\nx = 1", 1),
        ("y = %time f()\nx = 1", 1),
        ("len?\nx = 1", 1),
        ("%%time\nx = 1", 1),
        ("x = (7\n% 4)", 3),
        ("x = [n + 1 for n in freq if n > 2]", [4, 5]),
        ("x = {n: (lambda: train()) for n in 'a'} and 5", 5),
        ("import numpy as anything\nx = int(anything.array(7.5))", 7),
        ("import functools as f\nx = f.partial(max, 3).args", (3,)),
        ("import torch\nx = torch.nn.Softmax(dim=-1).dim", -1),
    ],
)
def test_run(hand_in: HandIn, line: str, value: object) -> None:
    assert names_after(hand_in, line, freq=[1, 2, 3, 4])["x"] == value


@pytest.mark.parametrize(
    "line",
    [
        "x = lambda a=train(): a",
        "x = sorted(freq, key=lambda n: train())",
        "x = list(map(train, freq))",
        "import numpy as np\nx = np.zeros((2000, 2000))",
        "x = open('train.csv')",
        "x = train()",
        "x = [f() for f in freq]",
        "freq[0] = 5",
        "freq.x = 5",
        "x = freq.pop()",
        "x += 1",
        "train()",
        "for x in freq: train()",
        "while True: x = 1",
        "with open('a') as x: pass",
        "if train(): x = 1",
        "if True:\n    x = train()",
        "del freq",
        "x = train(",
        "x = undefined",
        "def x(): break",
        "%%bash\nx=1",
    ],
)
def test_not_run(hand_in: HandIn, line: str) -> None:
    freq = [1, 2, 3, 4]

    def train() -> None:
        raise AssertionError

    found = names_after(hand_in, line, "y = 1", freq=freq, train=train)
    assert ("x" in found, found["y"]) == (False, 1)
    assert freq == [1, 2, 3, 4]


def test_device_of_a_notebook(hand_in: HandIn) -> None:
    cells = (
        "import torch",
        "device = torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')\nprint(device)",
    )
    expected = "cuda:0" if torch.cuda.is_available() else "cpu"
    assert str(names_after(hand_in, *cells)["device"]) == expected


def test_what_fails_is_told(hand_in: HandIn) -> None:
    hand_in.notebook("a.ipynb", "from google.colab import drive\nx = 1\ny = z")
    failures = run_definitions(notebook_tree(hand_in.folder / "a.ipynb"), {}, "a.ipynb")
    assert failures == [
        "from google.colab import drive: No module named 'google'",
        "y = z: name 'z' is not defined",
    ]


LOOP = "for epoch in range(9):\n    loss = model(x).mean()\n    loss.backward()\n"
TRAIN = "def train(model):\n    model(x).mean().backward()\n"


@pytest.mark.parametrize(
    ("code", "trains"),
    [
        (LOOP, True),
        (TRAIN, False),
        (f"{TRAIN}train(model)\n", True),
        (f"{TRAIN}def main():\n    train(model)\nresult = main()\n", True),
        (f"{TRAIN}if __name__ == '__main__':\n    train(model)\n", False),
        (f"with log() as file:\n    {LOOP.replace(chr(10), chr(10) + '    ').rstrip()}\n", True),
        # Who knows what is saved already?
        (f"{TRAIN}if not trained:\n    train(model)\n", False),
        (f"{TRAIN}if __name__ == '__main__':\n    pass\nelse:\n    train(model)\n", False),
        (f"{TRAIN}train(model) if WANTED else None\n", False),
        # Others of that name.
        (f"{TRAIN}model.train()\n", False),
        ("class A:\n    def add(self, x): x.backward()\nseen = set()\nseen.add(3)\n", False),
        ("step = lambda loss: loss.backward()\n", False),
        ("try:\n    def f(x): x.backward()\nfinally:\n    pass\n", False),
        ("model = A()\nmodel.eval()\n", False),
    ],
)
def test_whether_it_trains(code: str, trains: bool) -> None:
    assert trains_when_run(ast.parse(code)) is trains


def test_defined_names() -> None:
    tree = ast.parse(
        "import a\nclass B: c = 1\ndef d(): e = 1\nf = g = 1\nh.i = 1\nasync def j(): pass"
    )
    assert defined_names(tree) == {"B", "d", "f", "g", "j"}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("line", [" " * 150_000 + "x = = 1", "a =" + " " * 150_000 + ")"])
def test_no_line_takes_long_to_read(line: str) -> None:
    assert cell_code(f"y = 1\n{line}\n") is None
