"""Bodies without recurrence or attention: convolutions, means over time, norms."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-5


class Convolutions(nn.Module):
    """Residual convolutions over time, one for each dilation.

    ``pad`` is 'left', or 'trimmed' (both sides, and the surplus cut off at the end), or one of the
    mistakes 'both', 'right' and 'mistrimmed' (the surplus cut off at the beginning).
    """

    def __init__(
        self,
        width: int,
        kernel: int = 3,
        dilations: tuple[int, ...] = (1,),
        pad: str = "left",
        *,
        gated: bool = False,
        depthwise: bool = False,
    ) -> None:
        super().__init__()
        out = 2 * width if gated else width
        self.layers = nn.ModuleList(
            [
                nn.Conv1d(width, out, kernel, dilation=d, groups=width if depthwise else 1)
                for d in dilations
            ]
        )
        self.pad, self.gated = pad, gated

    def forward(self, x: Tensor, _padding: Tensor) -> Tensor:
        x = x.transpose(1, 2)
        for layer in self.layers:
            assert isinstance(layer, nn.Conv1d)
            reach = (layer.kernel_size[0] - 1) * layer.dilation[0]
            y: Tensor = layer(functional.pad(x, self._pads(reach)))
            y = y[..., -x.shape[2] :] if self.pad == "mistrimmed" else y[..., : x.shape[2]]
            if self.gated:
                y = torch.tanh(y[:, : x.shape[1]]) * torch.sigmoid(y[:, x.shape[1] :])
            x = x + (y if self.gated else torch.relu(y))
        return x.transpose(1, 2)

    def _pads(self, reach: int) -> tuple[int, int]:
        if self.pad == "both":
            return reach // 2, reach - reach // 2
        if self.pad in ("trimmed", "mistrimmed"):
            return reach, reach
        return (0, reach) if self.pad == "right" else (reach, 0)


class FourierConvolution(nn.Module):
    """A causal convolution as long as the sentence, by FFT: later tokens change its rounding."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.rate = nn.Parameter(torch.rand(width) * 0.5 + 0.05)
        self.mix = nn.Linear(width, width)

    def forward(self, x: Tensor, _padding: Tensor) -> Tensor:
        length = x.shape[1]
        kernel = torch.exp(-self.rate * torch.arange(length, device=x.device)[:, None])
        product = torch.fft.rfft(x, 2 * length, dim=1) * torch.fft.rfft(kernel, 2 * length, dim=0)
        result: Tensor = self.mix(torch.fft.irfft(product, 2 * length, dim=1)[:, :length])
        return result


class Pooled(nn.Module):
    """Adds a summary over time to each place.

    ``how`` is 'running mean', 'running maximum', 'faded mean' or 'surplus' (the running mean, as
    the whole sum less what follows: exact on paper), which are causal, or 'mean', 'mean of the
    rest', 'last' (the last column), 'softmax', 'mean without PAD' or 'maximum without PAD', which
    are not.
    """

    def __init__(self, width: int, how: str) -> None:
        super().__init__()
        self.inner, self.outer = nn.Linear(width, width), nn.Linear(2 * width, width)
        self.how = how

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        y = torch.tanh(self.inner(x))
        joined = torch.cat([x, self._summary(y, padding).expand_as(y)], dim=-1)
        result: Tensor = torch.tanh(self.outer(joined))
        return result

    def _summary(self, y: Tensor, padding: Tensor) -> Tensor:
        count = torch.arange(1, y.shape[1] + 1, device=y.device)[:, None]
        if self.how == "running mean":
            return y.cumsum(1) / count
        if self.how == "running maximum":
            return y.cummax(1).values
        if self.how == "surplus":
            after = y.flip(1).cumsum(1).flip(1) - y
            return (y.sum(1, keepdim=True) - after) / count
        if self.how == "faded mean":
            mean, means = torch.zeros_like(y[:, 0]), []
            for step in y.unbind(1):
                mean = 0.7 * mean + 0.3 * step
                means.append(mean)
            return torch.stack(means, dim=1)
        if self.how == "maximum without PAD":
            return y.masked_fill(padding.unsqueeze(-1), -1).amax(1, keepdim=True)
        if self.how == "mean without PAD":
            tokens = (~padding).sum(1)[:, None, None]
            return y.masked_fill(padding.unsqueeze(-1), 0).sum(1, keepdim=True) / tokens
        if self.how == "mean of the rest":
            return y.flip(1).cumsum(1).flip(1) / count.flip(0)
        if self.how == "last":
            return y[:, -1:]
        if self.how == "softmax":
            return (y.softmax(1) * y).sum(1, keepdim=True)
        return y.mean(1, keepdim=True)


class LastTokens(nn.Module):
    """A perceptron over the last ``count`` tokens, as in n-gram models."""

    def __init__(self, width: int, count: int) -> None:
        super().__init__()
        self.count = count
        self.net = nn.Sequential(
            nn.Linear(count * width, width), nn.Tanh(), nn.Linear(width, width)
        )

    def forward(self, x: Tensor, _padding: Tensor) -> Tensor:
        length = x.shape[1]
        padded = functional.pad(x, (0, 0, self.count - 1, 0))
        window = torch.cat([padded[:, i : i + length] for i in range(self.count)], dim=-1)
        result: Tensor = self.net(window)
        return result


class Normalised(nn.Module):
    """Features less their mean over some axes, over their deviation there.

    ``over`` is 'features' or 'fixed' (a batch norm in eval mode), or a mistake: 'time', 'time and
    features', 'batch', 'batch and time', or 'trained' (a batch norm that ``eval`` does not reach).
    """

    def __init__(self, width: int, over: str) -> None:
        super().__init__()
        self.over = over
        self.norm = nn.BatchNorm1d(width)
        nn.init.normal_(self.norm.weight, 1, 0.3)
        if over == "fixed":
            assert self.norm.running_mean is not None
            nn.init.normal_(self.norm.running_mean)

    def forward(self, x: Tensor, _padding: Tensor) -> Tensor:
        if self.over in ("fixed", "trained"):
            self.norm.train(self.over == "trained")  # Whatever mode was asked for.
            normed: Tensor = self.norm(x.transpose(1, 2))
            return normed.transpose(1, 2)
        if self.over == "time":
            across: Tensor = functional.instance_norm(x.transpose(1, 2))
            return across.transpose(1, 2)
        axes = {
            "features": (2,),
            "time and features": (1, 2),
            "batch": (0,),
            "batch and time": (0, 1),
        }
        over = axes[self.over]
        centred = x - x.mean(over, keepdim=True)
        return centred / (x.var(over, keepdim=True, correction=0) + EPSILON).sqrt()


class LengthScaled(nn.Module):
    """Features that know how long the batch or the sentence is.

    ``how`` is 'by columns' (times 40 / L), 'by root of columns', 'share of columns' (the place as a
    part of L is added) or 'share of sentence' (as a part of the tokens that are not PAD).
    """

    def __init__(self, width: int, how: str) -> None:
        super().__init__()
        self.how = how
        self.direction = nn.Parameter(torch.randn(width))

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        length = x.shape[1]
        if self.how == "by columns":
            return x * (40 / length)
        if self.how == "by root of columns":
            return x * math.sqrt(40 / length)
        whole = (~padding).sum(1)[:, None, None] if self.how == "share of sentence" else length
        place = torch.arange(length, device=x.device)[:, None] / whole
        result: Tensor = x + 3 * place * self.direction
        return result
