"""Two subtasks side by side on noisy neurons: who gets how many as the network is made wider?"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor, nn

from skillscale import _checks
from skillscale.lab import records
from skillscale.lab.settings import Fraction, Positive, Seeds, Settings, each, whole, word
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.resource.experiments import noise
from skillscale.resource.experiments._points import SobolPoints, sobol
from skillscale.resource.experiments.attribution import Attribution, Subtask, attribute
from skillscale.resource.experiments.noise import Times


@dataclass(frozen=True)
class NoisyPair(Settings):
    """Two subtasks and how their networks start."""

    targets: Annotated[tuple[str, str], each(word(*noise.TARGETS))] = (
        "square",
        "square",
    )  #: the functions f₁(x₁) and f₂(x₂), each scaled to variance 1
    weight: Fraction = 0.5  #: weight β of the first subtask; the second has 1 - β
    # in (0, 1); all other neurons hear the second input only, and without a share all hear both
    planted: float | None = None  #: share of the neurons that start with the first input only

    def together(self) -> None:
        if len(self.targets) != 2:
            raise ValueError(f"targets must be two names, got {self.targets!r}")
        if self.planted is not None:
            _checks.number("planted", self.planted, above=0, below=1)


PAIRS = (
    *(NoisyPair(weight=weight) for weight in (0.5, 0.75, 0.9, 0.95)),
    NoisyPair(weight=0.9, planted=0.75),
    NoisyPair(("square", "step"), weight=0.9),
)


@dataclass(frozen=True)
class NoiseParallel(Experiment):
    """Train noisy networks on (f₁(x₁), f₂(x₂)); count the neurons of either subtask by width.

    A network with one hidden layer of N neurons silu(w·x + b), each with independent relative
    noise, minimises the expected loss β ℓ₁ + (1 - β) ℓ₂. The readout is solved exactly at every
    step, Adam trains the hidden layer. Each output has an offset without noise; otherwise both need
    neurons for their constants and share them. Neurons are attributed by `attribute`.

    `loss` (pair, width, member, step, subtask), the expected losses ℓ_k (not halved, noise
    included, in units of the target's variance; four digits); shaped alike, `owned`, the neurons of
    each subtask, and `hears`, those with the larger input weight at input 1 and 2; `shared` (pair,
    width, member, step), the share of neurons that serve both; `first` and `second`, the targets,
    `weight` and `planted`, nan if not, (pair).

    Source: target (x₁², x₂²) and hypothesis after Song et al. 2024, the rest is ours.
    """

    pairs: tuple[NoisyPair, ...] = PAIRS  #: subtasks, weights and starts
    widths: Annotated[tuple[int, ...], each(whole(2))] = (16, 32, 64, 128)  #: hidden neurons N
    noise: Positive = 0.1  #: σ, deviation of a neuron's output noise over the rms of its output
    n_points: SobolPoints = 512  #: scrambled Sobol points in [-1, 1]², all used in every step
    steps: Times = (0, 30, 100, 300, 1200)  #: when is measured; the last ends training
    lr: Positive = 0.1  #: learning rate of Adam, annealed to 0 as a half cosine
    spread: Positive = 2.0  #: standard deviation of the initial weights and biases
    seeds: Seeds = tuple(range(12))  #: of the initial parameters and of the inputs

    order = ("pair", "width", "member", "step", "subtask")
    about = {
        "loss": ("variance of the target", "expected loss"),
        "owned": ("neurons", "neurons of a subtask"),
        "hears": ("neurons", "neurons by input"),
        "shared": ("1", "share of neurons that serve both"),
        "weight": ("1", ""),
        "planted": ("1", "share planted on input 1"),
        "width": ("neurons", ""),
        "step": ("Adam steps", ""),
    }

    def together(self) -> None:
        if not self.pairs:
            raise ValueError("pairs must not be empty")

    def grid(self) -> Grid:
        return {"pair": [dataclasses.astuple(pair) for pair in self.pairs], "width": self.widths}

    def coords(self) -> Coords:
        planted = [np.nan if pair.planted is None else pair.planted for pair in self.pairs]
        return {
            "first": ("pair", [pair.targets[0] for pair in self.pairs]),
            "second": ("pair", [pair.targets[1] for pair in self.pairs]),
            "weight": ("pair", [pair.weight for pair in self.pairs]),
            "planted": ("pair", planted),
            "step": self.steps,
            "subtask": ["first", "second"],
        }

    def measure(self, pair: tuple[tuple[str, str], float, float | None], width: int) -> Found:
        chosen = NoisyPair(*pair)
        inputs = torch.stack([sobol(self.n_points, seed, n_inputs=2) for seed in self.seeds])
        inputs = (2 * inputs - 1).double()
        targets = _targets(chosen, inputs)
        shares = torch.tensor([chosen.weight, 1 - chosen.weight]).double()
        weights, biases = (p.requires_grad_() for p in _initial(self, chosen, width))

        def hidden() -> Tensor:
            return nn.functional.silu(torch.baddbmm(biases[:, None], inputs, weights))

        owned, hears, shared = [], [], []

        def observe() -> None:
            with torch.no_grad():
                readout = noise.best_readout(hidden(), targets, self.noise, offset=True)
                found = [
                    _attribute(weights[i], biases[i], readout[i], inputs[i], shares)
                    for i in range(len(inputs))
                ]
                first = (weights[:, 0].abs() > weights[:, 1].abs()).sum(-1)
            owned.append([served.counts for served in found])
            hears.append(torch.stack([first, width - first], -1).numpy())
            shared.append([served.shared for served in found])

        losses = noise.descend(
            [weights, biases],
            lambda: shares * noise.expected_losses(hidden(), targets, self.noise, offset=True),
            self.steps,
            self.lr,
            observe=observe,
        )
        if not losses.isfinite().all():
            raise FloatingPointError(f"networks of width {width} diverged: lower lr {self.lr}")
        return {
            "loss": (("step", "member", "subtask"), records.significant((losses / shares).numpy())),
            "owned": (("step", "member", "subtask"), np.asarray(owned, np.int16)),
            "hears": (("step", "member", "subtask"), np.asarray(hears, np.int16)),
            "shared": (("step", "member"), np.asarray(shared, np.float32)),
        }


NoiseParallel.records = {
    "resource_noise_parallel": {
        "live": NoiseParallel(
            pairs=(
                NoisyPair(weight=0.5),
                NoisyPair(weight=0.9),
                NoisyPair(weight=0.9, planted=0.75),
            ),
            widths=(16, 32, 64),
            n_points=64,
            steps=(0, 300),
            seeds=(0, 1, 2),
        ),
        "standard": NoiseParallel(seeds=tuple(range(300, 328))),
    }
}


def _initial(of: NoiseParallel, pair: NoisyPair, width: int) -> tuple[Tensor, Tensor]:
    start = of.spread * torch.stack([
        torch.randn(3, width, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        for seed in of.seeds
    ])  # fmt: skip
    weights, biases = start[:, :2].clone(), start[:, 2].clone()
    if pair.planted is not None:
        first = min(max(round(pair.planted * width), 1), width - 1)
        weights[:, 1, :first] = 0
        weights[:, 0, first:] = 0
    return weights, biases


def _targets(pair: NoisyPair, inputs: Tensor) -> Tensor:
    """Return both functions at their inputs, with mean 0 and variance 1 on each seed's points."""
    values = [noise.TARGETS[name](inputs[..., k]) for k, name in enumerate(pair.targets)]
    found = torch.stack(values, dim=-1)
    return (found - found.mean(1, keepdim=True)) / found.std(1, correction=0, keepdim=True)


def _attribute(
    weights: Tensor, biases: Tensor, readout: Tensor, inputs: Tensor, shares: Tensor
) -> Attribution:
    into = nn.Linear(len(weights), len(biases), dtype=torch.float64)
    out = nn.Linear(len(biases), len(shares), dtype=torch.float64)
    for layer, values in ((into, weights), (out, readout)):
        layer.weight.copy_(values.mT)
    into.bias.copy_(biases)
    subtasks = [Subtask(inputs, (k,), float(share)) for k, share in enumerate(shares)]
    return attribute(nn.Sequential(into, nn.SiLU(), out), subtasks)
