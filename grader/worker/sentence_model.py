"""Loads the student's trained ``SentenceModel`` and runs it on batches."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from grader.wire import Message
from grader.worker.failures import absent

MODULE = "rnn_lm"
NO_MODEL_CODE = (
    "{file} needs the class that it was made from ({error}), and there is no rnn_lm.py in the "
    "hand-in. Put the class SentenceModel into rnn_lm.py and hand it in too."
)


class LanguageModel:
    """The model in this worker, in ``eval()`` mode on its device."""

    def __init__(self, code_dir: str) -> None:
        self._code_dir = Path(code_dir)
        self._model: Any = None
        self._device = torch.device("cpu")

    def devices(self, _request: Message) -> Message:
        """Whether torch finds a GPU; asked before any student code runs."""
        return Message("devices", {"cuda": torch.cuda.is_available()})

    def load(self, request: Message) -> Message:
        """Load a file that ``torch.save`` wrote; both unpickling and the class are student code."""
        wanted = request.fields["device"]
        if wanted == "auto":
            wanted = "cuda" if torch.cuda.is_available() else "cpu"
        self._device = torch.device(wanted)
        torch.manual_seed(request.fields["seed"])
        code = self._import_model_code()
        file = self._code_dir / request.fields["file"]
        try:
            saved = torch.load(file, map_location=self._device, weights_only=False)
        except (AttributeError, ModuleNotFoundError) as error:
            if code is None:
                return absent(NO_MODEL_CODE.format(file=file.name, error=error))
            raise
        if isinstance(saved, dict):
            saved = self._built_from(saved, code, request.arrays[0])
        if isinstance(saved, Message):
            return saved
        if not callable(saved) or not hasattr(saved, "eval"):
            return absent(
                f"the saved file holds a {type(saved).__name__}, not a model; save it with "
                'torch.save(model, "rnn_lm.sav")'
            )
        saved.to(self._device)
        saved.eval()
        _move_remembered_devices(saved, self._device)
        self._model = saved
        return Message("loaded", {"device": str(self._device)})

    def logits(self, request: Message) -> Message:
        """The model's logits for token ids [B,L]: at all positions, or only at the last."""
        tokens = torch.from_numpy(request.arrays[0]).to(self._device)
        with torch.no_grad():
            logits = self._model(tokens)
        if not isinstance(logits, torch.Tensor):
            return Message("no_tensor", {})
        if request.fields["last_only"] and logits.ndim == 3:
            logits = logits[:, -1]
        return Message("logits", {}, (logits.detach().float().cpu().numpy(),))

    def _import_model_code(self) -> ModuleType | None:
        if not (self._code_dir / f"{MODULE}.py").is_file():
            return None
        module = importlib.import_module(MODULE)
        # What was defined in a notebook is pickled as __main__.SentenceModel and the like.
        main = sys.modules["__main__"]
        for name, value in vars(module).items():
            if not name.startswith("_") and not hasattr(main, name):
                setattr(main, name, value)
        return module

    def _built_from(self, state: dict[str, Any], code: ModuleType | None, freq: np.ndarray) -> Any:
        if code is None or not hasattr(code, "SentenceModel"):
            return absent(
                "the saved file holds only weights (a state_dict), and there is no rnn_lm.py with "
                "a class SentenceModel to put them into"
            )
        model = code.SentenceModel(freq)
        model.load_state_dict(state)
        return model


def _move_remembered_devices(model: Any, device: torch.device) -> None:
    """Point attributes such as ``self.device``, pickled on a GPU machine, at the device in use."""
    for module in model.modules() if isinstance(model, torch.nn.Module) else ():
        for name, value in vars(module).items():
            remembered = isinstance(value, torch.device) or (
                isinstance(value, str) and value.split(":")[0] == "cuda"
            )
            if remembered:
                setattr(module, name, device if isinstance(value, torch.device) else str(device))
