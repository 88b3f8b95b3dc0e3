"""What a model of the zoo is: its record, and how one with weights of its own is made from it.

A model takes token ids [B,L] and gives logits [B,L,V+3]. Nearly all are built alike: an embedding,
a *body* that turns features [B,L,W] into features [B,L,W], and a head. What is right or wrong about
a model is mostly in its body, which is called with the features and with where PAD is.
"""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.zoo.precision import lowered

Kind = Literal["future", "next character", "batch", "padding", "state", "randomness"]
Build = Callable[[int, np.random.Generator], nn.Module]
"""From the number of characters V and a generator to a model in eval mode."""
MakeBody = Callable[[int], nn.Module]
"""From a width to a body; its weights come from torch's global generator, seeded by the caller."""
MOST_POSITIONS = 512
NOISE = 1e-4
WIDTHS = (16, 24, 32, 48, 64)
SPREAD = (1.0, 5.0)


@dataclass(frozen=True)
class ZooModel:
    """A kind of model. ``truth`` holds all that its predictions depend on and should not.

    - future: on later tokens, or on how many there are;
    - next character: on the token that is to be predicted, and on none after it;
    - batch: on the other rows;
    - padding: on the number of PAD columns behind a batch that holds its sentences whole;
    - state: on earlier calls;
    - randomness: on the state of a random generator.

    A model with an empty ``truth`` is correct.
    """

    name: str
    build: Build
    truth: frozenset[Kind] = frozenset()
    main: Kind | None = None
    """The kind that the model was made to show; the others follow from it."""
    exact: bool = True
    """Whether a correct result is so to the last bit, whatever the later tokens and the other rows
    are, as long as the batch keeps its shape. Where not, rounding makes a difference."""
    noise: float = NOISE
    """The largest such difference, and between shapes, of a logit x as a part of 1 + |x|."""
    chaotic: bool = False
    """Whether rounding differences between shapes grow along the sentence, without a bound."""

    def instance(self, vocabulary: int, seed: int) -> nn.Module:
        """A model for ``vocabulary`` characters; each name and seed gives other weights."""
        return self.build(vocabulary, np.random.default_rng([seed, zlib.crc32(self.name.encode())]))


class Network(nn.Module):
    """An embedding, perhaps with positions, a body and a head."""

    def __init__(self, vocabulary: int, width: int, body: nn.Module, recipe: Recipe) -> None:
        super().__init__()
        tokens = vocabulary + 3
        self.pad_id = vocabulary + 2
        self.one_hot = recipe.embedding == "one-hot"
        self.positions = recipe.positions
        self.view = recipe.view
        self.embed = nn.Linear(tokens, width) if self.one_hot else nn.Embedding(tokens, width)
        self.places = nn.Embedding(MOST_POSITIONS, width)
        if recipe.positions == "sinusoidal":
            self.places.weight = nn.Parameter(_sinusoids(width), requires_grad=False)
        self.body = body
        self.norm = nn.LayerNorm(width) if recipe.head == "normed" else nn.Identity()
        self.head: nn.Module = nn.Linear(width, tokens)
        if recipe.head == "deep":
            self.head = nn.Sequential(nn.Linear(width, width), nn.GELU(), self.head)
        if recipe.head == "tied" and isinstance(self.head, nn.Linear):
            self.head.weight = self.embed.weight

    def forward(self, tokens: Tensor) -> Tensor:
        length = tokens.shape[1]
        tokens = viewed(tokens, self.view, self.pad_id)
        ids = nn.functional.one_hot(tokens, self.pad_id + 1).float() if self.one_hot else tokens
        features: Tensor = self.embed(ids)
        if self.positions:
            places = torch.arange(length, device=tokens.device)
            if self.positions == "counted from the end":
                places = places.flip(0)
            features = features + self.places(places)
        features = self.body(features, tokens == self.pad_id)
        logits: Tensor = self.head(self.norm(features))
        return logits


def viewed(tokens: Tensor, view: str, pad_id: int) -> Tensor:
    """The tokens as the network gets them; all but the plain view are mistakes."""
    if view == "rolled left":
        return tokens.roll(-1, dims=1)
    if view == "shifted left":
        return torch.cat([tokens[:, 1:], torch.full_like(tokens[:, :1], pad_id)], dim=1)
    if view == "rolled over the batch":
        return tokens.roll(1, dims=0)
    return tokens


def _sinusoids(width: int) -> Tensor:
    place = torch.arange(MOST_POSITIONS)[:, None]
    rate = torch.exp(-torch.arange(0, width, 2) / width * np.log(10_000.0))
    table = torch.zeros(MOST_POSITIONS, width)
    table[:, 0::2], table[:, 1::2] = torch.sin(place * rate), torch.cos(place * rate)
    return table


class Calibrated(nn.Module):
    """A model's logits times a constant that was chosen for their spread."""

    gain: Tensor

    def __init__(self, core: nn.Module, gain: float, output: str = "") -> None:
        super().__init__()
        self.core = core
        self.output = output
        self.register_buffer("gain", torch.tensor(gain))

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.core(tokens)
        logits = logits * self.gain
        if self.output == "log-probabilities":
            return logits.log_softmax(-1)
        if self.output == "float64":
            return logits.double()
        if self.output == "bfloat16":
            return logits.bfloat16()
        if self.output == "not contiguous":
            return logits.transpose(0, 1).contiguous().transpose(0, 1)
        if self.output == "-inf for BEGIN and PAD":
            logits[..., [-3, -1]] = -torch.inf
        return logits


def calibrated(core: nn.Module, vocabulary: int, spread: float, output: str = "") -> nn.Module:
    """``core`` in eval mode, its logits spread over the places of a batch by about ``spread``."""
    core.eval()
    tokens = torch.randint(vocabulary, (8, 40))
    tokens[:, 0] = vocabulary
    with torch.no_grad():
        # A copy: the model itself must not have been called yet.
        logits = copy.deepcopy(core)(tokens).float()
    own_spread = float((logits - logits.mean((0, 1))).std())
    # One that predicts the same at all places stays as it is.
    return Calibrated(core, spread / own_spread if own_spread > 1e-6 else 1.0, output).eval()


@dataclass(frozen=True)
class Recipe:
    """Builds a calibrated ``Network``; a ``Build``."""

    body: MakeBody
    positions: str = ""
    """'learned', 'sinusoidal' or 'counted from the end'."""
    head: str = ""
    """'tied', 'normed' or 'deep'."""
    embedding: str = ""
    view: str = ""
    precision: str = ""
    """As in ``zoo.precision``."""
    wrap: Callable[[nn.Module, int], nn.Module] | None = None
    """Called with the network, its logits of spread 1, and V; its result takes that one's place."""
    output: str = ""
    times: float = 1.0
    """A factor of the logits' spread."""
    widths: tuple[int, ...] = field(default=WIDTHS)

    def __call__(self, vocabulary: int, rng: np.random.Generator) -> nn.Module:
        width = int(rng.choice(self.widths))
        with seeded(rng):
            network: nn.Module = Network(vocabulary, width, self.body(width), self)
            network = lowered(network, self.precision)
            if self.wrap is not None:
                network = self.wrap(calibrated(network, vocabulary, 1.0), vocabulary)
            spread = float(np.exp(rng.uniform(*np.log(SPREAD)))) * self.times
            return calibrated(network, vocabulary, spread, self.output)


@contextmanager
def seeded(rng: np.random.Generator) -> Iterator[None]:
    """Within it the global generators of torch and NumPy are seeded from ``rng``; then as before.

    NumPy's too: a model may draw its noise from there, and is run once to be calibrated.
    """
    seed = int(rng.integers(2**31))
    saved = torch.random.get_rng_state(), np.random.get_state()
    torch.manual_seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        torch.random.set_rng_state(saved[0])
        np.random.set_state(saved[1])
