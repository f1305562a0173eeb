"""Two subtasks side by side on noisy neurons: who gets how many as the network is made wider?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from skillscale import _checks, _progress
from skillscale.lab import records
from skillscale.resource.experiments import noise
from skillscale.resource.experiments._points import sobol
from skillscale.resource.experiments.attribution import Attribution, Subtask, attribute


@dataclass(frozen=True)
class NoisyPair:
    """Two subtasks and how their networks start.

    Attributes:
        targets: names of the functions f₁(x₁) and f₂(x₂), each scaled to variance 1.
        weight: weight β of the first subtask, in (0, 1); the second has 1 - β.
        planted: None for a start in which neurons hear both inputs; or the share, in (0, 1), of
            the neurons that hear the first input only, all others hearing the second only.
    """

    targets: tuple[str, str] = ("square", "square")
    weight: float = 0.5
    planted: float | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        if len(self.targets) != 2:
            raise ValueError(f"targets must be two names, got {self.targets!r}")
        for target in self.targets:
            _checks.choice("targets", target, tuple(noise.TARGETS))
        _checks.number("weight", self.weight, above=0, below=1)
        if self.planted is not None:
            _checks.number("planted", self.planted, above=0, below=1)


PAIRS = (
    *(NoisyPair(weight=weight) for weight in (0.5, 0.75, 0.9, 0.95)),
    NoisyPair(weight=0.9, planted=0.75),
    NoisyPair(weight=0.9, planted=0.5),
    NoisyPair(("square", "step"), weight=0.9),
)


@dataclass(frozen=True)
class NoiseParallel:
    """Settings of `noise_parallel`.

    Attributes:
        pairs: subtasks, weights and starts.
        widths: numbers of hidden neurons N.
        noise: σ, standard deviation of a neuron's output noise over the rms of its output.
        n_points: inputs in [-1, 1]², a power of 2; scrambled Sobol points, all used in every step.
        steps: numbers of Adam steps after which is measured; the last ends training.
        lr: learning rate of Adam, annealed to 0 as a half cosine.
        spread: standard deviation of the initial weights and biases.
        seeds: seeds of the initial parameters and of the inputs; one network of every pair and
            width per seed.
    """

    pairs: tuple[NoisyPair, ...] = PAIRS
    widths: tuple[int, ...] = (16, 32, 64, 128)
    noise: float = 0.1
    n_points: int = 512
    steps: tuple[int, ...] = (0, 30, 100, 300, 1200)
    lr: float = 0.1
    spread: float = 2.0
    seeds: tuple[int, ...] = tuple(range(12))

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("pairs", "widths"):
            if not getattr(self, name):
                raise ValueError(f"{name} must not be empty")
        for width in self.widths:
            _checks.integer("widths", width, minimum=2)
        _checks.number("noise", self.noise, above=0)
        if _checks.integer("n_points", self.n_points, minimum=4).bit_count() != 1:
            raise ValueError(f"n_points must be a power of 2, got {self.n_points}")
        for step in self.steps:
            _checks.integer("steps", step, minimum=0)
        _checks.increasing("steps", self.steps)
        _checks.number("lr", self.lr, above=0)
        _checks.number("spread", self.spread, above=0)
        _checks.seeds("seeds", self.seeds)


LIVE = {
    "noise_parallel": NoiseParallel(
        pairs=(NoisyPair(weight=0.5), NoisyPair(weight=0.9), NoisyPair(weight=0.9, planted=0.75)),
        widths=(16, 32, 64),
        n_points=64,
        steps=(0, 300),
        seeds=(0, 1, 2),
    )
}
STANDARD = {"noise_parallel": NoiseParallel(seeds=tuple(range(200, 212)))}


def noise_parallel(settings: NoiseParallel, *, progress: bool = False) -> xr.Dataset:
    """Train noisy networks on (f₁(x₁), f₂(x₂)); count the neurons of either subtask by width.

    A network with one hidden layer of N neurons silu(w·x + b), each with independent relative
    noise, minimises the expected loss β ℓ₁ + (1 - β) ℓ₂. The readout is solved exactly at every
    step, Adam trains the hidden layer. Each output has an offset without noise; otherwise both
    need neurons for their constants and share them. Neurons are attributed by `attribute`.

    Args:
        settings: subtasks, sizes, training and seeds.
        progress: show a bar over widths.

    Returns:
        Dataset with `loss` (pair, width, member, step, subtask), the expected losses ℓ_k (not
        halved, noise included, in units of the target's variance; four digits); shaped alike
        `owned`, the neurons of each subtask, and `hears`, the neurons with the larger input weight
        at input 1 and 2; and `shared` (pair, width, member, step), the share of neurons that serve
        both. On the dimension `pair` lie `first` and `second` (targets), `weight` and `planted`
        (nan if not).

    Raises:
        FloatingPointError: If members diverge.

    Source: target (x₁², x₂²) and hypothesis after Song et al. 2024; noise, widths and training are
    ours. Equal to plain loops in `tests/test_resource_noise_parallel.py`.

    >>> small = NoiseParallel(pairs=PAIRS[:2], widths=(4, 8), steps=(0, 1), seeds=(0,))
    >>> dict(noise_parallel(small)["loss"].sizes)
    {'pair': 2, 'width': 2, 'member': 1, 'step': 2, 'subtask': 2}
    """
    widths = _progress.bar(settings.widths, show=progress)
    # a pair at a time: the activations of all pairs together outgrow the caches
    runs = [[_train(settings, pair, width) for pair in settings.pairs] for width in widths]
    losses, owned, hears, shared = (
        np.stack([[run[part] for run in row] for row in runs], axis=1) for part in range(4)
    )
    grid = ("pair", "width", "member")
    both, single = (*grid, "step", "subtask"), (*grid, "step")
    described = {
        "loss": (both, records.significant(losses), "variance of the target", "expected loss"),
        "owned": (both, owned.astype(np.int16), "neurons", "neurons of a subtask"),
        "hears": (both, hears.astype(np.int16), "neurons", "neurons by input"),
        "shared": (single, shared.astype(np.float32), "1", "share of neurons that serve both"),
    }
    pairs = settings.pairs
    planted = [np.nan if pair.planted is None else pair.planted for pair in pairs]
    return xr.Dataset(
        {
            name: (dims, values, {"units": units, "long_name": label})
            for name, (dims, values, units, label) in described.items()
        },
        coords={
            "first": ("pair", [pair.targets[0] for pair in pairs]),
            "second": ("pair", [pair.targets[1] for pair in pairs]),
            "weight": ("pair", [pair.weight for pair in pairs], {"units": "1"}),
            "planted": ("pair", planted, {"units": "1", "long_name": "share planted on input 1"}),
            "width": ("width", np.asarray(settings.widths), {"units": "neurons"}),
            "seed": ("member", np.asarray(settings.seeds)),
            "step": ("step", np.asarray(settings.steps), {"units": "Adam steps"}),
            "subtask": ["first", "second"],
        },
    )


def _initial(settings: NoiseParallel, pair: NoisyPair, width: int) -> tuple[Tensor, Tensor]:
    """Hidden weights (seed, 2, width) and biases (seed, width); a seed's draws are its own."""
    start = settings.spread * torch.stack([
        torch.randn(3, width, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        for seed in settings.seeds
    ])  # fmt: skip
    weights, biases = start[:, :2].clone(), start[:, 2].clone()
    if pair.planted is not None:
        first = min(max(round(pair.planted * width), 1), width - 1)
        weights[:, 1, :first] = 0
        weights[:, 0, first:] = 0
    return weights, biases


def _train(settings: NoiseParallel, pair: NoisyPair, width: int) -> tuple[np.ndarray, ...]:
    """Losses, owned and hearing neurons and shared share of a pair, (member, step, …)."""
    inputs = torch.stack([sobol(settings.n_points, seed, n_inputs=2) for seed in settings.seeds])
    inputs = (2 * inputs - 1).double()
    targets = _targets(pair, inputs)
    shares = torch.tensor([pair.weight, 1 - pair.weight]).double()
    weights, biases = (p.requires_grad_() for p in _initial(settings, pair, width))

    def hidden() -> Tensor:
        return nn.functional.silu(torch.baddbmm(biases[:, None], inputs, weights))

    counts: list[Tensor] = []

    def observe() -> None:
        with torch.no_grad():
            readout = noise.best_readout(hidden(), targets, settings.noise, offset=True)
            found = [
                _attribute(weights[i], biases[i], readout[i], inputs[i], shares)
                for i in range(len(inputs))
            ]
            first = (weights[:, 0].abs() > weights[:, 1].abs()).sum(-1)
        owned = torch.tensor(np.stack([served.counts for served in found]))
        shared = torch.tensor([served.shared for served in found])
        counts.append(torch.stack([*owned.unbind(-1), first, width - first, shared], dim=-1))

    losses = noise.descend(
        [weights, biases],
        lambda: shares * noise.expected_losses(hidden(), targets, settings.noise, offset=True),
        settings.steps,
        settings.lr,
        observe=observe,
    )
    if not losses.isfinite().all():
        raise FloatingPointError(f"networks of width {width} diverged: lower lr {settings.lr}")
    measured = torch.cat([losses / shares, torch.stack(counts)], dim=-1).movedim(0, 1).numpy()
    return measured[..., :2], measured[..., 2:4], measured[..., 4:6], measured[..., 6]


def _targets(pair: NoisyPair, inputs: Tensor) -> Tensor:
    """Both functions at their inputs, with mean 0 and variance 1 on each seed's points."""
    values = [noise.TARGETS[name](inputs[..., k]) for k, name in enumerate(pair.targets)]
    found = torch.stack(values, dim=-1)
    return (found - found.mean(1, keepdim=True)) / found.std(1, correction=0, keepdim=True)


def _attribute(
    weights: Tensor, biases: Tensor, readout: Tensor, inputs: Tensor, shares: Tensor
) -> Attribution:
    """Owners of the neurons of one network, asked as any other network is."""
    into = nn.Linear(len(weights), len(biases), dtype=torch.float64)
    out = nn.Linear(len(biases), len(shares), dtype=torch.float64)
    for layer, values in ((into, weights), (out, readout)):
        layer.weight.copy_(values.mT)
    into.bias.copy_(biases)
    subtasks = [Subtask(inputs, (k,), float(share)) for k, share in enumerate(shares)]
    return attribute(nn.Sequential(into, nn.SiLU(), out), subtasks)
