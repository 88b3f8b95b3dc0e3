"""Attention bodies: own attention and torch's layers, with masks right, wrong and missing."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

LOCAL = 8
"""Tokens of a window, of a block and of a prefix that is seen whole."""


def visible(mask: str, x: Tensor) -> Tensor:
    """Which keys [L,L] each query sees; only 'causal', 'window' and 'block' are no mistakes."""
    length = x.shape[1]
    every = torch.ones(length, length, dtype=torch.bool, device=x.device)
    place = torch.arange(length, device=x.device)
    if mask == "none":
        return every
    if mask == "one ahead":
        return every.tril(1)
    if mask == "transposed":
        return every.triu()
    if mask == "window":
        return every.tril() & every.triu(-LOCAL)
    if mask == "block":
        return every.tril() & (place[:, None] // LOCAL == place // LOCAL)
    if mask == "whole block":
        return every.tril() | (place[:, None] // LOCAL == place // LOCAL)
    if mask == "whole prefix":
        return every.tril() | (place < LOCAL)
    return every.tril()


class Attention(nn.Module):
    """Own multi-head attention.

    ``style`` is how the mask acts: '-inf', '-1e9', 'tril' (exponentials times the mask, over their
    sum) and 'renormalised' (softmax, mask, over the sum) are right. The mistakes are 'no
    renormalising', 'zeroed scores', 'weak' (-3 where -inf was meant), 'added' (the mask itself is
    added), 'over queries' and 'over batch' (softmax along another axis).
    """

    def __init__(
        self,
        width: int,
        mask: str = "causal",
        style: str = "-inf",
        *,
        heads: int = 4,
        skips_padding: bool = False,
        sees_padding: bool = False,
        slope: float = 0.0,
    ) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        nn.init.normal_(self.query.weight, 0, 2 / width**0.5)
        self.mask, self.style, self.heads, self.slope = mask, style, heads, slope
        self.skips_padding, self.sees_padding = skips_padding, sees_padding

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        q, k, v = (self._by_head(f(x)) for f in (self.query, self.key, self.value))
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        if self.slope:
            place = torch.arange(x.shape[1], device=x.device)
            scores = scores - self.slope * (place[:, None] - place).abs()
        seen = visible(self.mask, x)
        if self.skips_padding:
            seen = seen & ~padding[:, None, None, :]
        if self.sees_padding:
            seen = seen | padding[:, None, None, :]
        mixed = self._weights(scores, seen) @ v
        result: Tensor = self.out(mixed.transpose(1, 2).reshape(x.shape))
        return result

    def _by_head(self, x: Tensor) -> Tensor:
        result: Tensor = x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        return result

    def _weights(self, scores: Tensor, seen: Tensor) -> Tensor:
        if self.style == "-1e9":
            return (scores + (~seen) * -1e9).softmax(-1)
        if self.style == "tril":
            weights = scores.clamp(max=30).exp() * seen
            return weights / weights.sum(-1, keepdim=True)
        if self.style == "renormalised":
            weights = scores.softmax(-1) * seen
            return weights / weights.sum(-1, keepdim=True)
        if self.style == "no renormalising":
            return scores.softmax(-1) * seen
        if self.style == "zeroed scores":
            return (scores * seen).softmax(-1)
        if self.style == "weak":
            return (scores - 3.0 * ~seen).softmax(-1)
        if self.style == "added":
            return (scores + seen).softmax(-1)
        if self.style == "over queries":
            return scores.masked_fill(~seen, -torch.inf).softmax(-2)
        if self.style == "over batch":
            return scores.softmax(0) * seen
        return scores.masked_fill(~seen, -torch.inf).softmax(-1)


class FusedAttention(nn.Module):
    """``F.scaled_dot_product_attention``; ``hint`` says causal by its own argument."""

    def __init__(self, width: int, mask: str = "causal", *, heads: int = 4, hint: bool = False):
        super().__init__()
        self.joined, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mask, self.heads, self.hint = mask, heads, hint

    def forward(self, x: Tensor, _padding: Tensor) -> Tensor:
        q, k, v = self.joined(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mask = None if self.hint or self.mask == "none" else visible(self.mask, x)
        mixed = functional.scaled_dot_product_attention(
            2 * q, k, v, attn_mask=mask, is_causal=self.hint
        )
        result: Tensor = self.out(mixed.transpose(1, 2).reshape(x.shape))
        return result


class TorchAttention(nn.Module):
    """``nn.MultiheadAttention``; ``layout`` as for ``Recurrent``."""

    def __init__(
        self,
        width: int,
        mask: str = "causal",
        *,
        layout: str = "batch first",
        hint: bool = False,
        additive: bool = False,
        skips_padding: bool = False,
    ) -> None:
        super().__init__()
        self.layer = nn.MultiheadAttention(width, 4, batch_first=layout == "batch first")
        self.mask, self.layout, self.hint = mask, layout, hint
        self.additive, self.skips_padding = additive, skips_padding

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        inputs = x.transpose(0, 1) if self.layout == "time first" else x
        mask = None if self.mask == "none" else ~visible(self.mask, x)
        if mask is not None and self.additive:
            mask = torch.zeros(mask.shape, device=x.device).masked_fill(mask, -torch.inf)
        mixed, _ = self.layer(
            inputs,
            inputs,
            inputs,
            attn_mask=mask,
            key_padding_mask=padding if self.skips_padding else None,
            need_weights=False,
            is_causal=self.hint,
        )
        result: Tensor = mixed.transpose(0, 1) if self.layout == "time first" else mixed
        return result


class LinearAttention(nn.Module):
    """Attention without a softmax, by running sums; ``whole`` takes the sums of all instead."""

    def __init__(self, width: int, whole: bool = False) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.whole = whole

    def forward(self, x: Tensor, _padding: Tensor) -> Tensor:
        q, k = (functional.elu(f(x)) + 1 for f in (self.query, self.key))
        outer = k.unsqueeze(-1) * self.value(x).unsqueeze(-2)
        if self.whole:
            sums, total = outer.sum(1, keepdim=True), k.sum(1, keepdim=True)
        else:
            sums, total = outer.cumsum(1), k.cumsum(1)
        mixed = (q.unsqueeze(-2) @ sums).squeeze(-2)
        result: Tensor = mixed / (q * total).sum(-1, keepdim=True)
        return result


class Block(nn.Module):
    """A transformer's layer around any mixing body; ``norm`` is 'pre', 'post' or 'no'."""

    def __init__(self, width: int, mixing: nn.Module, norm: str = "pre", dropout: float = 0.1):
        super().__init__()
        self.mixing, self.norm = mixing, norm
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.feed = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        before = self.first if self.norm == "pre" else nn.Identity()
        x = x + self.dropout(self.mixing(before(x), padding))
        x = self.first(x) if self.norm == "post" else x
        x = x + self.feed(self.second(x) if self.norm == "pre" else x)
        return x if self.norm != "post" else self.second(x)


class TorchTransformer(nn.Module):
    """``nn.TransformerEncoder``, or a decoder with the sentence itself as its memory.

    ``memory_mask`` is the decoder's mask of the memory; with '' there is no decoder.
    """

    def __init__(
        self,
        width: int,
        mask: str = "causal",
        layers: int = 1,
        *,
        layout: str = "batch first",
        norm_first: bool = False,
        hint: bool | None = None,
        skips_padding: bool = False,
        memory_mask: str = "",
    ) -> None:
        super().__init__()
        self.mask, self.layout, self.hint = mask, layout, hint
        self.skips_padding, self.memory_mask = skips_padding, memory_mask
        first = layout == "batch first"
        if memory_mask:
            one = nn.TransformerDecoderLayer(width, 4, 2 * width, batch_first=first)
            self.decoder = nn.TransformerDecoder(one, layers)
        else:
            layer = nn.TransformerEncoderLayer(
                width, 4, 2 * width, batch_first=first, norm_first=norm_first
            )
            self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        inputs = x.transpose(0, 1) if self.layout == "time first" else x
        masks = [None if m == "none" else ~visible(m, x) for m in (self.mask, self.memory_mask)]
        skipped = padding if self.skips_padding else None
        if self.memory_mask:
            result: Tensor = self.decoder(inputs, inputs, tgt_mask=masks[0], memory_mask=masks[1])
        else:
            result = self.encoder(
                inputs, mask=masks[0], src_key_padding_mask=skipped, is_causal=self.hint
            )
        return result.transpose(0, 1) if self.layout == "time first" else result
