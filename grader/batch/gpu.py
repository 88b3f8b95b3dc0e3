"""How many language models a GPU has room for."""

from __future__ import annotations

import torch


def gpu_turns(device: str, model_mb: int) -> int | None:
    """How many models of ``model_mb`` MB may be on the GPU at once, at least one; None: no GPU."""
    if device == "cpu" or not torch.cuda.is_available():
        return None
    free, _ = torch.cuda.mem_get_info()
    return max(1, free // (model_mb << 20))
