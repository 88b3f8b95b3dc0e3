"""A model whose to(), eval(), modules() and attributes do harm."""

import os
from pathlib import Path

import attack_targets as targets
from attack_kit import attempt


class SentenceModel:
    def __call__(self, x):
        return self.eval()

    def __getattr__(self, name):
        attempt(name, Path(targets.CANARY).read_text)
        return lambda *args, **kwargs: self

    def to(self, *args, **kwargs):
        attempt("write", Path(targets.OUTSIDE, "moved").write_text, "written")
        return self

    def eval(self):
        attempt("fork", os.fork)
        os._exit(0)
