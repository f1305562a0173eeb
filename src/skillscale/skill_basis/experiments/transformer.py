"""Emergence of skills in a small transformer: many skills in one network, and each skill alone.

A causal decoder of one block reads n_skills control bits and then n_bits skill bits, one token a
bit. All inputs are enumerated, so neither gradient nor measurement is noisy. A token at position t
of a causal network depends on the tokens up to t only, and in a network of one block keys and
values depend on a token alone; the network is therefore evaluated once for each distinct prefix,
which gives the outputs of the plain network at a fraction of the cost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from skillscale import _checks, _progress
from skillscale.lab.optimizers import SGD
from skillscale.lab.parity import Batch, MultitaskParity
from skillscale.lab.streams import Stream


@dataclass(frozen=True)
class TransformerEmergence:
    """Settings of `transformer_emergence`.

    Attributes:
        n_skills: Number of skills.
        n_bits: Number of skill bits; all 2^n_bits strings are enumerated.
        subset_size: Bits that a skill depends on.
        alpha: Exponent α of the skill frequencies.
        disjoint: Whether no bit may belong to two skills.
        width: Of the residual stream, a multiple of `n_heads`; the MLP is four times as wide.
        n_heads: Attention heads.
        learning_rate: Rate of gradient descent on the squared error (without ½).
        momentum: μ of heavy-ball momentum; slow changes go at the rate learning_rate / (1 - μ).
        scale: S, the target is S · g_k.
        steps: Number of updates with all skills.
        alone_steps: Number of updates of the networks that learn one skill alone.
        every: Updates between two measurements.
        seeds: One network per seed; a seed sets the bits of the skills and the initial weights.
    """

    n_skills: int = 5
    n_bits: int = 6
    subset_size: int = 3
    alpha: float = 0.9
    disjoint: bool = False
    width: int = 32
    n_heads: int = 4
    learning_rate: float = 0.004
    momentum: float = 0.9
    scale: float = 1.0
    steps: int = 10000
    alone_steps: int = 4000
    every: int = 25
    seeds: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        """Check what the bench does not check by itself."""
        for name in ("width", "n_heads", "steps", "alone_steps", "every"):
            _checks.integer(name, getattr(self, name), minimum=1)
        if self.width % self.n_heads:
            raise ValueError(
                f"width must be a multiple of n_heads = {self.n_heads}, got {self.width!r}"
            )
        _checks.number("scale", self.scale, above=0)
        _checks.seeds("seeds", self.seeds)


LIVE = {
    "transformer_emergence": TransformerEmergence(n_skills=2, n_bits=4, steps=1500, alone_steps=800)
}
STANDARD = {
    "transformer_emergence": TransformerEmergence(seeds=tuple(range(10))),
    # At twice this rate, that of the other experiment, some networks diverge.
    "transformer_emergence_disjoint": TransformerEmergence(
        n_skills=3,
        n_bits=9,
        disjoint=True,
        learning_rate=0.002,
        steps=28_000,
        alone_steps=5000,
        every=50,
        seeds=tuple(range(10)),
    ),
}


class PrefixTransformer:
    """A transformer of one block, evaluated on all distinct prefixes of its inputs.

    A token is ReLU(linear(one-hot position, bit)). The block adds causal softmax attention and then
    a ReLU MLP to it, each after a layer norm without parameters; the output is linear in all
    positions. Weights and biases start uniform in ±1/√fan_in.

    Args:
        inputs: Zeros and ones, int64 of shape (sequence, position).
        width: Of the residual stream, a multiple of `n_heads`.
        n_heads: Attention heads.
        seed: Of the initial weights.

    Attributes:
        parameters: Weight (in, out) and bias (out,) of embedding, query-key-value, attention
            output, MLP in and MLP out, then the read-out (width, position) and its bias (1,).

    Source: after the transformer of Nam et al. 2024, smaller and with layer norms of our choice;
    equal to a plain forward pass in `tests/test_skill_basis_transformer.py`.

    >>> inputs = torch.tensor([[0, 0], [0, 1], [1, 0]])
    >>> PrefixTransformer(inputs, width=8, n_heads=2, seed=0)().shape
    torch.Size([3])
    """

    def __init__(self, inputs: Tensor, *, width: int, n_heads: int, seed: int) -> None:
        """Find the prefixes and draw the weights."""
        self.width, self.n_heads = width, n_heads
        self._shape = inputs.shape
        n_positions = inputs.shape[1]
        self._last, self._unseen, self._path = _prefixes(inputs.numpy())
        token = torch.arange(2 * n_positions)
        place = functional.one_hot(token // 2, n_positions)
        self._features = torch.cat([place, token[:, None] % 2], 1).to(torch.float32)
        self.parameters = _initial(n_positions, width, seed)

    def __call__(self) -> Tensor:
        """Return the outputs, shape (sequence,)."""
        embed, embed_b, heads, heads_b, mix, mix_b, up, up_b, down, down_b, read, read_b = (
            self.parameters
        )
        token = functional.relu(torch.addmm(embed_b, self._features, embed))
        split = torch.addmm(heads_b, self._norm(token), heads)
        query, key, value = split.view(len(token), 3, self.n_heads, -1).permute(1, 2, 0, 3)
        score = query @ key.mT / math.sqrt(self.width // self.n_heads)
        # Each prefix attends, from its last token, to the tokens it holds.
        attention = (score.index_select(1, self._last) + self._unseen).softmax(-1)
        mixed = (attention @ value).transpose(0, 1).reshape(-1, self.width)
        stream = token.index_select(0, self._last) + torch.addmm(mix_b, mixed, mix)
        hidden = functional.relu(torch.addmm(up_b, self._norm(stream), up))
        stream = stream + torch.addmm(down_b, hidden, down)
        contribution = (stream @ read).gather(1, self._last[:, None] // 2).squeeze(1)
        return contribution.index_select(0, self._path).view(self._shape).sum(1) + read_b

    def _norm(self, stream: Tensor) -> Tensor:
        return functional.layer_norm(stream, (self.width,))


def transformer_emergence(settings: TransformerEmergence, *, progress: bool = False) -> xr.Dataset:
    """Follow the strength of every skill in transformers that learn all skills, or one alone.

    A network that learns skill k alone starts from the same weights and sees no other skill; its
    loss is weighted by P(1). If skills did not interact, its skill would be learned as fast as
    skill k of the mixture but for the factor P(1)/P(k) in time.

    Args:
        settings: Task, network, rate and seeds.
        progress: Whether to show a progress bar.

    Returns:
        Dataset: `strength`, R_k/S, over (member, step, skill); `strength_alone`, R_k/S of the
        networks that learn skill k alone, over (member, alone_step, skill); `frequency` over skill;
        coordinates `seed`, `step`, `alone_step` and `skill` (1 is the most frequent).

    Raises:
        ValueError: If a setting is out of range.
        FloatingPointError: If a network has diverged by a measured step.

    Source: after Nam et al. 2024, time emergence of a transformer, on a smaller population; the
    networks with one skill are derived here.

    >>> tiny = TransformerEmergence(2, 4, width=8, steps=4, alone_steps=2, every=2)
    >>> dict(transformer_emergence(tiny).sizes)
    {'member': 1, 'step': 3, 'skill': 2, 'alone_step': 2}
    """
    tasks = [
        MultitaskParity(
            settings.n_skills,
            settings.n_bits,
            settings.subset_size,
            settings.alpha,
            settings.disjoint,
            seed=seed,
        )
        for seed in settings.seeds
    ]
    populations = [task.population(torch.float32) for task in tasks]
    frequency = tasks[0].frequency
    together = _train(settings, populations, frequency, settings.steps, progress)
    alone = [
        _train(settings, own, frequency[:1], settings.alone_steps, progress)
        for own in ([_only(k, batch) for batch in populations] for k in range(settings.n_skills))
    ]
    return _dataset(settings, frequency, together, torch.cat(alone, -1))


def transformer_emergence_disjoint(
    settings: TransformerEmergence, *, progress: bool = False
) -> xr.Dataset:
    """Follow skills that share no bits; as `transformer_emergence`, which says what is returned.

    Raises:
        ValueError: If the settings allow skills to share bits.

    Source: after Nam et al. 2024, whose skills share no bits.
    """
    if not settings.disjoint:
        raise ValueError(f"disjoint must be True, got {settings.disjoint!r}")
    return transformer_emergence(settings, progress=progress)


def _train(
    settings: TransformerEmergence,
    populations: list[Batch],
    weight: NDArray[np.float64],
    steps: int,
    progress: bool,
) -> Tensor:
    """R_k/S over (member, time, skill) in training on strings sorted by skill, weights per skill.

    Members are trained one after the other, which keeps their activations in the processor's cache.
    """
    groups = torch.from_numpy(weight).to(torch.float32)
    times = set(_measured(steps, settings.every).tolist())
    rule = SGD(settings.learning_rate, settings.momentum)
    curves = []
    for seed, batch in zip(settings.seeds, populations, strict=True):
        control = functional.one_hot(batch.skill, settings.n_skills)
        inputs = torch.cat([control, batch.bits.to(torch.int64)], 1)
        model = PrefixTransformer(inputs, width=settings.width, n_heads=settings.n_heads, seed=seed)
        target = settings.scale * batch.target
        state = rule.start(model.parameters)
        curve = []
        for step in _progress.bar(range(steps + 1), show=progress):
            output = model()
            if step in times:
                agreement = (output.detach() * target).view(len(groups), -1).mean(1)
                if not agreement.isfinite().all():
                    raise FloatingPointError(f"network of seed {seed} diverged by step {step}")
                curve.append(agreement / settings.scale**2)
            if step < steps:
                error = (output - target).square().view(len(groups), -1).mean(1)
                gradients = torch.autograd.grad(groups @ error, model.parameters)
                rule.step(model.parameters, gradients, state)
        curves.append(torch.stack(curve))
    return torch.stack(curves)


def _only(k: int, batch: Batch) -> Batch:
    rows = batch.skill == k
    return Batch(batch.bits[rows], batch.skill[rows], batch.target[rows])


def _measured(steps: int, every: int) -> NDArray[np.int64]:
    return np.unique(np.append(np.arange(0, steps, every), steps))


def _prefixes(inputs: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
    """Last token of each distinct prefix; -inf at tokens it lacks; prefixes of each sequence.

    A token is 2 · position + bit. Shapes (prefix,), (prefix, token), (sequence · position,).
    """
    positions = inputs.shape[1]
    tokens = 2 * np.arange(positions) + inputs
    last, unseen, path = [], [], []
    found = 0
    for stop in range(1, positions + 1):
        held, index = np.unique(tokens[:, :stop], axis=0, return_inverse=True)
        lacks = np.full((len(held), 2 * positions), -np.inf, dtype=np.float32)
        np.put_along_axis(lacks, held, 0.0, axis=1)
        last.append(held[:, -1])
        unseen.append(lacks)
        path.append(found + index.ravel())
        found += len(held)
    return (
        torch.from_numpy(np.concatenate(last)),
        torch.from_numpy(np.concatenate(unseen)),
        torch.from_numpy(np.stack(path, 1).ravel()),
    )


def _initial(n_positions: int, width: int, seed: int) -> list[Tensor]:
    generator = Stream(seed, "initial parameters").at(0)
    layers = [
        (n_positions + 1, width),
        (width, 3 * width),
        (width, width),
        (width, 4 * width),
        (4 * width, width),
    ]
    shapes: list[tuple[int, tuple[int, ...]]] = []
    for inputs, outputs in layers:
        shapes += [(inputs, (inputs, outputs)), (inputs, (outputs,))]
    fan_in = n_positions * width
    shapes += [(fan_in, (width, n_positions)), (fan_in, (1,))]
    return [
        torch.from_numpy(generator.uniform(-(fan_in**-0.5), fan_in**-0.5, shape))
        .to(torch.float32)
        .requires_grad_()
        for fan_in, shape in shapes
    ]


def _dataset(
    settings: TransformerEmergence,
    frequency: NDArray[np.float64],
    together: Tensor,
    alone: Tensor,
) -> xr.Dataset:
    share = {"units": "1", "long_name": "probability of a skill"}
    mixture = {"units": "1", "long_name": "strength R_k of a skill over the target scale S"}
    single = {"units": "1", "long_name": "strength R_k/S of a skill that is learned alone"}
    updates = {"units": "updates"}
    return xr.Dataset(
        {
            "strength": (("member", "step", "skill"), together.numpy(), mixture),
            "strength_alone": (("member", "alone_step", "skill"), alone.numpy(), single),
            "frequency": ("skill", frequency, share),
        },
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "step": ("step", _measured(settings.steps, settings.every), updates),
            "alone_step": ("alone_step", _measured(settings.alone_steps, settings.every), updates),
            "skill": ("skill", np.arange(1, settings.n_skills + 1), {"long_name": "rank"}),
        },
    )
