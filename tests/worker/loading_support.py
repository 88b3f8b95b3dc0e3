"""Hand-ins in small, for tests of loading: a folder with code, and files as students save them."""

from __future__ import annotations

import contextlib
import io
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import nbformat
import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from grader.worker.absent_modules import AbsentModules
from grader.worker.devices import Redirection
from grader.worker.loading import Loaded, ModelLoader
from grader.worker.saved_file import CannotLoad

V = 5
FREQ = np.arange(1, V + 1)
CHARACTERS = "\n abc"
CPU = torch.device("cpu")
TOKENS = torch.tensor([[V, 0, 1], [V, 2, 3]])

MODEL_CODE = """
import torch
from torch import nn

class SentenceModel(nn.Module):
    def __init__(self, freq, hidden=4):
        super().__init__()
        tokens = len(freq) + 3
        self.emb = nn.Embedding(tokens, 2)
        self.rnn = nn.GRU(2, hidden, batch_first=True)
        self.out = nn.Linear(hidden, tokens)

    def forward(self, x):
        return self.out(self.rnn(self.emb(x))[0])
"""


class HandIn:
    """A folder with a student's files, and what they are trained to on another machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "rnn_lm.sav"

    def script(self, name: str, code: str) -> None:
        """Write a Python file."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(textwrap.dedent(code))

    def notebook(self, name: str, *cells: str) -> None:
        """Write a notebook with code cells."""
        code = [nbformat.v4.new_code_cell(textwrap.dedent(cell)) for cell in cells]  # type: ignore[no-untyped-call]
        text = nbformat.v4.new_markdown_cell("class NotCode: pass")  # type: ignore[no-untyped-call]
        notebook = nbformat.v4.new_notebook(cells=[text, *code])  # type: ignore[no-untyped-call]
        nbformat.write(notebook, self.folder / name)  # type: ignore[no-untyped-call]

    def trained(self, code: str = MODEL_CODE, module: str = "__main__") -> Any:
        """A ``SentenceModel`` as it is in memory where it was trained, in a module of that name."""
        namespace = vars(elsewhere(module))
        exec(textwrap.dedent(code), namespace)
        torch.manual_seed(1)
        return namespace["SentenceModel"](FREQ)

    def save(self, saved: Any, **options: Any) -> None:
        """Save as the notebook does, then forget the modules that were only there."""
        torch.save(saved, self.file, **options)
        forget()

    def load(self, device: torch.device = CPU) -> Loaded:
        """What the worker does."""
        return self.loader(device).load(self.file)

    def load_weights(self, trained: nn.Module) -> Loaded:
        """What the worker does with a model that was trained in another one."""
        file = io.BytesIO()
        torch.save(trained.state_dict(), file)
        return self.loader().load_weights(file.getvalue())

    def loader(
        self, device: torch.device = CPU, redirection: Redirection | None = None
    ) -> ModelLoader:
        """A loader with nothing imported yet."""
        return ModelLoader(self.folder, FREQ, redirection or Redirection(device), CHARACTERS)


MADE: dict[str, ModuleType | None] = {}


def elsewhere(name: str) -> ModuleType:
    """A module of this name as another machine has it."""
    if "." in name:
        elsewhere(name.rpartition(".")[0])
    module = ModuleType(name)
    MADE.setdefault(name, sys.modules.get(name))
    sys.modules[name] = module
    return module


def forget() -> None:
    """Put back what the modules made by ``elsewhere`` have hidden."""
    for name, before in MADE.items():
        sys.modules.pop(name, None)
        if before is not None:
            sys.modules[name] = before
    MADE.clear()
    for absent in [finder for finder in sys.meta_path if isinstance(finder, AbsentModules)]:
        sys.meta_path.remove(absent)
        for name in [name for name in sys.modules if name.split(".")[0] in absent.names]:
            del sys.modules[name]


@contextlib.contextmanager
def gpu_machine() -> Iterator[None]:
    """While this lasts, tensors are saved as if they were on a GPU."""
    with mock.patch("torch.serialization.location_tag", lambda _: "cuda:0"):
        yield


def outputs_of(model: Any) -> torch.Tensor:
    """Logits, to tell whether two models are the same."""
    with torch.no_grad():
        logits = model.eval()(TOKENS)
    assert isinstance(logits, torch.Tensor)
    return logits


def assert_same(loaded: Loaded, trained: nn.Module) -> None:
    """The model that was loaded computes what the one that was trained did."""
    assert not loaded.model.training
    torch.testing.assert_close(outputs_of(loaded.model), outputs_of(trained))


def why(hand_in: HandIn) -> str:
    """The student's words for why the model cannot be loaded."""
    with pytest.raises(CannotLoad) as error:
        hand_in.load()
    return str(error.value)


def safetensors_save(weights: dict[str, torch.Tensor], file: io.BytesIO) -> None:
    file.write(safetensors.torch.save(weights))
