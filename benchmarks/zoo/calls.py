"""What lies around a network: caches from call to call, right and stale, noise, other loops.

All of these take a network (token ids to logits) or make one of their own, and give logits.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


class Cached(nn.Module):
    """A GRU, or attention, that keeps what it computed for the tokens of the last call.

    ``trusts`` says when that is used again: 'tokens' compares all of them, column by column, and is
    right. Stale are 'length' (any batch with as many rows), 'first' (the first column only) and
    'row' (the first row only).
    """

    def __init__(self, vocabulary: int, width: int, kind: str, trusts: str = "tokens") -> None:
        super().__init__()
        tokens = vocabulary + 3
        self.embed, self.head = nn.Embedding(tokens, width), nn.Linear(width, tokens)
        self.recurrent = nn.GRU(width, width, batch_first=True)
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.kind, self.trusts = kind, trusts
        self.tokens = torch.zeros(0, 0, dtype=torch.int64)
        self.kept: tuple[Tensor, ...] = ()

    def forward(self, tokens: Tensor) -> Tensor:
        shared = self._shared(tokens)
        x = self.embed(tokens[:, shared:])
        compute = self._attend if self.kind == "attention" else self._recur
        kept = compute(x, shared)
        self.tokens, self.kept = tokens.clone(), kept
        logits: Tensor = self.head(kept[-1])
        return logits

    def _recur(self, x: Tensor, shared: int) -> tuple[Tensor, ...]:
        if shared == 0:
            return (self.recurrent(x)[0],)
        before = self.kept[0][:, :shared]
        if x.shape[1] == 0:
            return (before,)
        outputs, _ = self.recurrent(x, before[:, -1][None].contiguous())
        return (torch.cat([before, outputs], dim=1),)

    def _attend(self, x: Tensor, shared: int) -> tuple[Tensor, ...]:
        q, k, v = self.query(x), self.key(x), self.value(x)
        before = [kept[:, :shared] for kept in self.kept] if shared else []
        if before:
            k, v = torch.cat([before[0], k], dim=1), torch.cat([before[1], v], dim=1)
        scores = q @ k.transpose(1, 2) / k.shape[-1] ** 0.5
        seen = torch.ones(k.shape[1], k.shape[1], dtype=torch.bool, device=x.device).tril()[shared:]
        mixed = scores.masked_fill(~seen, -torch.inf).softmax(-1) @ v + v[:, shared:]
        return k, v, torch.cat([before[2], mixed], dim=1) if before else mixed

    def _shared(self, tokens: Tensor) -> int:
        """How many columns of what is kept are used."""
        if len(tokens) != len(self.tokens):
            return 0
        most = min(tokens.shape[1], self.tokens.shape[1])
        same = tokens[:, :most] == self.tokens[:, :most]
        if self.trusts == "length" or (self.trusts == "first" and bool(same[:, :1].all())):
            return most
        columns = same[0] if self.trusts == "row" else same.all(0)
        return int(columns.long().cumprod(0).sum())


class Remembering(nn.Module):
    """A network whose predictions depend on the calls before.

    ``what`` is 'running mean' (features of its logits are centred by a mean that each call moves),
    'calls' (each call cools the logits), 'counts' (of the characters of earlier calls), 'counts
    first' (of this call too, before it predicts) or 'sentences' (a sentence that begins like one of
    the last call is continued as that one went on).
    """

    def __init__(self, core: nn.Module, vocabulary: int, what: str) -> None:
        super().__init__()
        self.core, self.what = core, what
        self.memory = torch.zeros(vocabulary + 3)
        self.calls = 0
        self.sentences = torch.zeros(0, 0, dtype=torch.int64)

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.core(tokens)
        if self.what == "calls":
            self.calls += 1
            return logits * (1 + 0.1 * self.calls)
        if self.what == "sentences":
            return self._recalled(tokens, logits)
        if self.what == "running mean":
            result = logits - self.memory
            self.memory = 0.9 * self.memory + 0.1 * logits.mean((0, 1))
            return result
        before = self.memory
        self.memory = before + torch.bincount(tokens.flatten(), minlength=len(before))
        counts = self.memory if self.what == "counts first" else before
        return logits + (counts + 1).log()

    def _recalled(self, tokens: Tensor, logits: Tensor) -> Tensor:
        before, self.sentences = self.sentences, tokens.clone()
        most = min(tokens.shape[1], before.shape[1] - 1)
        if most < 1:
            return logits
        same = tokens[:, None, :most] == before[None, :, :most]
        alike = same.long().cumprod(-1).transpose(1, 2)
        next_one = functional.one_hot(before[:, 1 : most + 1], logits.shape[-1]).float()
        recalled = torch.einsum("btr,rtv->btv", alike.float(), next_one)
        later = logits[:, most:]
        return torch.cat([logits[:, :most] + 5 * recalled.clamp(max=1), later], dim=1)


class Noisy(nn.Module):
    """A network with noise in its logits.

    ``how`` is 'normal', 'uniform', 'factor', 'shared' (one vector for all places), 'numpy' or
    'dropout'.
    """

    def __init__(self, core: nn.Module, how: str, amount: float) -> None:
        super().__init__()
        self.core, self.how, self.amount = core, how, amount

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.core(tokens)
        if self.how == "uniform":
            return logits + self.amount * (torch.rand_like(logits) - 0.5)
        if self.how == "factor":
            return logits * (1 + self.amount * torch.randn_like(logits))
        if self.how == "shared":
            return logits + self.amount * torch.randn(logits.shape[-1])
        if self.how == "numpy":
            drawn = np.random.normal(0, self.amount, logits.shape)
            return logits + torch.from_numpy(drawn).to(logits)
        if self.how == "dropout":
            return functional.dropout(logits, self.amount)
        return logits + self.amount * torch.randn_like(logits)


class Dropout(nn.Module):
    """A body: dropout that is off in eval mode, unless ``always`` (nobody said ``training=``)."""

    def __init__(self, p: float, always: bool = True) -> None:
        super().__init__()
        self.p, self.always = p, always

    def forward(self, x: Tensor, _padding: Tensor) -> Tensor:
        return functional.dropout(x, self.p, self.always or self.training)


class NeverEval(nn.Module):
    """Keeps the network in training mode, whatever mode is asked for."""

    def __init__(self, core: nn.Module) -> None:
        super().__init__()
        self.core = core

    def train(self, mode: bool = True) -> NeverEval:
        super().train(mode)
        self.core.train()
        return self

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.core(tokens)
        return logits


class Piecewise(nn.Module):
    """Runs a network on pieces of the batch: 'rows', 'quarters' of the rows, or 'beginnings'."""

    def __init__(self, core: nn.Module, pieces: str) -> None:
        super().__init__()
        self.core, self.pieces = core, pieces

    def forward(self, tokens: Tensor) -> Tensor:
        if self.pieces == "beginnings":
            ends = range(1, tokens.shape[1] + 1)
            return torch.stack([self.core(tokens[:, :end])[:, -1] for end in ends], dim=1)
        rows = 1 if self.pieces == "rows" else -(-len(tokens) // 4)
        return torch.cat([self.core(piece) for piece in tokens.split(rows)])


class Centred(nn.Module):
    """Takes a mean over the rows off the logits, in part."""

    def __init__(self, core: nn.Module, share: float) -> None:
        super().__init__()
        self.core, self.share = core, share

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.core(tokens)
        return logits - self.share * logits.mean(0, keepdim=True)


class Biased(nn.Module):
    """Adds the logarithms of character frequencies, as of Zipf's law; ``alone``, nothing else."""

    def __init__(self, core: nn.Module, vocabulary: int, alone: bool = False) -> None:
        super().__init__()
        self.core, self.alone = core, alone
        frequency = 1 / (torch.randperm(vocabulary + 3) + 1.0)
        self.bias = nn.Parameter(frequency.log())

    def forward(self, tokens: Tensor) -> Tensor:
        if self.alone:
            return self.bias.expand(*tokens.shape, -1).clone()
        logits: Tensor = self.core(tokens)
        return logits + self.bias
