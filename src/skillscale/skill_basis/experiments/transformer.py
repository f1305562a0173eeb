"""Emergence of skills in a small transformer: many skills in one network, and each skill alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from skillscale.frequencies import power_law
from skillscale.lab.optimizers import SGD
from skillscale.lab.parity import Batch
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Alpha, Count, Flag, NonNegative, Positive, Seeds
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.skill_basis.experiments import _shared

_LEARNED = 0.95  # share of the strength at which training ends


@dataclass(frozen=True)
class TransformerEmergence(Experiment):
    """Follow the strength of every skill in transformers that learn all skills, or one alone.

    A causal decoder of one block reads n_skills control bits and then n_bits skill bits, one token
    a bit. All inputs are enumerated, so neither gradient nor measurement is noisy. A network that
    learns skill k alone starts from the same weights and sees no other skill; its loss is weighted
    by P(1). Training ends where every skill has 0.95 of its strength; later values repeat the last.
    If skills did not interact, its skill would be learned as fast as skill k of the
    mixture but for the factor P(1)/P(k) in time.

    `strength` (member, step, skill) and `strength_alone` (member, alone_step, skill), R_k/S;
    `frequency` (skill), 1 the most frequent. A FloatingPointError says that a network has diverged
    by a measured step.

    Source: after Nam et al. 2024, smaller, with skills that may share bits; skills alone are ours.
    """

    n_skills: Count = 5
    n_bits: Count = 6  #: all 2^n_bits strings are enumerated
    subset_size: Count = 3  #: bits that a skill depends on
    alpha: Alpha = 0.9  #: exponent α of the skill frequencies
    disjoint: Flag = False  #: whether no bit may belong to two skills
    width: Count = 32  #: of the residual stream; the MLP is four times as wide
    n_heads: Count = 4  #: attention heads, a divisor of the width
    learning_rate: Positive = 0.004  #: of gradient descent on the squared error (without ½)
    momentum: NonNegative = 0.9  #: μ; slow changes go at the rate learning_rate / (1 - μ)
    scale: Positive = 1.0  #: S, the target is S · g_k
    steps: Count = 10000  #: updates with all skills, at most
    alone_steps: Count = 4000  #: updates of the networks that learn one skill alone, at most
    every: Count = 25  #: updates between two measurements
    seeds: Seeds = (0,)  #: bits of the skills and initial weights, one network each

    about = _shared.ABOUT | {
        "strength_alone": ("1", "strength R_k/S of a skill that is learned alone"),
        "step": ("updates", ""),
        "alone_step": ("updates", ""),
    }

    def together(self) -> None:
        if self.width % self.n_heads:
            raise ValueError(
                f"width must be a multiple of n_heads = {self.n_heads}, got {self.width!r}"
            )

    def grid(self) -> Grid:
        return {"member": self.seeds}

    def coords(self) -> Coords:
        return {
            "frequency": ("skill", power_law(self.n_skills, self.alpha)),
            "step": _measured(self.steps, self.every),
            "alone_step": _measured(self.alone_steps, self.every),
            "skill": range(1, self.n_skills + 1),
        }

    def measure(self, member: int) -> Found:
        (task,) = _shared.tasks(self, [(self.alpha, member)])
        batch, frequency = task.population(torch.float32), task.frequency
        together = _train(self, member, batch, frequency, self.steps)
        alone = []
        for k in range(self.n_skills):
            own = Batch(*(part[batch.skill == k] for part in batch[:3]))
            alone.append(_train(self, member, own, frequency[:1], self.alone_steps))
        return {
            "strength": (("step", "skill"), together.numpy()),
            "strength_alone": (("alone_step", "skill"), torch.cat(alone, -1).numpy()),
        }


TransformerEmergence.records = {
    "skill_basis_transformer_emergence": {
        "live": TransformerEmergence(n_skills=2, n_bits=4, steps=1500, alone_steps=800),
        "standard": TransformerEmergence(seeds=tuple(range(10))),
    },
    "skill_basis_transformer_emergence_disjoint": {
        # At twice this rate, that of the other experiment, some networks diverge.
        "standard": TransformerEmergence(
            n_skills=3,
            n_bits=9,
            disjoint=True,
            learning_rate=0.002,
            steps=100_000,
            alone_steps=30_000,
            every=50,
            seeds=tuple(range(10, 40)),
        )
    },
}


class PrefixTransformer:
    """A transformer of one block, evaluated on all distinct prefixes of (sequence, position).

    A token is ReLU(linear(one-hot position, bit)). The block adds causal softmax attention and then
    a ReLU MLP to it, each after a layer norm without parameters; the output is linear in all
    positions. Weights and biases start uniform in ±1/√fan_in. A token at position t depends on the
    tokens up to t only, and in one block keys and values depend on a token alone; the network is
    therefore evaluated once for each distinct prefix, which gives the outputs of the plain network
    at a fraction of the cost. `parameters` are weight (in, out) and bias (out,) of embedding,
    query-key-value, attention output, MLP in and MLP out, then the read-out (width, position) and
    its bias (1,).

    Source: after Nam et al. 2024, smaller; layer norms are ours. Tested on a plain forward pass.
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


def _train(
    of: TransformerEmergence, seed: int, batch: Batch, weight: NDArray[np.float64], steps: int
) -> Tensor:
    """R_k/S over (time, skill) in training on strings sorted by skill, weights per skill."""
    groups = torch.from_numpy(weight).to(torch.float32)
    times = set(_measured(steps, of.every).tolist())
    rule = SGD(of.learning_rate, of.momentum)
    control = functional.one_hot(batch.skill, of.n_skills)
    inputs = torch.cat([control, batch.bits.to(torch.int64)], 1)
    model = PrefixTransformer(inputs, width=of.width, n_heads=of.n_heads, seed=seed)
    target = of.scale * batch.target
    state = rule.start(model.parameters)
    curve = []
    for step in range(steps + 1):
        output = model()
        if step in times:
            agreement = (output.detach() * target).view(len(groups), -1).mean(1)
            if not agreement.isfinite().all():
                raise FloatingPointError(f"network of seed {seed} diverged by step {step}")
            curve.append(agreement / of.scale**2)
            if (curve[-1] >= _LEARNED).all():
                break
        if step < steps:
            error = (output - target).square().view(len(groups), -1).mean(1)
            gradients = torch.autograd.grad(groups @ error, model.parameters)
            rule.step(model.parameters, gradients, state)
    return torch.stack(curve + curve[-1:] * (len(times) - len(curve)))


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
